import { isMembers, type Members } from '../../../canonical/index.ts';
import { problem, type Problem } from './problem.ts';

/** A container as far as Twinlock reads it; every other field passes through. */
export interface Container {
  readonly name: string;
  readonly image?: string | undefined;
  readonly env?: readonly EnvVar[] | undefined;
  readonly [field: string]: unknown;
}

export interface EnvVar {
  readonly name: string;
  readonly value?: string | undefined;
  readonly valueFrom?: unknown;
}

/** A PodTemplateSpec that has been read: what Twinlock changes has its type, the rest passes through. */
export interface PodTemplate {
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[] | undefined;
    readonly [field: string]: unknown;
  };
}

/**
 * Reads an embedded template, of which the schema checks next to nothing: it is whatever somebody wrote.
 *
 * @returns the template, or the first place that no pod could have.
 */
export function readTemplate(workload: string, raw: unknown): PodTemplate | Problem {
  const at = (place: string): Problem =>
    problem('TemplateInvalid', `workload ${workload}: ${place} is not what a PodTemplateSpec has there; correct it`);
  if (!isMembers(raw) || !isMembers(raw['spec'])) return at('template');
  const metadata = raw['metadata'] ?? {};
  if (!isMembers(metadata)) return at('template.metadata');
  const labels = metadata['labels'] ?? {};
  const annotations = metadata['annotations'] ?? {};
  if (!isStrings(labels)) return at('template.metadata.labels');
  if (!isStrings(annotations)) return at('template.metadata.annotations');
  const containers = readContainers(raw['spec']['containers']);
  if (containers === undefined || containers.length === 0) return at('template.spec.containers');
  const initContainers = readContainers(raw['spec']['initContainers'] ?? []);
  if (initContainers === undefined) return at('template.spec.initContainers');
  const { initContainers: _read, ...spec } = raw['spec'];
  return {
    metadata: { labels, annotations },
    spec: { ...spec, containers, ...(initContainers.length === 0 ? {} : { initContainers }) },
  };
}

/** Every container of a template, init containers first, as they run. */
export function allContainers(template: PodTemplate): readonly Container[] {
  return [...(template.spec.initContainers ?? []), ...template.spec.containers];
}

/** Images of a template by the place that names them: containers, init containers and image volumes. */
export function imagesOf(template: PodTemplate): readonly { readonly place: string; readonly image: string }[] {
  const containers = allContainers(template).map(({ name, image }) => ({
    place: `container ${name}`,
    image: image ?? '',
  }));
  const mounted = volumesOf(template).flatMap((volume) => {
    if (!isMembers(volume['image'])) return [];
    const reference = volume['image']['reference'];
    return [{ place: `volume ${String(volume['name'])}`, image: typeof reference === 'string' ? reference : '' }];
  });
  return [...containers, ...mounted];
}

/** The template's volumes, unread. */
export function volumesOf(template: PodTemplate): readonly Members[] {
  const volumes = template.spec['volumes'];
  return Array.isArray(volumes) ? volumes.filter(isMembers) : [];
}

function readContainers(raw: unknown): readonly Container[] | undefined {
  if (!Array.isArray(raw)) return undefined;
  return raw.every(isContainer) ? raw : undefined;
}

function isContainer(raw: unknown): raw is Container {
  if (!isMembers(raw) || typeof raw['name'] !== 'string') return false;
  const { image, env } = raw;
  if (image !== undefined && typeof image !== 'string') return false;
  return env === undefined || (Array.isArray(env) && env.every(isEnvVar));
}

function isEnvVar(raw: unknown): raw is EnvVar {
  return (
    isMembers(raw) &&
    typeof raw['name'] === 'string' &&
    (raw['value'] === undefined || typeof raw['value'] === 'string')
  );
}

function isStrings(value: unknown): value is Readonly<Record<string, string>> {
  return isMembers(value) && Object.values(value).every((member) => typeof member === 'string');
}
