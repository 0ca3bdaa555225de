import type { RecordSpec } from '../../records/index.ts';
import { voteCommands, type CountResult } from '../../votes/index.ts';
import { gatesExpireAt } from '../../gates/index.ts';
import { heldBy } from './holds.ts';
import type { Complete } from './round.ts';
import type { Verdict } from './verdict.ts';
import { shutBy } from './windows.ts';
import type { DecidingWorld } from './world.ts';

const OBJECT =
  'to object, sign .status.approval.statements.reject in the same way: one valid rejection ends this promotion for good';

/** What is missing still, and how people give it; what will hold production then is said beside it. */
export function waiting(
  { world, facts, policy }: Complete,
  { nonce, because = [] }: NonNullable<RecordSpec['round']>,
  count: CountResult,
): Verdict {
  const { metadata } = world.promotion;
  const commands = voteCommands({
    namespace: metadata.namespace ?? '',
    name: metadata.name,
    decision: 'approve',
    nonce,
    principalHint: 'my-name',
  });
  const held = heldBy(world.target, world.now);
  const shut = shutBy(facts, world.now);
  const closed = because.map((line) => `votes of the round before count no longer: ${line}`);
  return {
    phase: 'AwaitingApproval',
    reason: 'AwaitingApproval',
    message: count.missing[0] ?? 'it waits for votes',
    why: [...count.missing, ...commands, OBJECT, ...(held?.why ?? []), ...(shut?.why ?? []), ...closed],
    requeueAfter: Math.min(
      Math.min(facts.notAfter, gatesExpireAt(facts.gates, policy.spec)) - world.now + 1,
      // What was said of the hold is over with it, and of the window.
      held?.endsIn ?? Infinity,
      shut?.endsIn ?? Infinity,
    ),
  };
}

/** What is approved waits until nobody and nothing holds production; the votes are counted anew then. */
export function heldBack({ world, facts }: Complete, message: string): Verdict | undefined {
  const { target, now, history } = world;
  const held = heldBy(target, now) ?? (hasBegun(world) ? undefined : shutBy(facts, now));
  if (held === undefined) return undefined;
  return {
    phase: history.approved === undefined ? 'AwaitingApproval' : 'Approved',
    reason: held.reason,
    message: `${message}; ${held.why[0]}`,
    why: held.why,
    requeueAfter: Math.min(held.endsIn, facts.notAfter - now + 1),
  };
}

/** What began while a window was open is not left half done by its end. */
function hasBegun({ history, jobs }: DecidingWorld): boolean {
  return history.approved !== undefined && jobs.some(({ when, live }) => when === 'before' && live !== undefined);
}
