import test from 'ava';
import { ApiError, silentLogger, type Client } from '../../operator/kube/index.ts';
import {
  Canary,
  probe,
  refusedReplacement,
  replacementLine,
  type Enforcement,
  type Watched,
} from '../../operator/targets/canary/index.ts';
import type { Approved, ApprovedObject } from '../../operator/lock/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

type Kind = 'pod' | 'workload' | 'object' | 'status';
type Says = Partial<Record<Kind, Error | object>>;

/** An API server that gives one answer to each kind of dry run, and remembers what it was sent. */
function server(says: Says): { readonly client: Pick<Client, 'create' | 'patch'>; readonly sent: [Kind, unknown][] } {
  const sent: [Kind, unknown][] = [];
  const answer = (kind: Kind, body: unknown): Promise<never> => {
    sent.push([kind, body]);
    const said = says[kind] ?? new Error(`${kind} was not expected`);
    return said instanceof Error ? Promise.reject(said) : Promise.resolve(said as never);
  };
  return {
    sent,
    client: {
      create: (type, object) => answer(type.kind === 'Pod' ? 'pod' : 'object', object),
      patch: (_type, _key, patch, options) =>
        answer(options?.subresource === 'status' ? 'status' : 'workload', patch.body),
    },
  };
}

const no = (message: string, status = 403, reason = 'Forbidden'): ApiError =>
  new ApiError({ method: 'POST', path: '/api/v1/namespaces/shop/pods', status, body: { message, reason } });
const ours = (policy: string): ApiError =>
  no(
    `pods "x" is forbidden: ValidatingAdmissionPolicy '${policy}' with binding '${policy}' denied request: twinlock: Pod/x`,
  );
const limitRange = no('pods "x" is forbidden: maximum memory usage per Container is 64Mi, but limit is 1Gi');
const foreign = no(
  `deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'cost' with binding 'cost' denied request: ask ValidatingAdmissionPolicy 'twinlock-workloads' team`,
);
const gone = no('deployments.apps "web" not found', 404, 'NotFound');
const edited = { spec: { template: { metadata: { finalizers: ['twinlock.dev/canary'] } } } };

const entry = (spec: object, name = 'web'): Approved => ({
  kind: 'Deployment',
  name,
  role: 'Current',
  digest: `sha256:${'a'.repeat(64)}`,
  target: 'web',
  minReplicas: 1,
  record: 'web-000001',
  spec: { template: { metadata: { labels: { app: name }, annotations: { note: 'a' } }, spec } },
});
const approved = entry({ containers: [{ name: 'web', image: 'web@sha256:1' }] });
const web = { kind: 'Deployment', name: 'web' } as const;
const tried = { namespace: 'shop', workload: web, approved };

const CASES: readonly (readonly [string, Says, boolean, RegExp])[] = [
  ['both are refused by the lock', { pod: ours('twinlock-pods'), workload: ours('twinlock-workloads') }, true, /^$/],
  [
    'a LimitRange answers for the pod',
    { pod: limitRange, workload: ours('twinlock-workloads') },
    true,
    /another rule answered before twinlock-pods: .*maximum memory usage/,
  ],
  [
    'a policy of somebody else answers for the workload, whatever its message quotes',
    { pod: ours('twinlock-pods'), workload: foreign },
    true,
    /another rule answered before twinlock-workloads: .*'cost'/,
  ],
  [
    'others answer for both, the lock for the status',
    { pod: limitRange, workload: foreign, status: ours('twinlock-workload-status') },
    true,
    /before twinlock-pods.*before twinlock-workloads/,
  ],
  [
    'others answer for everything',
    { pod: limitRange, workload: foreign, status: foreign },
    false,
    /cannot be seen.*maximum memory/,
  ],
  [
    'others answer for both, and the status is let through',
    { pod: limitRange, workload: foreign, status: {} },
    false,
    /not refused by twinlock-workload-status/,
  ],
  ['the pod is let through', { pod: {}, workload: ours('twinlock-workloads') }, false, /not refused by twinlock-pods/],
  ['the workload is let through', { pod: ours('twinlock-pods'), workload: edited }, false, /not refused by twinlock-w/],
  [
    'the workload is let through while a LimitRange answers for the pod',
    { pod: limitRange, workload: edited },
    false,
    /not refused by twinlock-workloads/,
  ],
  ['the workload does not exist', { pod: ours('twinlock-pods'), workload: gone }, true, /^$/],
  [
    'somebody takes the difference out again on its way',
    { pod: ours('twinlock-pods'), workload: { spec: { template: { metadata: {} } } } },
    true,
    /^$/,
  ],
  [
    'a policy that only looks like one of ours',
    { pod: ours('twinlock-podz'), workload: gone, status: gone },
    false,
    /podz/,
  ],
  [
    'a webhook cannot be called',
    {
      pod: no('Internal error occurred: failed calling webhook "a.example.com"', 500, 'InternalError'),
      workload: ours('twinlock-workloads'),
    },
    true,
    /failed calling webhook/,
  ],
];

test('at least one forbidden change is refused by the lock, and none is let through', async (t) => {
  for (const [what, says, active, message] of CASES) {
    const seen = await probe(server(says).client, tried);
    t.is(seen.active, active, what);
    t.regex(seen.message, message, what);
  }
});

test('no answer is no answer', async (t) => {
  for (const error of [no('overloaded', 429, 'TooManyRequests'), no('etcdserver: timeout', 500, 'InternalError')]) {
    const { client } = server({ pod: error, workload: ours('twinlock-workloads') });
    t.is(await t.throwsAsync(probe(client, tried)), error);
  }
});

test('the pod has the shape of approved content and one difference', async (t) => {
  const { client, sent } = server({ pod: ours('twinlock-pods'), workload: gone });
  await probe(client, tried);
  const pod = sent.find(([kind]) => kind === 'pod')?.[1] as { readonly metadata: object; readonly spec: object };
  t.like(pod.metadata, { labels: { app: 'web' }, annotations: { note: 'a', 'twinlock.dev/canary': 'forbidden' } });
  t.deepEqual(pod.spec, { containers: [{ name: 'web', image: 'web@sha256:1' }] });
});

test('content that cannot be sent as it is has no shape: the pod is a bare one', async (t) => {
  const huge = entry({ containers: [], terminationGracePeriodSeconds: Number.MAX_SAFE_INTEGER + 1 });
  for (const shape of [huge, { ...web, spec: {} }, { ...web, spec: { template: {} } }, undefined]) {
    const { client, sent } = server({ pod: ours('twinlock-pods') });
    t.true((await probe(client, { namespace: 'shop', workload: undefined, approved: shape })).active);
    t.like(sent[0]?.[1], { spec: { containers: { 0: { name: 'canary' } } } });
  }
});

const refused = (error: Error | object): Promise<string | undefined> =>
  refusedReplacement(server({ pod: error }).client, 'shop', [approved]);

test('a pod of approved content that is refused is told in the words of the server', async (t) => {
  const mesh = no('admission webhook "sidecar.example.com" denied the request: no identity', 403);
  t.is(await refused({}), undefined);
  t.is(await refused(mesh), 'Deployment/web: admission webhook "sidecar.example.com" denied the request: no identity');
  t.regex((await refused(no('failed calling webhook "x": refused', 500, 'InternalError'))) ?? '', /failed calling/);
  t.regex((await refused(no('failed quota: q: must specify limits.memory'))) ?? '', /must specify/);
  t.is(await refused(no('exceeded quota: pods, requested: pods=1, used: pods=2, limited: pods=2')), undefined);
  t.is(await refused(no('pods "twinlock-canary" already exists', 409, 'AlreadyExists')), undefined);
  await t.throwsAsync(refused(no('Operation cannot be fulfilled on resourcequotas "q"', 409, 'Conflict')));
  await t.throwsAsync(refused(no('etcdserver: timeout', 500)));
});

test('a webhook that cannot be asked by a dry run is told as what it is', async (t) => {
  const unasked = no('admission webhook "a.example.com" does not support dry run', 400, 'BadRequest');
  t.regex(
    replacementLine((await refused(unasked)) ?? ''),
    /^a pod of Deployment\/web: .*dry run; whether .* cannot be seen/,
  );
  t.regex(replacementLine('Deployment/web: no'), /would not come back/);
});

test('only what is Current has to come back, each workload of it', async (t) => {
  const { client, sent } = server({ pod: {} });
  const fallback: Approved = { ...approved, role: 'Fallback' };
  await refusedReplacement(client, 'shop', [fallback, approved, entry({ containers: [] }, 'api')]);
  t.deepEqual(
    sent.map(
      ([, pod]) => (pod as { readonly metadata: { readonly labels: { readonly app: string } } }).metadata.labels.app,
    ),
    ['web', 'api'],
  );
});

interface Watching {
  readonly canary: Canary;
  readonly clock: ManualClock;
  readonly told: readonly [Enforcement, Enforcement | undefined][];
  readonly watched: { current: Watched };
}

function watching(says: Says): Watching {
  const told: [Enforcement, Enforcement | undefined][] = [];
  const watched = { current: { warn: false, approved: [] } as Watched };
  const clock = new ManualClock();
  const canary = new Canary({
    client: server(says).client,
    clock,
    logger: silentLogger,
    drift: () => [],
    namespaces: () => ['shop'],
    watched: () => watched.current,
    onChange: (_namespace, now, before) => void told.push([now, before]),
  });
  return { canary, clock, told, watched };
}

test('in mode Warn nothing is tried and nothing is wrong: it says that this is meant', async (t) => {
  const { canary, told, watched } = watching({});
  watched.current = { warn: true, approved: [] };
  t.like(canary.state('shop'), { active: false, warn: true });
  const seen = await canary.check('shop', web);
  t.like(seen, { active: false, warn: true });
  t.regex(seen.message, /mode Warn: nothing is refused.*spec\.mode: Enforce/);
  t.is(told.length, 1);
});

test('what was seen in one mode says nothing about the other', async (t) => {
  const { canary, watched } = watching({ pod: ours('twinlock-pods'), workload: ours('twinlock-workloads') });
  t.true((await canary.check('shop', web)).active);
  watched.current = { warn: true, approved: [] };
  t.like(canary.state('shop'), { active: false, warn: true });
  t.like(await canary.ensure('shop', web, Infinity), { active: false, warn: true });
  watched.current = { warn: false, approved: [] };
  t.like(canary.state('shop'), { active: false, message: 'it was not tried yet' });
  t.true((await canary.ensure('shop', web, Infinity)).active);
});

/** Advances the clock in steps until it holds: what the canary awaits is answered in between. */
async function until(clock: ManualClock, holds: () => boolean): Promise<number> {
  for (let steps = 0; steps < 200; steps++) {
    if (holds()) return steps;
    clock.advance(1000);
    await new Promise(setImmediate);
  }
  throw new Error('it never held');
}

test('a pod that is refused once is tried again before it is told; one that is let in again is told at once', async (t) => {
  const mesh = no('admission webhook "mesh" denied the request');
  const says: { pods: Error | object } = { pods: mesh };
  const told: (string | undefined)[] = [];
  let asked = 0;
  const clock = new ManualClock();
  const canary = new Canary({
    client: {
      create: (_type, _object, options) => {
        if (options?.fieldManager !== 'twinlock-pods') return Promise.reject(ours('twinlock-pods'));
        asked += 1;
        return says.pods instanceof Error ? Promise.reject(says.pods) : Promise.resolve(says.pods as never);
      },
      patch: () => Promise.reject(ours('twinlock-workloads')),
    },
    clock,
    logger: silentLogger,
    drift: () => [],
    namespaces: () => ['shop'],
    watched: () => ({ warn: false, approved: [approved] }),
    onChange: (_namespace, { podsRefused }) => void told.push(podsRefused),
  });
  const stop = new AbortController();
  const running = canary.run(stop.signal);
  await until(clock, () => told.length === 2);
  t.is(asked, 2);
  t.deepEqual(told, [undefined, 'Deployment/web: admission webhook "mesh" denied the request']);
  t.regex(canary.state('shop').warnings?.join() ?? '', /would not come back/);
  says.pods = {};
  const steps = await until(clock, () => told.length === 3);
  t.true(steps > 100, 'nothing is asked for while nothing changed');
  t.is(told[2], undefined);
  stop.abort();
  await running;
});

const held: ApprovedObject = {
  kind: 'ConfigMap',
  name: 'web',
  role: 'Current',
  digest: `sha256:${'b'.repeat(64)}`,
  target: 'web',
  record: 'web-000001',
  content: { data: { MODE: 'live' } },
};
const both = { pod: ours('twinlock-pods'), workload: ours('twinlock-workloads') };

test('where objects are held one of them is tried too, and one that is let through is a hole', async (t) => {
  const there = no('configmaps "web" already exists', 409, 'AlreadyExists');
  for (const [object, active] of [
    [ours('twinlock-objects'), true],
    [there, false],
  ] as const) {
    const { client, sent } = server({ ...both, object });
    const seen = await probe(client, { ...tried, object: held });
    t.is(seen.active, active, seen.message);
    if (!active) t.regex(seen.message, /not refused by twinlock-objects/);
    t.like(sent.find(([kind]) => kind === 'object')?.[1], {
      kind: 'ConfigMap',
      metadata: { name: 'web', namespace: 'shop', annotations: { 'twinlock.dev/canary': 'forbidden' } },
      data: { MODE: 'live' },
    });
  }
});

test('of an object that is approved not to be there nothing is tried', async (t) => {
  const { content: _content, ...absent } = held;
  const { client, sent } = server(both);
  t.true((await probe(client, { ...tried, object: absent })).active);
  t.is(sent.length, 2);
});
