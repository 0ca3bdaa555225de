import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { vendorTwinSpec, type VendorTwinSpec } from '../../../operator/api/kinds/vendor-twin.ts';
import { charts, one, rendered, type Manifest, type Values } from '../render.ts';

const digest = `sha256:${'b'.repeat(64)}`;
const folder = join(charts, 'twinlock/catalog');

export type Version = VendorTwinSpec['versions'][number];

/** What a file of the catalogue says beside the version. */
export interface Written {
  readonly vendor: string;
  /** Image as published, by tag. */
  readonly upstream: string;
  /** What the twin answers with where the values say nothing; empty where they have to. */
  readonly document?: string;
}

/** Every file of the catalogue by the twin's name. */
export async function writtenEntries(): Promise<ReadonlyMap<string, Written>> {
  const names = (await readdir(folder)).map((name) => name.replace(/\.yaml$/, '')).sort();
  return new Map(
    await Promise.all(
      names.map(
        async (name) => [name, parse(await readFile(join(folder, `${name}.yaml`), 'utf8')) as Written] as const,
      ),
    ),
  );
}

/** Values with every twin of the catalogue. */
export function everyEntry(written: ReadonlyMap<string, Written>): Values {
  return Object.fromEntries(
    [...written].flatMap(([name, { document }]) => [
      [`catalog.${name}.image`, `r.example/${name}@${digest}`],
      ...(document === '' ? [[`catalog.${name}.document`, 'https://docs.example/one.yaml']] : []),
    ]),
  );
}

let whole: Promise<readonly Manifest[]> | undefined;

/**
 * The version of a VendorTwin as the chart renders it, read by the schema that its CRD is made from.
 *
 * @param document what the values say that it answers with
 */
export async function entry(name: string, document?: string): Promise<Version> {
  whole ??= writtenEntries().then((written) => rendered(everyEntry(written)));
  const manifests = await (document === undefined
    ? whole
    : rendered({ [`catalog.${name}.image`]: `r.example/${name}@${digest}`, [`catalog.${name}.document`]: document }));
  const [version, ...more] = vendorTwinSpec.parse(one(manifests, 'VendorTwin', name)['spec']).versions;
  if (version === undefined || more.length > 0) throw new Error(`VendorTwin ${name} has not one version`);
  return version;
}
