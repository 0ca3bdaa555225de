import type { Frozen, TwinEnvironmentSpec } from '../../../api/index.ts';
import { digestOf } from '../../../canonical/index.ts';
import { referencesIn } from '../../../workloads/index.ts';
import type { EnvVar, PodTemplate } from './pod-template.ts';
import { literal } from './variables.ts';

/** What each ConfigMap of the environment's own holds, by its name. */
export type OwnConfigMaps = ReadonlyMap<string, Readonly<Record<string, string>>>;

/** Reads them as they are written. */
export function ownConfigMapsOf({
  ownConfigMaps = [],
}: Pick<Frozen<TwinEnvironmentSpec>, 'ownConfigMaps'>): OwnConfigMaps {
  return new Map(
    ownConfigMaps.map(({ name, data }) => [name, Object.fromEntries(data.map((entry) => [entry.name, entry.value]))]),
  );
}

type Taken = readonly { readonly name: string; readonly path?: string | undefined }[];

/** Variables of a container: its own go before those of ConfigMaps, and of these the later. */
export function configuredEnv(written: readonly EnvVar[], taken: Taken, own: OwnConfigMaps): readonly EnvVar[] {
  const values = new Map(
    taken.flatMap(({ name, path }) => (path === undefined ? Object.entries(own.get(name) ?? {}) : [])),
  );
  for (const { name } of written) values.delete(name);
  return [...[...values].map(([name, value]) => ({ name, value: literal(value) })), ...written];
}

interface Mounted {
  readonly volumes: readonly object[];
  readonly volumeMounts: readonly object[];
}

const volumeOf = (index: number): string => `config-${index}`;

/** What a pod mounts of ConfigMaps. */
export function configuredFiles(taken: Taken): Mounted | undefined {
  const files = taken.flatMap(({ name, path }) => (path === undefined ? [] : [{ name, path }]));
  if (files.length === 0) return undefined;
  return {
    volumes: files.map(({ name }, index) => ({ name: volumeOf(index), configMap: { name } })),
    volumeMounts: files.map(({ path }, index) => ({ name: volumeOf(index), mountPath: path, readOnly: true })),
  };
}

const CONFIG_ANNOTATION = 'twinlock.dev/config-digest';

/** A template that is another one, hence rolls, when a ConfigMap of the environment's own that it refers to changes. */
export function rolledByConfig(template: PodTemplate, own: OwnConfigMaps): PodTemplate {
  if (own.size === 0) return template;
  const used = referencesIn(template).flatMap(({ kind, name }) => {
    const data = kind === 'ConfigMap' ? own.get(name) : undefined;
    return data === undefined ? [] : [[name, data]];
  });
  if (used.length === 0) return template;
  const { metadata } = template;
  const annotations = { ...metadata.annotations, [CONFIG_ANNOTATION]: digestOf(used) };
  return { ...template, metadata: { ...metadata, annotations } };
}
