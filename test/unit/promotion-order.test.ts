import test from 'ava';
import { chains } from '../../operator/promotions/decide/chains.ts';
import { decide, world } from './promotion-world.ts';

/** Each step is named by its answer; what comes first is what matters more. */
const order = {
  approval: 'lockDiffers targetReplaced expired',
  readiness:
    'clockSkewed targetMissing targetNotReady notEnforced policyMissing keyringMissing requesterUnknown environmentNotAdmitted promotionsHeld',
  turn: 'manifestRefused removalRefused emergencyRefused overrideRefused superseded anotherRollsOut gateNotPassed',
  plan: 'productionDiffers objectDiffers nothingToPromote planRefused revisionUnknown alreadyCurrent imageNotExercised notExercised lockTooLarge jobRefused',
  configuration: 'configurationInPlace configurationUnsettled',
};

test('what is asked about a promotion is asked in this order, in short chains', (t) => {
  const named = Object.entries(chains).map(([name, steps]) => [name, steps.map((step) => step.name).join(' ')]);
  t.deepEqual(named, Object.entries(order));
  for (const steps of Object.values(chains)) t.true(steps.length <= 10);
});

const skewed = { skewSeconds: 1000 };
const nobody = { keyring: { missing: 'default' } };
const pending = { environment: undefined };
const tampered = { lock: { ...world().lock!, spec: { liveAccess: 'Deny', approved: [] } } } as const;

const reasonOf = (changes: Parameters<typeof world>[0]): string => decide(world(changes)).verdict.reason;

test('of two answers the one of the chain and the step that come first is given', (t) => {
  t.deepEqual([skewed, nobody, pending, tampered].map(reasonOf), [
    'ClockSkew',
    'KeyringMissing',
    'GatePending',
    'TargetNotReady',
  ]);
  t.is(reasonOf({ ...skewed, ...nobody }), 'ClockSkew', 'of one chain');
  t.is(reasonOf({ ...nobody, ...pending }), 'KeyringMissing', 'of readiness before the turn');
  const late = { ...skewed, now: Date.parse('2026-12-30T00:00:00Z') };
  t.is(reasonOf(late), 'Expired', 'of the approval before readiness');
});
