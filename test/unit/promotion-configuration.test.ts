import test from 'ava';
import { MAX_FROZEN, mostAsked, refrozen, type LockSpec } from '../../operator/lock/index.ts';
import { decide, type DecidingWorld, type FoundConfiguration } from '../../operator/promotions/decide/index.ts';
import { configurationInPlace, readersOf } from '../../operator/promotions/decide/configuration.ts';
import { objectDigest } from '../../operator/objects/index.ts';
import { configMapDigest, digestKey, secretDigest } from '../../operator/promotions/gather/content-digest.ts';
import { withConfiguration } from '../../operator/promotions/gather/configuration.ts';
import { approvedSpec, specDigest } from '../../operator/workloads/index.ts';
import type { Client, ConfigMap, KubeObject, Secret } from '../../operator/kube/index.ts';
import { factsOf as factsFor } from '../../operator/promotions/decide/facts.ts';
import { openedLock } from '../../operator/promotions/decide/content.ts';
import {
  adopted,
  after,
  deciding,
  deployment,
  factsOf,
  images,
  keys,
  promotion,
  run,
  target,
  until,
  voted,
  world,
  worldOf,
  type Scene,
} from './promotion-world.ts';

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

test('a statement names who exchanges a Secret, since what people sign is not all that it will hold', (t) => {
  const rotators = [{ namespace: 'cert-manager', name: 'cert-manager' }];
  const round = step(step(scene({ target: target({ rotators }) })));
  const statement = round.records.at(-1)?.statements?.approve ?? '';
  t.regex(statement, /system:serviceaccount:cert-manager:cert-manager/);
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
    const changed = { ...open, configuration };
    // One that came is frozen first.
    const verdict = verdictOf(verdictOf(changed).reason === 'Freezing' ? step(changed) : changed);
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
  const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config' }, ...content } as const;
  const inPlace = (
    { changes = true, goes = false }: { readonly changes?: boolean; readonly goes?: boolean },
    lock = refers.facts!.lock,
  ): ReturnType<typeof configurationInPlace> => {
    const spec = goes ? { removes: [{ kind: 'ConfigMap', name: 'config' } as const] } : { objects: [manifest] };
    return configurationInPlace(worldOf({ ...base, promotion: promotion('web-42', { spec }) }) as DecidingWorld, {
      ...refers.facts!,
      lock,
      changed: changes ? [{ ...facts!.changed[0]! }] : [],
      changedObjects: [{ kind: 'ConfigMap', name: 'config', current: {}, desired: goes ? {} : planned.state }],
    });
  };
  t.is(inPlace({})?.reason, 'ConfigurationInPlace');
  t.regex(
    inPlace({})?.message ?? '',
    /^spec\.objects\[0\] changes ConfigMap\/config in place, and the fallback of Deployment\/web refers to it too/,
  );
  // A workload that the promotion does not touch: its pods read the new content when they do, and the approver is told.
  t.is(inPlace({ changes: false }), undefined);
  t.deepEqual(readersOf({ kind: 'ConfigMap', name: 'config' }, { ...refers.facts!, changed: [] }), ['Deployment/web']);
  t.deepEqual(readersOf({ kind: 'ConfigMap', name: 'config' }, { ...refers.facts!, changed: facts!.changed }), []);
  t.deepEqual(readersOf({ kind: 'ConfigMap', name: 'other' }, { ...refers.facts!, changed: [] }), []);
  const older = refers.facts!.lock.approved.map((entry) => ({ ...entry, role: 'Fallback' as const }));
  const kept = { ...refers.facts!.lock, approved: [...base.lock!.spec.approved, ...older] };
  t.regex(inPlace({ changes: false }, kept)?.message ?? '', /the fallback of Deployment\/web/);
  // Nor does it go under anything that runs, or that an undo brings back.
  t.regex(
    inPlace({ changes: false, goes: true })?.message ?? '',
    /^spec\.removes\[0\] takes ConfigMap\/config away, and Deployment\/web refers to it: it goes with a promotion after which nothing does$/,
  );
  t.regex(inPlace({ goes: true })?.message ?? '', /and (the fallback of )?Deployment\/web refers to it/);
  t.regex(inPlace({ changes: false, goes: true }, kept)?.message ?? '', /the fallback of Deployment\/web refers to it/);
});

/** Names that one person's promotions may ask for. */
const MOST = mostAsked({ liveAccess: 'Deny', approved: [] });
const asking = (
  count: number,
  others: LockSpec['frozen'] = [],
  sameRequester: readonly string[] = [],
): ReturnType<typeof verdictOf> => {
  const envFrom = Array.from({ length: count }, (_, index) => ({ configMapRef: { name: `c-${index}` } }));
  const spec = { containers: [{ name: 'web', image: images.second, envFrom }] };
  const [live] = factsOf([deployment(images.first)]);
  const wanted = deployment(images.second, { template: { metadata: { labels: { app: 'web' } }, spec } } as never);
  const base = scene({
    workloads: [{ ...live!, planned: { spec: { ...approvedSpec('Deployment', { ...wanted.spec }) } } }],
    configuration: envFrom.map(({ configMapRef: { name } }) => ({ kind: 'ConfigMap', name, state: { digest } })),
  });
  return verdictOf({ ...base, sameRequester, lock: { ...base.lock!, spec: { ...base.lock!.spec, frozen: others } } });
};

test('a name that is asked for is no more than one promotion may ask, and what there is room for', (t) => {
  t.is(asking(MOST).reason, 'Freezing');
  const more = asking(MOST + 1);
  t.is(more.reason, 'LockTooLarge');
  t.regex(more.message, /it refers to 129 ConfigMaps and Secrets that nothing approved refers to, .* may bring 128/);
  t.is(more.action, undefined);
  const full = Array.from({ length: MAX_FROZEN }, (_, index) => ({
    kind: 'ConfigMap' as const,
    name: `other-${index}`,
    promotions: ['other'],
  }));
  t.is(asking(1, full).reason, 'LockTooLarge');
  t.regex(asking(1, full).message, /has no room for more: refer to fewer, or wait/);
});

test("one person's promotions leave room for those of others", (t) => {
  const hers = Array.from({ length: MOST - 1 }, (_, index) => ({
    kind: 'ConfigMap' as const,
    name: `hers-${index}`,
    promotions: [`hers-${index % 8}`],
  }));
  const uids = Array.from({ length: 8 }, (_, index) => `hers-${index}`);
  t.is(asking(1, hers, uids).reason, 'Freezing');
  const more = asking(2, hers, uids);
  t.is(more.reason, 'LockTooLarge');
  t.regex(
    more.message,
    /other promotions of the same person bring 127; together they may bring 128: delete one of them/,
  );
  t.is(more.action, undefined);
  t.is(asking(MOST, hers).reason, 'Freezing', 'those of others do not count');
});

test('a promotion that asks for nothing more goes on, be its person beyond the share since more is approved', (t) => {
  const hers = Array.from({ length: MOST + 1 }, (_, index) => ({
    kind: 'ConfigMap' as const,
    name: `hers-${1000 + index}`,
    promotions: ['hers'],
  }));
  t.is(asking(1, hers, ['hers']).reason, 'LockTooLarge');
  t.is(asking(0, hers, ['hers']).action?.do, 'Append', 'people are asked');
});

/** What runs refers to the same Secret, which cert-manager exchanges. */
function exchanged(changes: Partial<Scene> = {}): Scene {
  const live = configured(images.first);
  const [workload] = factsOf([live]);
  const rotators = [{ namespace: 'cert-manager', name: 'cert-manager' }];
  const base = world({ workloads: [workload!], configuration: found({ digest }), ...changes });
  const approved = base.lock!.spec.approved.map((entry) => ({
    ...entry,
    digest: specDigest('Deployment', { ...live.spec }),
    rotators: ['system:serviceaccount:cert-manager:cert-manager'],
    spec: { ...approvedSpec('Deployment', { ...live.spec }) },
  }));
  return {
    ...base,
    target: { ...base.target!, spec: { ...base.target!.spec, rotators } },
    records: [adopted(live)],
    lock: { ...base.lock!, spec: refrozen({ ...base.lock!.spec, approved }) },
  };
}
const still = ({ lock }: Scene): readonly (string | undefined)[] =>
  (lock?.spec.frozen ?? []).map(({ opening }) => opening);

test('what a rotator may exchange is held still before the lock opens, and digested once more', (t) => {
  const approved = until(voted(until(exchanged(), 'Round'), keys.alice), 'Approved');
  const verdict = verdictOf(approved);
  t.like(verdict, { phase: 'Approved', reason: 'Freezing', action: { do: 'Freeze' } });
  const held = step(approved);
  t.deepEqual(still(held), [undefined, uid]);
  t.deepEqual(held.lock?.spec.approved, approved.lock?.spec.approved, 'nothing is approved by it');
  const opening = verdictOf(held);
  t.is(opening.action?.do, 'OpenLock');
  const opened = step(held);
  t.deepEqual(still(opened), [undefined, undefined], 'rotators go on');
  t.deepEqual(opened.lock?.spec.frozen?.[1]?.rotators, ['system:serviceaccount:cert-manager:cert-manager']);
  // It was exchanged after the last count.
  const other = { ...held, configuration: found({ digest }, { ...keyed, digest: `hmac-sha256:${'3'.repeat(64)}` }) };
  const anew = verdictOf(other);
  t.is(anew.reason, 'OpeningRound');
  t.is(anew.message, 'what a ConfigMap or Secret holds changed, or the key of their digests');
  const asked = run(other);
  t.deepEqual(asked.done, ['Round', 'Freeze']);
  t.deepEqual(still(asked.world), [undefined, undefined]);
  t.is(asked.decision.verdict.phase, 'AwaitingApproval');
});

test('nothing is held still for an approval that goes on waiting', (t) => {
  const held = step(until(voted(until(exchanged(), 'Round'), keys.alice), 'Approved'));
  for (const waiting of [
    { ...held, enforcement: { active: false, message: 'no answer' } },
    { ...held, policy: { missing: 'default' } },
    {
      ...held,
      target: {
        ...held.target!,
        spec: { ...held.target!.spec, holds: [{ name: 'h', owner: 'o', reason: 'r', scope: 'Rollouts' as const }] },
      },
    },
  ] satisfies readonly Scene[]) {
    const verdict = verdictOf(waiting);
    t.is(verdict.action?.do, 'Freeze', verdict.message);
    const free = step(waiting);
    t.deepEqual(still(free), [undefined, undefined], verdict.message);
    t.is(verdictOf(free).action, undefined);
    t.true((verdictOf(free).requeueAfter ?? Infinity) < 72 * 3_600_000, 'nor is it waited for without an end');
  }
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
