import test from 'ava';
import type { LockSpec } from '../../operator/lock/index.ts';
import { refrozen } from '../../operator/lock/index.ts';
import { decide, type DecidingWorld, type FoundConfiguration } from '../../operator/promotions/decide/index.ts';
import { configurationInPlace } from '../../operator/promotions/decide/configuration.ts';
import { objectDigest } from '../../operator/objects/index.ts';
import { configMapDigest, digestKey, secretDigest } from '../../operator/promotions/gather/content-digest.ts';
import { withConfiguration } from '../../operator/promotions/gather/configuration.ts';
import { approvedSpec } from '../../operator/workloads/index.ts';
import type { Client, ConfigMap, KubeObject, Secret } from '../../operator/kube/index.ts';
import { factsOf as factsFor } from '../../operator/promotions/decide/facts.ts';
import { openedLock } from '../../operator/promotions/decide/content.ts';
import { after, deciding, deployment, factsOf, images, world, worldOf, type Scene } from './promotion-world.ts';

const uid = 'web-42-uid';
const digest = `sha256:${'1'.repeat(64)}`;
const keyed = { digest: `hmac-sha256:${'2'.repeat(64)}`, key: 'a'.repeat(16) };

/** A Deployment whose container takes its environment from these. */
function configured(image: string, optional = false): ReturnType<typeof deployment> {
  const envFrom = [{ configMapRef: { name: 'config', optional } }, { secretRef: { name: 'token' } }];
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image, envFrom }] } };
  return deployment(image, { template });
}

const found = (
  config: FoundConfiguration['state'],
  token: FoundConfiguration['state'] = keyed,
): Scene['configuration'] => [
  { kind: 'ConfigMap', name: 'config', state: config },
  { kind: 'Secret', name: 'token', state: token },
];

/** What runs refers to nothing; what is promoted refers to a ConfigMap and a Secret. */
function scene(changes: Partial<Scene> = {}, optional = false): Scene {
  const [live] = factsOf([deployment(images.first)]);
  const { spec } = configured(images.second, optional);
  return world({
    workloads: [{ ...live!, planned: { spec: { ...approvedSpec('Deployment', { ...spec }) } } }],
    configuration: found({ digest }),
    ...changes,
  });
}

const verdictOf = (of: Scene): ReturnType<typeof decide>['verdict'] => decide(worldOf(of)).verdict;
const frozenIn = (lock: LockSpec | undefined): readonly string[] =>
  (lock?.frozen ?? []).map(({ kind, name, promotions }) => `${kind}/${name} ${promotions?.join() ?? ''}`);

/** Carries out what is decided first. */
function step(of: Scene): Scene {
  const { action } = verdictOf(of);
  if (action === undefined) throw new Error('nothing is done');
  return after(of, action);
}

test('names are frozen first; then the round opens, with a digest of each', (t) => {
  const before = scene();
  const verdict = verdictOf(before);
  t.is(verdict.reason, 'Freezing');
  t.is(verdict.action?.do, 'Freeze');
  const frozen = step(before);
  t.deepEqual(frozenIn(frozen.lock?.spec), [`ConfigMap/config ${uid}`, `Secret/token ${uid}`]);
  t.deepEqual(frozen.lock?.spec.approved, before.lock?.spec.approved, 'nothing is approved by it');
  const round = step(frozen);
  const statement = round.records.at(-1)?.statements?.approve ?? '';
  const { predicate } = JSON.parse(statement) as { readonly predicate: { readonly configuration: unknown } };
  t.deepEqual(predicate.configuration, [
    { kind: 'ConfigMap', name: 'config', digest },
    { kind: 'Secret', name: 'token', digest: keyed.digest, key: keyed.key },
  ]);
  t.is(verdictOf(round).phase, 'AwaitingApproval');
});

test('content that changed, another key, an object that came: each opens a new round, and says why', (t) => {
  const open = step(step(scene({ configuration: found('Absent') }, true)));
  const statement = open.records.at(-1)?.statements?.approve ?? '';
  t.true(statement.includes('"absent": true'));
  const others: readonly Scene['configuration'][] = [
    found({ digest }),
    found('Absent', { ...keyed, digest: `hmac-sha256:${'3'.repeat(64)}` }),
    found('Absent', { ...keyed, key: 'b'.repeat(16) }),
  ];
  for (const configuration of others) {
    const verdict = verdictOf({ ...open, configuration });
    t.is(verdict.reason, 'OpeningRound');
    t.is(verdict.message, 'what a ConfigMap or Secret holds changed, or the key of their digests');
  }
  t.is(verdictOf({ ...open, configuration: found('Absent') }).phase, 'AwaitingApproval');
});

test('what is missing is named, and frozen for nobody, so that it can be made', (t) => {
  const cases: readonly (readonly [Scene['configuration'], RegExp])[] = [
    [found('Absent'), /Deployment\/web refers to ConfigMap\/config, which does not exist: create it/],
    [found('Ending'), /ConfigMap\/config, which is being deleted/],
    [found({ digest }, 'Absent'), /Secret\/token, which does not exist/],
    [[], /ConfigMap\/config/],
  ];
  for (const [configuration, message] of cases) {
    const verdict = verdictOf(scene({ configuration }));
    t.is(verdict.reason, 'ConfigurationMissing');
    t.regex(verdict.message, message);
    t.is(verdict.action, undefined);
    t.true((verdict.requeueAfter ?? 0) > 0);
  }
  const frozen = step(scene());
  const gone = verdictOf({ ...frozen, configuration: found('Absent') });
  t.is(gone.reason, 'ConfigurationMissing');
  t.deepEqual(gone.action?.do === 'Freeze' && frozenIn(gone.action.lock), []);
});

test('a name that approved content refers to is frozen already: nothing is written, and missing is told otherwise', (t) => {
  const live = configured(images.first);
  const [workload] = factsOf([live]);
  const base = world({ workloads: [workload!], configuration: found({ digest }) });
  const approved = base.lock!.spec.approved.map((entry) => ({
    ...entry,
    spec: { ...approvedSpec('Deployment', { ...live.spec }) },
  }));
  const held = { ...base, lock: { ...base.lock!, spec: refrozen({ ...base.lock!.spec, approved }) } };
  t.deepEqual(frozenIn(held.lock.spec), ['ConfigMap/config ', 'Secret/token ']);
  const { facts } = decide(worldOf(held));
  t.deepEqual(
    facts?.configuration.map(({ name }) => name),
    ['config', 'token'],
  );
});

const objectOf = (role: 'Current' | 'Fallback', mode: string) => {
  const content = { data: { mode } };
  const settings = { target: 'web', record: 'web-000001' };
  return { kind: 'ConfigMap' as const, name: 'config', role, ...settings, content, digest: objectDigest(content) };
};

test('a listed ConfigMap that new content was signed with has no older state to go back to, but with what brings it', (t) => {
  const [current, older] = [objectOf('Current', 'new'), objectOf('Fallback', 'old')];
  const live = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config' }, ...current.content } as ConfigMap;
  const opened = (config: FoundConfiguration['state'], brought = false): LockSpec['objects'] => {
    const of = deciding(scene({ configuration: found(config) }));
    const facts = factsFor(of);
    const changedObjects = brought ? [{ kind: 'ConfigMap' as const, name: 'config', current, desired: current }] : [];
    const lock = { ...facts.lock, objects: [current, older] };
    return openedLock(of, { ...facts, lock, changedObjects }, 'web-000002').objects;
  };
  t.deepEqual(opened(configMapDigest(live)), [current]);
  // Somebody rolled it back meanwhile: that is what was signed, and stays.
  t.deepEqual(opened(configMapDigest({ ...live, ...older.content })), [current, older]);
  t.is(opened(configMapDigest(live), true)?.length, 2);
});

test('a ConfigMap that the promotion brings is what it will be; in place only while no fallback refers to it', (t) => {
  const content = { data: { mode: 'new' } };
  const planned = { state: { content, digest: objectDigest(content) } };
  const brought = (live: KubeObject | undefined): Partial<Scene> => ({
    configuration: found('Absent'),
    objects: [{ kind: 'ConfigMap', name: 'config', live, planned }],
  });
  const { facts } = decide(worldOf(scene(brought(undefined))));
  t.deepEqual(
    facts?.configuration[0]?.state,
    configMapDigest({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config' }, ...content } as ConfigMap),
  );
  const live = configured(images.first);
  const [workload] = factsOf([live]);
  const base = world({ workloads: [workload!], ...brought(undefined) });
  const approved = base.lock!.spec.approved.map((entry) => ({
    ...entry,
    spec: { ...approvedSpec('Deployment', { ...live.spec }) },
  }));
  const refers = decide(worldOf({ ...base, lock: { ...base.lock!, spec: { ...base.lock!.spec, approved } } }));
  t.not(refers.facts, undefined);
  const verdict = configurationInPlace(worldOf(base) as DecidingWorld, {
    ...refers.facts!,
    changed: [{ ...facts!.changed[0]! }],
    changedObjects: [{ kind: 'ConfigMap', name: 'config', current: {}, desired: planned.state }],
  });
  t.is(verdict?.reason, 'ConfigurationInPlace');
  t.regex(
    verdict?.message ?? '',
    /ConfigMap\/config of spec\.objects is what the fallback of Deployment\/web refers to too/,
  );
});

const secret = (name: string, data: Readonly<Record<string, string>>): Secret =>
  ({ apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: 'shop' }, type: 'Opaque', data }) as Secret;

test('a digest is of everything but the metadata; of a Secret it is keyed and names it', (t) => {
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { mode: 'live' } } as ConfigMap;
  const { digest: plain } = configMapDigest(map);
  t.is(configMapDigest({ ...map, metadata: { name: 'b', labels: { x: 'y' } } }).digest, plain);
  for (const change of [{ data: { mode: 'x' } }, { immutable: true }, { binaryData: { a: 'eA==' } }])
    t.not(configMapDigest({ ...map, ...change }).digest, plain);
  const one = { id: 'one', bytes: Buffer.alloc(32, 1) };
  const token = secret('token', { token: 'b3JpZ2luYWw=' });
  const { digest: hidden, key } = secretDigest(token, one);
  t.regex(hidden, /^hmac-sha256:[0-9a-f]{64}$/);
  t.is(key, 'one');
  const others = [
    secretDigest(token, { id: 'two', bytes: Buffer.alloc(32, 2) }),
    secretDigest(secret('other', { token: 'b3JpZ2luYWw=' }), one),
    secretDigest({ ...token, type: 'kubernetes.io/tls' }, one),
    secretDigest(secret('token', { token: 'eA==' }), one),
  ];
  for (const other of others) t.not(other.digest, hidden);
});

test('the world gets digests and never what a Secret holds; the key is made once, and read each time', async (t) => {
  const kept = new Map<string, Secret>([['shop/token', secret('token', { token: 'b3JpZ2luYWw=' })]]);
  let made = 0;
  const client = {
    find: async (_type: unknown, { namespace, name }: { readonly namespace: string; readonly name: string }) =>
      kept.get(`${namespace}/${name}`),
    get: async () => {
      throw new Error('not asked');
    },
    apply: async (_type: unknown, object: Secret) => {
      made++;
      kept.set(`${object.metadata.namespace}/${object.metadata.name}`, object);
      return object;
    },
  } as unknown as Pick<Client, 'find' | 'get' | 'apply'>;
  const given = worldOf(scene({ configuration: [] })) as DecidingWorld;
  const signal = new AbortController().signal;
  const { configuration } = await withConfiguration(client, 'twinlock-system', given, signal);
  t.is(made, 1);
  t.is(configuration.find(({ name }) => name === 'config')?.state, 'Absent');
  const state = configuration.find(({ name }) => name === 'token')?.state;
  t.true(typeof state === 'object' && state.key !== undefined);
  t.notRegex(JSON.stringify(configuration), /b3JpZ2luYWw|original/);
  t.deepEqual((await withConfiguration(client, 'twinlock-system', given, signal)).configuration, configuration);
  t.is(made, 1);
  const key = 'twinlock-system/twinlock-configuration-key';
  t.is(kept.get(key)?.['immutable'], true);
  kept.delete(key);
  t.notDeepEqual((await withConfiguration(client, 'twinlock-system', given, signal)).configuration, configuration);
  kept.set(key, secret('twinlock-configuration-key', { key: 'eA==' }));
  await t.throwsAsync(digestKey(client, 'twinlock-system', signal), { message: /holds no key: delete it/ });
});
