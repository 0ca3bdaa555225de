/** Who signs how far a chain has come: what is stored, what is refused, and what a person has to take away first. */
import test from 'ava';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { ApiError, silentLogger, type Client, type ResourceType } from '../../operator/kube/index.ts';
import { Heads, headsReconciler } from '../../operator/promotions/heads/index.ts';
import { keyLine, keyName, readCheckpoint, sealRecord, type RecordSpec } from '../../operator/records/index.ts';
import { targetRef } from './promotion-world.ts';

const time = '2026-11-21T10:00:00Z';
const chain: RecordSpec[] = [];
for (let index = 0; index < 4; index++)
  chain.push(sealRecord(targetRef, chain, { type: 'Adopted', time, message: `${index}`, currentSpecs: [] }));
const cluster = 'cluster-uid';
const signal = new AbortController().signal;
const request = { namespace: 'shop', name: 'web' };

interface Stored {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly immutable?: boolean;
  readonly data: Readonly<Record<string, string>>;
}

const name = (type: { readonly plural: string }, key: { readonly name: string }): string =>
  `${type.plural}/${key.name}`;
const conflict = (status: number, reason: string): ApiError =>
  new ApiError({ method: 'PATCH', path: '/x', status, body: { reason } });

/** The two objects, as an API server keeps them. */
class Store {
  readonly objects = new Map<string, Stored>();
  readonly writes: string[] = [];
  /** Runs before the next write: somebody else's. */
  before: (() => void) | undefined;

  get client(): Client {
    const turn = (): void => {
      const { before } = this;
      this.before = undefined;
      before?.();
    };
    const client = {
      find: async (type: Pick<ResourceType, 'plural'>, key: { readonly name: string }) =>
        this.objects.get(name(type, key)),
      get: async (type: Pick<ResourceType, 'plural'>, key: { readonly name: string }) =>
        this.objects.get(name(type, key)),
      apply: async (type: Pick<ResourceType, 'plural'>, object: Stored) => {
        turn();
        const at = name(type, object.metadata);
        if (this.objects.get(at)?.immutable === true) throw conflict(422, 'Invalid');
        return this.put(at, object);
      },
      patch: async (
        type: Pick<ResourceType, 'plural'>,
        key: { readonly name: string },
        { body }: { readonly body: Stored },
      ) => {
        turn();
        const at = name(type, key);
        const known = this.objects.get(at);
        if (known?.metadata.resourceVersion !== body.metadata.resourceVersion) throw conflict(409, 'Conflict');
        return this.put(at, { ...known, data: { ...known?.data, ...body.data } });
      },
    };
    return client as unknown as Client;
  }

  put(at: string, object: Stored): Stored {
    this.writes.push(at);
    const made = { ...object, metadata: { ...object.metadata, resourceVersion: `${this.writes.length}` } };
    this.objects.set(at, made);
    return made;
  }

  get heads(): Readonly<Record<string, string>> {
    return this.objects.get(HEADS)?.data ?? {};
  }
}
const HEADS = 'configmaps/twinlock-record-heads';
const KEY = 'secrets/twinlock-record-key';

function scene(store: Store, records: readonly RecordSpec[], isHead = true) {
  const logged: object[] = [];
  const told: string[] = [];
  const signed: string[] = [];
  const departed = new Map<string, string>();
  const heads = new Heads({ client: store.client, namespace: 'twinlock-system', cluster });
  const reconcile = headsReconciler({
    records: { of: () => records, isHead: async () => isHead },
    heads,
    cluster,
    targets: { lister: { get: () => ({ metadata: { name: 'web' } }) } } as unknown as Parameters<
      typeof headsReconciler
    >[0]['targets'],
    events: { record: ({ note }) => void told.push(note) },
    departed,
    onSigned: ({ name: chainName }) => void signed.push(chainName),
    logger: { ...silentLogger, info: (fields) => void logged.push(fields) },
  });
  return {
    reconcile: () => reconcile(request, signal),
    start: () => reconcile({ name: 'key' }, signal),
    logged,
    told,
    signed,
    departed,
  };
}

test('the key is made at the start, is immutable, and is published beside what it signs', async (t) => {
  const store = new Store();
  await scene(store, []).start();
  t.deepEqual(store.writes, [KEY, HEADS]);
  t.true(store.objects.get(KEY)?.immutable);
  t.regex(store.heads['keys'] ?? '', /^twinlock\.dev\/records\/v1\/cluster-uid\+[0-9a-f]{8}\+.{44}\n$/);
  await scene(store, []).start();
  t.is(store.writes.length, 2, 'once');
});

test('admission is told which records may go, once, and in words that it reads', async (t) => {
  const store = new Store();
  const heads = new Heads({ client: store.client, namespace: 'twinlock-system', cluster });
  const cut = { size: 12, digest: 'sha256:x', keepFor: '720h' };
  const kept = [3, 7].map((sequence) => ({ sequence, digest: 'sha256:x' }));
  const shop = { namespace: 'shop', target: 'web' };
  t.true(await heads.letGo(shop, cut, signal));
  t.is(store.heads['cut_shop.web'], 'upto=12');
  t.false(await heads.letGo(shop, cut, signal));
  t.true(await heads.letGo(shop, { ...cut, kept }, signal));
  t.is(store.heads['cut_shop.web'], 'upto=12 not=3 not=7');
});

test('whoever waits for a signature is told of each look at a chain that is signed to its end, and of no other', async (t) => {
  const store = new Store();
  const sound = scene(store, chain);
  await sound.reconcile();
  t.deepEqual(sound.signed, ['web']);
  const departing = scene(store, chain.slice(0, 2));
  await departing.reconcile();
  t.deepEqual(departing.signed, []);
});

test('somebody who makes the key first makes it for all', async (t) => {
  const store = new Store();
  const { privateKey } = generateKeyPairSync('ed25519');
  const data = { 'private-key': Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })).toString('base64') };
  store.before = () =>
    void store.put(KEY, { metadata: { name: 'twinlock-record-key', resourceVersion: '' }, immutable: true, data });
  await scene(store, []).start();
  t.is(store.heads['keys'], `${keyLine(keyName(cluster), createPublicKey(privateKey))}\n`);
});

test('a key of another kind is refused, with what to do', async (t) => {
  const store = new Store();
  const { privateKey } = generateKeyPairSync('x25519');
  const data = { 'private-key': Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })).toString('base64') };
  store.put(KEY, { metadata: { name: 'twinlock-record-key', resourceVersion: '' }, data });
  await t.throwsAsync(scene(store, []).start(), { message: /holds no Ed25519 key: delete it, and another is made/ });
});

test('each head is signed, stored and logged once; after a start it is logged again and not written', async (t) => {
  const store = new Store();
  const first = scene(store, chain.slice(0, 3));
  await first.reconcile();
  await first.reconcile();
  t.is(readCheckpoint(store.heads['shop.web'] ?? '')?.size, 3);
  t.deepEqual(first.logged, [{ checkpoint: store.heads['shop.web'] }]);
  const writes = store.writes.length;
  const second = scene(store, chain.slice(0, 3));
  await second.reconcile();
  t.is(store.writes.length, writes);
  t.is(second.logged.length, 1);
  await scene(store, chain).reconcile();
  t.is(readCheckpoint(store.heads['shop.web'] ?? '')?.size, 4);
  t.is(
    await scene(store, [])
      .reconcile()
      .then(() => store.writes.length),
    writes + 1,
  );
});

test('a cut, another chain and a changed record are told and never signed, until the old head is taken away', async (t) => {
  const store = new Store();
  await scene(store, chain.slice(0, 3)).reconcile();
  const before = store.heads['shop.web'];
  const anew: RecordSpec[] = [];
  for (let index = 0; index < 4; index++)
    anew.push(sealRecord(targetRef, anew, { type: 'Adopted', time, currentSpecs: [] }));
  const changed = [...chain.slice(0, 3), { ...chain[3]!, message: 'else' }];
  for (const [records, words] of [
    [chain.slice(0, 2), /record 3 was signed for and the last one is 2: record 3 was cut off/],
    [[], /records 1 to 3 were cut off/],
    [anew, /record 3 is not the one that was signed for/],
    [changed, /record 4 was changed/],
    [[...chain.slice(0, 1), ...chain.slice(2)], /before record 3, 2 is missing/],
  ] as const) {
    const { reconcile, told } = scene(store, records);
    t.deepEqual(await reconcile(), { requeueAfter: 60_000 });
    t.regex(told.join(), words);
    t.is(store.heads['shop.web'], before);
  }
  const again = scene(store, anew);
  await again.reconcile();
  await again.reconcile();
  t.is(again.told.length, 1, 'once, though it is looked at again and again');
  t.is(again.departed.size, 1);
  const { 'shop.web': _gone, ...data } = store.heads;
  store.put(HEADS, { metadata: { name: 'twinlock-record-heads', resourceVersion: '' }, data });
  t.is(await again.reconcile(), undefined);
  t.is(again.departed.size, 0);
  t.is(readCheckpoint(store.heads['shop.web'] ?? '')?.size, 4);
});

test('a chain that this process has not read to its end is no cut', async (t) => {
  const store = new Store();
  await scene(store, chain).reconcile();
  const behind = scene(store, chain.slice(0, 2), false);
  t.deepEqual(await behind.reconcile(), { requeueAfter: 50 });
  t.deepEqual(behind.told, []);
});

test('whoever wrote in between wins, and what is there is read again', async (t) => {
  const store = new Store();
  const { reconcile, start } = scene(store, chain);
  await start();
  store.before = () => void store.put(HEADS, { ...store.objects.get(HEADS)!, data: { ...store.heads, other: 'x' } });
  await t.throwsAsync(reconcile(), { instanceOf: ApiError });
  await reconcile();
  t.is(store.heads['other'], 'x');
  t.is(readCheckpoint(store.heads['shop.web'] ?? '')?.size, 4);
});

test('a new key is published beside the old one, whose signatures still bind', async (t) => {
  const store = new Store();
  await scene(store, chain).reconcile();
  store.objects.delete(KEY);
  const { reconcile, told } = scene(store, chain.slice(0, 2));
  await reconcile();
  t.is((store.heads['keys'] ?? '').trim().split('\n').length, 2);
  t.regex(told.join(), /records 3 to 4 were cut off/);
});

test('what nobody of the cluster signed does not bind', async (t) => {
  const store = new Store();
  await scene(store, chain).reconcile();
  const keys = (store.heads['keys'] ?? '').split('\n')[0] ?? '';
  store.put(HEADS, {
    metadata: { name: 'twinlock-record-heads', resourceVersion: '' },
    data: { keys: `${keys}\n`, 'shop.web': 'x' },
  });
  await scene(store, chain).reconcile();
  t.is(readCheckpoint(store.heads['shop.web'] ?? '')?.size, 4);
});
