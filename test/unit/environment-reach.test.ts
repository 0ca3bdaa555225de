import test from 'ava';
import type { TwinEnvironment } from '../../operator/api/index.ts';
import { observedParts, type Situation } from '../../operator/environments/decide/index.ts';
import {
  onlyAsking,
  reachabilityOf,
  tried,
  type KnownReach,
  type Reach,
} from '../../operator/environments/decide/reach.ts';
import { Asked } from '../../operator/environments/gather/asked.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { accepted, environment, image } from './environment-fixtures.ts';
import { active, deployment, now, pod, statusOf, type Part } from './environment-situations.ts';

const spec = {
  workloads: [
    { name: 'web', image, port: 8080 },
    { name: 'inner', image, port: 8080, expose: 'None' },
  ],
  services: [
    { name: 'stripe', expose: 'Host' },
    { name: 'quiet', image, port: 9000 },
  ],
};
const plan = accepted(spec);

interface World {
  readonly environment: TwinEnvironment;
  readonly planned: { readonly plan: typeof plan };
  readonly parts: ReturnType<typeof observedParts>;
  readonly reach: ReadonlyMap<string, KnownReach>;
}

function world(
  reports: Readonly<Record<string, Reach>>,
  rest: { status?: TwinEnvironment['status']; parts?: Readonly<Record<string, Part>>; pods?: string } = {},
): World {
  const known = (workload: string): [string, KnownReach] => {
    const report = reports[workload] ?? { pending: true };
    const pods = [`boundary-${rest.pods ?? '1'}`, `${workload}-1`];
    const asking = workload in reports && 'pending' in report;
    return [
      workload,
      { target: { namespace: 'x', workload }, pods, report, heard: false, asking, due: true, dueIn: 0 },
    ];
  };
  const names = ['web', 'inner', 'stripe', 'quiet', 'twinlock-boundary'];
  return {
    environment: environment(spec, rest.status === undefined ? {} : { status: rest.status }),
    planned: { plan },
    parts: observedParts(
      names.map((name) => deployment(name, rest.parts?.[name])),
      [pod()],
    ),
    reach: new Map(['web', 'stripe'].map(known)),
  };
}

const reached = { reached: true } as const;
const pending = { pending: true } as const;
const failure = { failure: 'is not reached through the boundary, which answers 502: connection refused' };
const both = { web: reached, stripe: reached };
const all = reachabilityOf(world(both));
const digest = all.kind === 'Reached' ? all.digest : undefined;
const components = (of: World) => tried(of).map(({ target }) => target.workload);

test('what the boundary leads to is tried, and nothing else; nothing while there is none', (t) => {
  t.deepEqual(plan.exposed, [
    { name: 'web', port: 8080 },
    { name: 'stripe', port: 12_111 },
  ]);
  t.deepEqual(components(world({})), ['web', 'stripe']);
  const bare = { ...world({}), planned: { plan: accepted(spec, { boundaryImage: undefined }) } };
  t.deepEqual([components(bare), reachabilityOf(bare)], [[], { kind: 'Reached', digest: undefined }]);
});

test('nobody is tried before all pods on the way are there', (t) => {
  t.deepEqual(components(world({}, { parts: { web: { available: 0 } } })), ['stripe']);
  t.deepEqual(components(world({}, { parts: { 'twinlock-boundary': { replicas: 2 } } })), []);
  const old = world({ web: failure }, { parts: { web: { updated: 0 } } });
  t.is(reachabilityOf(old).kind, 'Waiting', 'a failure of pods that go is none');
});

test('all answers make a proof, one failure is told at once', (t) => {
  t.regex(digest ?? '', /^sha256:/);
  t.deepEqual(reachabilityOf(world({ web: reached })), { kind: 'Waiting', asBefore: false });
  t.deepEqual(reachabilityOf(world({ web: failure })), {
    kind: 'NotReached',
    failures: [`web:8080 ${failure.failure}`],
  });
});

test('what was proven holds after a restart as long as the pods are the same, and nobody is tried', (t) => {
  const status = { reached: digest ?? '', observedGeneration: 1 };
  const restarted = world({}, { status });
  t.deepEqual([components(restarted), reachabilityOf(restarted)], [[], { kind: 'Reached', digest }]);
  const replaced = world({}, { status, pods: '2' });
  t.deepEqual(components(replaced), ['web', 'stripe']);
  t.deepEqual(reachabilityOf(replaced), { kind: 'Waiting', asBefore: true });
});

test('an answer that is on its way is waited for where nothing else is missing, and no longer', (t) => {
  const status = { observedGeneration: 1 };
  const asking = { web: pending, stripe: reached };
  t.true(onlyAsking(world(asking, { status })));
  t.false(onlyAsking(world(both, { status })));
  t.false(onlyAsking(world({ web: failure, stripe: reached }, { status })));
  t.false(onlyAsking(world(asking)), 'nothing was told of this spec yet');
  t.false(onlyAsking(world(asking, { status, parts: { inner: { available: 0 } } })));
});

type Reachability = Extract<Situation, { kind: 'Active' }>['reach'];
const told = (reach: Reachability, before?: TwinEnvironment['status']) => {
  const status = statusOf(
    environment(spec, before === undefined ? {} : { status: before }),
    active({}, { reach }),
    now,
  );
  const of = (type: string) => status.conditions?.find((each) => each.type === type);
  return { status, exposed: `${of('Exposed')?.status}/${of('Exposed')?.reason}`, ready: of('Ready'), of };
};

test('Ready waits for the proof; while new pods are tried, what was told of this spec holds', (t) => {
  const waiting = told({ kind: 'Waiting', asBefore: false });
  t.is(waiting.exposed, 'False/BoundaryNotReady');
  t.like(waiting.ready, { status: 'False', reason: 'BoundaryNotReady' });
  const proven = told({ kind: 'Reached', digest }, waiting.status);
  t.deepEqual([proven.exposed, proven.ready?.status, proven.status.reached], ['True/BoundaryReady', 'True', digest]);
  const again = told({ kind: 'Waiting', asBefore: true }, proven.status);
  t.deepEqual(again.status, proven.status);
  const failed = told({ kind: 'NotReached', failures: ['web:8080 x', 'stripe:12111 y'] }, proven.status);
  t.is(failed.exposed, 'False/NotReached');
  t.is(failed.ready?.message, 'web:8080 x; stripe:12111 y');
  t.is(failed.status.reached, undefined);
  t.deepEqual(told({ kind: 'Waiting', asBefore: true }, failed.status).status, failed.status);
  const changed = told({ kind: 'Waiting', asBefore: false }, proven.status);
  t.is(changed.exposed, 'False/BoundaryNotReady', 'nothing is known of another spec');
});

test('who answered is not asked again before its pods change; who failed is', async (t) => {
  const clock = new ManualClock();
  const signal = new AbortController().signal;
  const answers: Reach[] = [failure, reached, reached];
  const reach = new Asked<KnownReach['target'], Reach>({
    ask: async () => answers.shift() ?? failure,
    clock,
    signal,
    changed: () => undefined,
  });
  const target = { namespace: 'x', workload: 'web' };
  const look = async (...pods: readonly string[]) => {
    if (reach.of('a/b', target, pods).due) reach.ask('a/b', target, pods);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    return reach.of('a/b', target, pods);
  };
  t.like(await look('1'), { report: failure, due: false, dueIn: 500 });
  clock.advance(500);
  t.like(await look('1'), { report: reached, due: false, dueIn: undefined });
  clock.advance(10 * 60_000);
  await look('1');
  t.is(answers.length, 1);
  await look('2');
  t.is(answers.length, 0);
});
