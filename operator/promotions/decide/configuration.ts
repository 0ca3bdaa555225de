import { lockOverflow, refrozen, sameLock, withAsked, type WorkloadKey } from '../../lock/index.ts';
import { referencesOf } from '../../workloads/index.ts';
import { shownKey, type Configured } from './configured.ts';
import type { Facts } from './facts.ts';
import type { DecisionStep } from './steps.ts';
import { stall, type Verdict } from './verdict.ts';

/** Milliseconds; ConfigMaps and Secrets are not followed: one that is missing is looked for again. */
const LOOK_AGAIN_MS = 10_000;

/**
 * What is signed is what the pods will read: it is there, and frozen before it is digested. A name that is missing is
 * frozen for nobody, so that people can make it.
 */
export const configurationUnsettled: DecisionStep = ({ promotion }, { configuration, lock }) => {
  const missing = configuration.find(isMissing);
  const wanted = withAsked(lock, missing === undefined ? configuration : [], promotion.metadata.uid ?? '');
  const overflow = lockOverflow(wanted);
  if (overflow !== undefined) return stall('LockTooLarge', `${overflow}: refer to fewer ConfigMaps and Secrets`);
  const verdict = missing === undefined ? FREEZING : missingOne(missing, lock);
  if (!sameLock(lock, wanted)) return { ...verdict, action: { do: 'Freeze', lock: wanted } };
  return missing === undefined ? undefined : verdict;
};

/** Else an undo would run old code with new configuration. */
export const configurationInPlace: DecisionStep = (_world, { changed, changedObjects, lock }) => {
  const isChanged = ({ kind, name }: WorkloadKey): boolean =>
    changed.some((each) => each.kind === kind && each.name === name);
  // What runs of a changed workload is its fallback next.
  const fallbacks = lock.approved.filter((entry) => (entry.role === 'Current') === isChanged(entry));
  for (const { kind, name } of changedObjects) {
    if (kind !== 'ConfigMap') continue;
    const by = fallbacks.find((entry) =>
      referencesOf(entry.kind, entry.spec).some((each) => each.kind === kind && each.name === name),
    );
    if (by !== undefined)
      return stall(
        'ConfigurationInPlace',
        `${shownKey({ kind, name })} of spec.objects is what the fallback of ${by.kind}/${by.name} refers to too, and never changes in place: promote it under a new name, with a template that refers to that`,
      );
  }
  return undefined;
};

const FREEZING: Verdict = {
  phase: 'Gating',
  reason: 'Freezing',
  message: 'the ConfigMaps and Secrets that it refers to are frozen, and digested next',
};

function isMissing({ optional, state }: Configured): boolean {
  return state === 'Ending' || state === 'Unread' || (state === 'Absent' && !optional);
}

function missingOne(configured: Configured, lock: Facts['lock']): Verdict {
  const { by, state } = configured;
  const what = `${by} refers to ${shownKey(configured)}`;
  if (state === 'Ending')
    return stall('ConfigurationMissing', `${what}, which is being deleted: wait, then create it again`, LOOK_AGAIN_MS);
  // Approved content that refers to what is not there keeps anybody from making it.
  const held = refrozen(lock, () => false).frozen ?? [];
  const isHeld = held.some((key) => shownKey(key) === shownKey(configured));
  const hint = isHeld
    ? 'and approved content refers to that name too, so that nobody can create it: promote a template that refers to another one'
    : 'create it, or mark the reference as optional';
  return stall('ConfigurationMissing', `${what}, which does not exist: ${hint}`, LOOK_AGAIN_MS);
}
