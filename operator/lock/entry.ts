import type { ProductionTarget } from '../api/index.ts';
import { approvedSpec, specDigest } from '../workloads/index.ts';
import type { Approved, LockSpec, WorkloadKey } from './types.ts';

type TargetSettings = Pick<
  Approved,
  'target' | 'minReplicas' | 'injected' | 'mutations' | 'rollbackUsers' | 'rotators'
>;
type PodWriter = NonNullable<LockSpec['podWriters']>[number];
/** `keyedList` of the lock's schema. */
export const MAX_POD_WRITERS = 16;

/** What a target says about its workloads' entries, beside their content: the one place that knows which fields these are. */
export function settingsOf({ metadata, spec }: ProductionTarget): TargetSettings {
  const { minReplicas, injected, mutations, rollback } = spec;
  const users = usersOf(rollback.serviceAccounts);
  const rotators = usersOf(spec.rotators);
  return {
    target: metadata.name,
    minReplicas,
    ...(injected === undefined ? {} : { injected }),
    ...(mutations === undefined ? {} : { mutations }),
    ...(users.length === 0 ? {} : { rollbackUsers: users }),
    ...(rotators.length === 0 ? {} : { rotators }),
  };
}

/** The user names of service accounts. */
export function usersOf(accounts: ProductionTarget['spec']['rotators'] = []): string[] {
  return accounts.map(({ namespace, name }) => `system:serviceaccount:${namespace}:${name}`);
}

/** An entry with the settings that its target has now, and with none that it had before. */
export function withSettings(
  { kind, name, role, digest, closed, record, spec }: Approved,
  target: ProductionTarget,
): Approved {
  return { kind, name, role, digest, ...settingsOf(target), ...(closed && { closed }), record, spec };
}

/**
 * Content of a workload as a lock entry of a target.
 *
 * @param record name of the PromotionRecord that says why it is approved
 * @throws CanonicalError when the spec has no canonical form
 */
export function entryOf(
  target: ProductionTarget,
  { kind, name }: WorkloadKey,
  spec: Readonly<Record<string, unknown>>,
  record: string,
): Omit<Approved, 'role'> {
  return {
    kind,
    name,
    digest: specDigest(kind, spec),
    ...settingsOf(target),
    record,
    spec: { ...approvedSpec(kind, spec) },
  };
}

/** Everybody whom one of the lists names, once, with all that they may write; in one order. */
export function mergedWriters(lists: readonly (readonly PodWriter[])[]): readonly PodWriter[] {
  const writers = lists.flat();
  const users = new Set(writers.map(({ user }) => user));
  return [...users].toSorted().map((user) => {
    const same = writers.filter((writer) => writer.user === user);
    const annotations = union(same.map((writer) => writer.annotations));
    const conditions = union(same.map((writer) => writer.conditions));
    return {
      user,
      ...(same.some(({ resizes }) => resizes) && { resizes: true }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(conditions === undefined ? {} : { conditions }),
    };
  });
}

function union(lists: readonly (readonly string[] | undefined)[]): string[] | undefined {
  const given = lists.filter((list) => list !== undefined);
  return given.length === 0 ? undefined : [...new Set(given.flat())].toSorted();
}
