import { isDeepStrictEqual } from 'node:util';
import {
  annotations,
  type ConditionType,
  type EnvironmentReason,
  type Frozen,
  type TwinEnvironment,
  type TwinEnvironmentStatus,
} from '../../api/index.ts';
import type { EventInput } from '../../kube/index.ts';

type Status = Frozen<TwinEnvironmentStatus>;
export type Transition = Pick<EventInput, 'type' | 'reason' | 'action' | 'note'>;

/** Conditions whose changes people want to hear of; Reconciling and Stalled only repeat them. */
const told: readonly ConditionType<'TwinEnvironment'>[] = [
  'Ready',
  'Admitted',
  'TwinsReady',
  'TwinsWired',
  'Exposed',
  'Awake',
  'Expiring',
];

/** Of these a beginning is news, too. */
const fromTheBeginning: readonly ConditionType<'TwinEnvironment'>[] = ['Ready', 'Admitted', 'Awake'];

/** What changed since the status that an environment has, as events: a condition with another status or reason, an extension, a blocker. */
export function transitions(
  environment: Pick<TwinEnvironment, 'spec' | 'status'>,
  after: Status,
): readonly Transition[] {
  const before = environment.status;
  const events: Transition[] = [];
  for (const condition of after.conditions ?? []) {
    if (!told.some((type) => type === condition.type)) continue;
    const old = before?.conditions?.find(({ type }) => type === condition.type);
    if (old?.status === condition.status && old.reason === condition.reason) continue;
    // Every environment begins awake.
    if (old === undefined && condition.reason === 'Awake') continue;
    const good = condition.status === 'True';
    // The beginning is no news: a condition that starts as not yet fulfilled says what everybody expects.
    if (old === undefined && !good && !fromTheBeginning.some((type) => type === condition.type)) continue;
    events.push({
      type: good || expected.some((reason) => reason === condition.reason) ? 'Normal' : 'Warning',
      reason: good ? condition.type : condition.reason,
      action: 'Reconcile',
      note: condition.message === '' ? condition.type : condition.message,
    });
  }
  events.push(...moves(environment, after));
  const { lastHandledExtendAt, expiresAt } = after;
  if (lastHandledExtendAt !== undefined && lastHandledExtendAt !== before?.lastHandledExtendAt) {
    const until = expiresAt === undefined ? 'it does not expire' : `it expires at ${expiresAt}`;
    events.push({ type: 'Normal', reason: 'Extended', action: 'Extend', note: `Extended: ${until}` });
  }
  const blocked = after.blockedBy ?? [];
  if (blocked.length > 0 && (before?.blockedBy ?? []).length === 0) {
    const note = blocked.map(({ message }) => message).join('; ');
    events.push({ type: 'Warning', reason: 'RemovalBlocked', action: 'Remove', note });
  }
  return distinct(events);
}

/** A twin that runs another version than before, and why. */
function moves({ spec, status }: Pick<TwinEnvironment, 'spec' | 'status'>, after: Status): readonly Transition[] {
  return (after.services ?? []).flatMap(({ name, vendorTwin, version, entry, outdated = false }) => {
    const former = status?.services?.find((service) => service.name === name);
    if (version === undefined || former?.version === undefined) return [];
    const event = { type: 'Normal' as const, action: 'Reconcile' };
    if (version === former.version && vendorTwin === former.vendorTwin) {
      const which = `service ${name}: version ${version} of VendorTwin ${vendorTwin}`;
      if (outdated && former.outdated !== true) {
        const note = `${which} was edited; what runs goes on as it is until the annotation ${annotations.renewTwinsAt} has a new value`;
        return [{ ...event, reason: 'TwinVersionEdited', note }];
      }
      if (outdated || former.outdated !== true || isDeepStrictEqual(entry, former.entry)) return [];
      const note = `${which} as the catalogue has it now, as the annotation ${annotations.renewTwinsAt} says`;
      return [{ ...event, reason: 'TwinVersionChanged', note }];
    }
    const named = spec.services?.find((service) => service.name === name)?.vendorTwinRef?.version === version;
    const why =
      named || vendorTwin !== former.vendorTwin
        ? 'as the spec says'
        : `since the catalogue has ${former.version} no more`;
    const note = `service ${name}: version ${version} of VendorTwin ${vendorTwin} in place of ${former.version} of ${former.vendorTwin}, ${why}`;
    return [{ ...event, reason: 'TwinVersionChanged', note }];
  });
}

/** Reasons that are the usual course of things. */
const expected: readonly EnvironmentReason[] = [
  'TwinNotReady',
  'WorkloadNotReady',
  'BoundaryNotReady',
  'Queued',
  'Expired',
  'Terminating',
  'Suspended',
  'Sleeping',
  'NotVerified',
  'NamespaceTerminating',
];

/** Ready repeats the reason of the condition that holds it up. */
function distinct(events: readonly Transition[]): readonly Transition[] {
  return [...new Map(events.map((event) => [`${event.reason}/${event.note}`, event])).values()];
}
