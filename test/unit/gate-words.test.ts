import test from 'ava';
import type { TwinEnvironment } from '../../operator/api/index.ts';
import { environmentGate, type GateOutcome } from '../../operator/gates/index.ts';
import { environment, images } from './promotion-world.ts';

const artifacts = [{ kind: 'Deployment', name: 'web', container: 'web', image: images.second }] as const;
const base = environment(images.second);
const withStatus = (changes: Partial<NonNullable<TwinEnvironment['status']>>): TwinEnvironment => ({
  ...base,
  status: { ...base.status!, ...changes },
});
const condition = (type: string, status: 'True' | 'False', message: string) => ({
  type,
  status,
  reason: 'Test',
  message,
  lastTransitionTime: '2026-11-21T09:00:00Z',
});
const { status: _none, ...withoutStatus } = base;
const { namespace: _namespace, ...unplaced } = base.metadata;

/** What is seen, and what the gate says of it, to the letter: people read it and act. */
const cases: readonly (readonly [string, TwinEnvironment | undefined, GateOutcome['result'], string])[] = [
  ['no environment', undefined, 'Pending', 'the environment does not exist'],
  [
    'one that goes, though it is still Ready',
    { ...base, metadata: { ...base.metadata, deletionTimestamp: '2026-11-21T09:59:00Z' } },
    'Failed',
    'environment shop-dev/pr-42 is being deleted',
  ],
  [
    'a status of an older spec',
    environment(images.second, { generation: 2 }),
    'Pending',
    'environment shop-dev/pr-42 has changed and its controller has not caught up yet',
  ],
  [
    'no status at all',
    withoutStatus,
    'Pending',
    'environment shop-dev/pr-42 has changed and its controller has not caught up yet',
  ],
  [
    'a status without conditions, of an object without a generation',
    { ...base, metadata: { ...unplaced, generation: 1 }, status: { observedGeneration: 1 } },
    'Pending',
    'environment /pr-42 is not Ready: it does not say why',
  ],
  [
    'Ready without a word on the twins',
    withStatus({ conditions: [condition('Ready', 'True', '')] }),
    'Pending',
    'environment shop-dev/pr-42 is not TwinsWired: it does not say why',
  ],
  [
    'not Ready, and why',
    withStatus({ conditions: [condition('TwinsWired', 'True', ''), condition('Ready', 'False', 'web crashes')] }),
    'Pending',
    'environment shop-dev/pr-42 is not Ready: web crashes',
  ],
  [
    'twins that are not wired, and why',
    withStatus({ conditions: [condition('Ready', 'True', ''), condition('TwinsWired', 'False', 'stripe is real')] }),
    'Pending',
    'environment shop-dev/pr-42 is not TwinsWired: stripe is real',
  ],
  [
    'everything in place, with one service that is no twin',
    withStatus({
      services: [
        { name: 'stripe', mode: 'Twin', verified: true, ready: true },
        { name: 'mail', mode: 'Real', verified: true, ready: true },
        { name: 'maps', mode: 'Twin', verified: true, ready: true },
      ],
    }),
    'Passed',
    'environment shop-dev/pr-42 is Ready, 2 of 3 services are twins and wired, and it runs these images',
  ],
];
for (const [what, given, result, summary] of cases)
  test(`the gate Environment says what it sees: ${what}`, (t) => {
    const outcome = environmentGate(given, artifacts);
    t.is(outcome.result, result);
    t.is(outcome.summary, summary);
  });

test('an environment without a status is not up to date, also before it has a generation', (t) => {
  const { generation: _generation, ...metadata } = base.metadata;
  const outcome = environmentGate({ ...withoutStatus, metadata }, artifacts);
  t.is(outcome.result, 'Pending');
  t.is(outcome.summary, 'environment shop-dev/pr-42 is not Ready: it does not say why');
});

test('an environment without services has evidence of its own', (t) => {
  const { services: _services, ...status } = base.status!;
  const outcome = environmentGate({ ...base, status }, artifacts);
  t.is(outcome.result, 'Passed');
  t.regex(outcome.summary, /0 of 0 services/);
  const withNone = environmentGate(withStatus({ services: [] }), artifacts);
  t.deepEqual(outcome, withNone);
});

const digestOf = (service: NonNullable<NonNullable<TwinEnvironment['status']>['services']>[number]): unknown => {
  const outcome = environmentGate(withStatus({ services: [service] }), artifacts);
  return outcome.result === 'Passed' ? outcome.evidenceDigest : undefined;
};

test('each fact of a service is part of the evidence', (t) => {
  const stripe = { name: 'stripe', mode: 'Twin', verified: true, ready: true } as const;
  const digests = [
    digestOf(stripe),
    digestOf({ ...stripe, name: 'mail' }),
    digestOf({ ...stripe, mode: 'Real' }),
    digestOf({ ...stripe, verified: false }),
    digestOf({ ...stripe, ready: false }),
  ];
  t.is(new Set(digests).size, digests.length);
});
