import { labels, protections, type ProductionTarget, type Protection, type WorkloadLock } from '../../api/index.ts';
import type { Namespace } from '../../kube/index.ts';
import type { RecordSpec } from '../../records/index.ts';

/** All that it is decided from whether a namespace is still protected: read at one time, plain data. */
export interface ReleaseWorld {
  readonly namespace: Namespace;
  readonly targets: readonly ProductionTarget[];
  readonly lock: WorkloadLock | undefined;
  /** Chains of the targets, by name. */
  readonly records: ReadonlyMap<string, readonly RecordSpec[]>;
  /** Targets that people signed and that count though their objects may be gone. */
  readonly kept: { readonly names: readonly string[]; readonly warn: boolean };
}

export type ReleaseAction =
  /** Takes the label off, provided that the namespace is as it was read. */
  | { readonly do: 'Unlabel'; readonly of: Namespace; readonly news: ReleaseNews | undefined }
  /** Puts the label back, provided that the namespace is as it was read. */
  | { readonly do: 'Label'; readonly of: Namespace; readonly as: Protection; readonly news: ReleaseNews }
  /** Deletes the lock, provided that it is as it was read. */
  | { readonly do: 'DeleteLock'; readonly lock: WorkloadLock };

/** What whoever looks after the namespace has to hear. */
export interface ReleaseNews {
  readonly regarding: ProductionTarget | Namespace;
  readonly note: string;
}

export interface ReleaseDecision {
  readonly action?: ReleaseAction | undefined;
}

type ReleaseStep = (world: ReleaseWorld) => ReleaseDecision | undefined;

/** Where a target has taken workloads over the lock was lost, and the target's own controller makes it again. */
const lockLost: ReleaseStep = ({ lock, targets, records }) => {
  const wasAdopted = ({ metadata: { name, uid } }: ProductionTarget): boolean =>
    records.get(name)?.some(({ type, target }) => type === 'Adopted' && target.uid === uid) ?? false;
  return lock === undefined && targets.some(wasAdopted) ? {} : undefined;
};

/**
 * A label without a lock lets nothing in, and nobody here made it so: the namespace was restored from a backup or copied.
 * It is not protected until a target has taken its workloads over.
 */
const labelWithoutLock: ReleaseStep = ({ namespace, lock, targets }) => {
  if (lock !== undefined || !isLabelled(namespace)) return undefined;
  const note = `the label ${labels.protected} was there without a lock, as in a restored namespace, and is taken off: the namespace is protected when a ProductionTarget has taken its workloads over`;
  return { action: { do: 'Unlabel', of: namespace, news: { regarding: targets[0] ?? namespace, note } } };
};

/** What a deleted target leaves beside others is the others' to keep, see `settings`. */
const targeted: ReleaseStep = ({ targets }) => (targets.length > 0 ? {} : undefined);

/** Deleting a target that people signed changes nothing until they sign that, too; nor does taking the label off. */
const signed: ReleaseStep = ({ namespace, lock, kept }) => {
  const [name] = kept.names;
  if (name === undefined || lock === undefined) return undefined;
  if (isLabelled(namespace)) return {};
  const note = `the label ${labels.protected} is put back: ProductionTarget ${name} counts until people sign its removal`;
  const as = kept.warn ? protections.warn : protections.enforce;
  return { action: { do: 'Label', of: namespace, as, news: { regarding: namespace, note } } };
};

/** The label first: while it is there, a missing lock denies everything. */
const labelLeft: ReleaseStep = ({ namespace }) =>
  isLabelled(namespace) ? { action: { do: 'Unlabel', of: namespace, news: undefined } } : undefined;

const lockLeft: ReleaseStep = ({ lock }) => (lock === undefined ? undefined : { action: { do: 'DeleteLock', lock } });

/** In this order. */
const STEPS: readonly ReleaseStep[] = [lockLost, labelWithoutLock, targeted, signed, labelLeft, lockLeft];

/** What is taken off a namespace that is protected no more; nothing where no step answers. Pure. */
export function decideRelease(world: ReleaseWorld): ReleaseDecision {
  for (const step of STEPS) {
    const answer = step(world);
    if (answer !== undefined) return answer;
  }
  return {};
}

function isLabelled({ metadata }: Namespace): boolean {
  return metadata.labels?.[labels.protected] !== undefined;
}
