import { isMembers, itemsOf, membersOf, type Members } from '../canonical/index.ts';
import { templateIn, withTemplate } from '../workloads/index.ts';
import type { Approved } from './types.ts';

type Mutations = NonNullable<Approved['mutations']>;

/** Where the content of a variable may come from when others add it: its own text, and what the pod itself says. */
const ENV_FIELDS: readonly string[] = ['name', 'value', 'valueFrom'];
const ENV_SOURCES: readonly string[] = ['fieldRef', 'resourceFieldRef'];

/**
 * A workload's spec without what `mutations` let others add to its pod template: variables (Env) and annotations by name
 * that the approved spec has not. A reloader's mark is then no change of content. The policy `workloads` lets the same
 * through (operator/admission/workloads.ts). The inputs are not changed.
 *
 * @param spec as it is live
 * @param approved what it is compared with: what that has is never taken away
 */
export function withoutMutations(
  kind: Approved['kind'],
  spec: Members,
  approved: Members,
  mutations: Mutations | undefined,
): Members {
  const [template, own] = [templateIn(kind, spec), membersOf(templateIn(kind, approved))];
  if (mutations === undefined || !isMembers(template)) return spec;
  const metadata = withoutAnnotations(template['metadata'], membersOf(own['metadata']), mutations);
  const pod = withoutVariables(template['spec'], membersOf(own['spec']), mutations);
  return withTemplate(kind, spec, {
    ...template,
    ...(metadata !== undefined && { metadata }),
    ...(pod !== undefined && { spec: pod }),
  });
}

function withoutAnnotations(metadata: unknown, approved: Members, mutations: Mutations): unknown {
  if (!isMembers(metadata) || !isMembers(metadata['annotations'])) return metadata;
  const own = membersOf(approved['annotations']);
  const { annotations, ...rest } = metadata;
  const kept = Object.entries(annotations).filter(
    ([key]) => Object.hasOwn(own, key) || !names(mutations, 'Annotations', key),
  );
  if (kept.length === Object.keys(annotations).length) return metadata;
  return kept.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(kept) };
}

function withoutVariables(spec: unknown, approved: Members, mutations: Mutations): unknown {
  if (!isMembers(spec)) return spec;
  const lists = ['containers', 'initContainers'].flatMap((list) => {
    const containers = spec[list];
    if (!Array.isArray(containers)) return [];
    const own = listOf(approved[list]);
    return [[list, containers.map((container) => withoutEnv(container, own, mutations))] as const];
  });
  return { ...spec, ...Object.fromEntries(lists) };
}

function withoutEnv(container: unknown, approved: readonly Members[], mutations: Mutations): unknown {
  if (!isMembers(container) || !Array.isArray(container['env'])) return container;
  const name = container['name'];
  const of = approved.find((other) => other['name'] === name);
  if (of === undefined) return container;
  const own = new Set(listOf(of['env']).map((variable) => variable['name']));
  const isAdded = (variable: unknown): boolean =>
    isMembers(variable) &&
    typeof variable['name'] === 'string' &&
    !own.has(variable['name']) &&
    Object.keys(variable).every((key) => ENV_FIELDS.includes(key)) &&
    Object.keys(membersOf(variable['valueFrom'])).every((key) => ENV_SOURCES.includes(key)) &&
    names(mutations, 'Env', variable['name'], String(name));
  const { env, ...rest } = container;
  const kept = env.filter((variable) => !isAdded(variable));
  if (kept.length === env.length) return container;
  return kept.length === 0 ? rest : { ...rest, env: kept };
}

function names(mutations: Mutations, field: 'Env' | 'Annotations', name: string, container?: string): boolean {
  return mutations.some(
    (mutation) =>
      mutation.field === field &&
      (container === undefined || (mutation.container ?? container) === container) &&
      mutation.names?.some(
        (pattern) => pattern === name || (pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1))),
      ) === true,
  );
}

function listOf(value: unknown): readonly Members[] {
  return itemsOf(value).filter(isMembers);
}
