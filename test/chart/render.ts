import { parseAllDocuments } from 'yaml';
import { join } from 'node:path';
import { run, tools } from '../harness/index.ts';
import type { CommandResult } from '../harness/index.ts';

export const charts = join(import.meta.dirname, '../../charts');

const digest = `sha256:${'a'.repeat(64)}`;

/** Values that are enough to render the chart; nothing is pulled. */
export const smallest = {
  image: `registry.example/twinlock@${digest}`,
  'boundary.image': `registry.example/caddy@${digest}`,
} as const;

export type Values = Readonly<Record<string, string>>;

/** Something of a rendered chart; what tests do not look at is left out. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Values };
  readonly [field: string]: unknown;
}

/** What an API server has from Kubernetes 1.36 on. */
export const MUTATING = 'admissionregistration.k8s.io/v1/MutatingAdmissionPolicy';

/** `helm template` as it answers, refused or not, for an API server that has this beside the rest. */
export async function helmTemplate(
  values: Values,
  namespace = 'twinlock-system',
  apiVersions: readonly string[] = [MUTATING],
  more: readonly string[] = [],
): Promise<CommandResult> {
  const sets = Object.entries(values).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const args = [
    'template',
    'twinlock',
    join(charts, 'twinlock'),
    '--namespace',
    namespace,
    ...sets,
    ...apiVersions.flatMap((version) => ['--api-versions', version]),
    ...more,
  ];
  return run(await tools.helm(), args, { check: false });
}

/** Every object of the chart rendered with these values beside the smallest ones. */
export async function rendered(values: Values = {}): Promise<readonly Manifest[]> {
  const { code, stdout, stderr } = await helmTemplate({ ...smallest, ...values });
  if (code !== 0) throw new Error(`helm template: ${stderr}`);
  return manifestsOf(stdout);
}

/** Every object of a rendered chart. */
export function manifestsOf(yaml: string): readonly Manifest[] {
  return parseAllDocuments(yaml)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** @throws Error when there is not exactly one */
export function one(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const found = manifests.filter((each) => each.kind === kind && each.metadata.name === name);
  const [only] = found;
  if (only === undefined || found.length > 1) throw new Error(`${found.length} objects are ${kind} ${name}`);
  return only;
}
