import test from 'ava';
import { TwinEnvironment } from '../../operator/api/index.ts';
import { environmentInformers, slimNamespace } from '../../operator/environments/gather/cache/index.ts';
import { addIndexes } from '../../operator/environments/gather/indexes.ts';
import { Asked } from '../../operator/environments/gather/asked.ts';
import { Copies } from '../../operator/environments/gather/copies.ts';
import { KubeletWords } from '../../operator/environments/gather/words.ts';
import { Slots } from '../../operator/environments/gather/slots.ts';
import { environmentNamespace, FINALIZER, ownerLabels } from '../../operator/environments/naming/index.ts';
import { environmentReconcile } from '../../operator/environments/reconcile.ts';
import {
  ApiError,
  Cache,
  StatusWriter,
  TransportError,
  type Client,
  type EventInput,
  type Informer,
  type KubeObject,
} from '../../operator/kube/index.ts';
import type { SharedInformer } from '../../operator/kube/cache/shared-informer.ts';
import type { Request } from '../../operator/runtime/index.ts';
import { checkedStatus } from '../statuses/unit.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { environment, image, settings, twinClass } from './environment-fixtures.ts';

const spec = { workloads: [{ name: 'web', image, port: 8080 }] };
const withFinalizer = { metadata: { finalizers: [FINALIZER] } };
const sent = { kind: 'Sent', refused: [] } as const;
const request: Request = { namespace: 'shop-dev', name: 'pr-42' };
const { signal } = new AbortController();

function listed<T extends KubeObject>(informer: Informer<T>, objects: readonly T[]): void {
  // Every informer of a cache is one.
  (informer as SharedInformer<T>).replace(objects, '1');
}

interface Cluster {
  /** Undefined: the cache has none. */
  readonly start: TwinEnvironment | undefined;
  readonly act: Parameters<typeof environmentReconcile>[1]['act'];
  /** Uids of the environments whose namespaces are there. */
  readonly homes?: readonly string[];
  /** What the API server answers when it is asked itself. */
  readonly live?: TwinEnvironment;
}

/** The namespace that an environment of this uid would have. */
function home(uid: string): KubeObject {
  const owner = { namespace: 'shop-dev', name: 'pr-42', uid };
  const name = environmentNamespace({ ...owner, lifecycle: 'Ephemeral' });
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, uid: `home of ${uid}`, labels: ownerLabels(owner) } };
}

/** Reconciles over what the cache and the API server have; `act` is what acting comes to. */
function reconciling({ start, act, homes = [], live }: Cluster) {
  let asked = 0;
  const clock = new ManualClock(Date.parse('2026-11-21T09:00:00Z'));
  const written: NonNullable<TwinEnvironment['status']>[] = [];
  const told: EventInput[] = [];
  const client = {
    find: async () => {
      asked++;
      return live;
    },
    patch: async (_type: unknown, key: Request, { body }: { readonly body: readonly { readonly value: never }[] }) => {
      const held = informers.environments.lister.get(key);
      if (held === undefined) throw new Error('no such environment');
      const status = checkedStatus(held, body[1]!.value);
      written.push(status);
      return { ...held, metadata: { ...held.metadata, resourceVersion: String(written.length + 1) }, status };
    },
  } as unknown as Client;
  const cache = new Cache({ client, clock });
  const informers = environmentInformers(cache);
  addIndexes(informers);
  listed(informers.environments, start === undefined ? [] : [start]);
  listed(informers.classes, [twinClass()]);
  const labels = { 'twinlock.dev/environments': 'true' };
  listed(informers.namespaces, [
    slimNamespace({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop-dev', labels } }),
    ...homes.map((uid) => slimNamespace(home(uid))),
  ]);
  const reconcile = environmentReconcile(
    {
      client,
      informers,
      clock,
      settings: { ...settings, policiesEnforced: true },
      statuses: new StatusWriter({
        client,
        type: TwinEnvironment,
        fieldManager: 'x',
        informer: informers.environments,
      }),
      words: new KubeletWords(client, clock),
      copies: new Copies(clock),
      slots: new Slots(informers),
      reports: new Asked({ ask: async () => ({ failure: 'x' }), clock, signal, changed: () => undefined }),
      reach: new Asked({ ask: async () => ({ reached: true as const }), clock, signal, changed: () => undefined }),
      events: { record: (event) => void told.push(event), flush: async () => undefined },
    },
    { act },
  );
  return { informers, written, told, asked: () => asked, run: () => reconcile(request, signal) };
}

const words = 'rolebindings.rbac.authorization.k8s.io "own" is forbidden: attempting to grant RBAC permissions';
const refusal = (message = words, status = 403): ApiError =>
  new ApiError({ method: 'PATCH', path: '/own', status, body: { reason: 'Forbidden', message } });
const conditionOf = (status: TwinEnvironment['status'], type: string) =>
  status?.conditions?.find((each) => each.type === type);

test('an act that the API server refuses is told in its words, in progress, once; then it goes away', async (t) => {
  const answers = [refusal(), refusal()];
  const { run, written, told } = reconciling({
    start: environment(spec, withFinalizer),
    homes: ['uid-1'],
    act: async () => {
      const error = answers.shift();
      if (error !== undefined) throw error;
      return { kind: 'NamespaceGone' };
    },
  });
  await t.throwsAsync(run(), { message: /answered 403/ });
  const ready = conditionOf(written[0], 'Ready');
  t.deepEqual([ready?.status, ready?.reason], ['False', 'NotApplied']);
  t.true(ready?.message.includes(words));
  t.is(conditionOf(written[0], 'Reconciling')?.reason, 'NotApplied');
  t.is(conditionOf(written[0], 'Stalled'), undefined);
  t.deepEqual(
    told.map(({ type, reason }) => `${type} ${reason}`),
    ['Warning NotApplied', 'Normal Admitted'],
  );
  await t.throwsAsync(run(), { message: /answered 403/ });
  t.is(written.length, 1, 'the same answer again writes nothing');
  await run();
  t.is(conditionOf(written[1], 'Ready')?.reason, 'NamespaceTerminating');
  t.is(written.length, 2);
});

test('an answer without end is fitted to what a status takes', async (t) => {
  const { run, written } = reconciling({
    start: environment(spec),
    act: async () => Promise.reject(refusal('no \u2028'.repeat(99_999))),
  });
  await t.throwsAsync(run());
  t.is(conditionOf(written[0], 'Ready')?.reason, 'NotApplied');
});

test('what is known of an environment stays while it cannot be removed', async (t) => {
  const going = environment(spec, {
    metadata: { deletionTimestamp: '2026-11-21T08:30:00Z', finalizers: ['twinlock.dev/environment'] },
    status: { namespace: 'pr-42-x', inventory: [{ group: '', kind: 'PersistentVolume', name: 'pv-1' }] },
  });
  const { run, written } = reconciling({ start: going, act: async () => Promise.reject(refusal()) });
  await t.throwsAsync(run());
  t.is(written[0]?.phase, 'Terminating');
  t.deepEqual(written[0]?.inventory, going.status?.inventory);
});

test('an API server that does not answer is no news: nobody could be told', async (t) => {
  const error = new TransportError('PATCH', '/own', 'connection reset');
  const { run, written } = reconciling({ start: environment(spec), act: async () => Promise.reject(error) });
  await t.throwsAsync(run(), { is: error });
  t.deepEqual(written, []);
});

test('who wrote in between is no news: the environment is looked at again, then a moment later', async (t) => {
  const conflict = new ApiError({ method: 'PATCH', path: '/own', status: 409, body: { reason: 'Conflict' } });
  const { run, written } = reconciling({ start: environment(spec), act: async () => Promise.reject(conflict) });
  t.deepEqual(await run(), { requeueAfter: 50 });
  t.deepEqual(written, []);
});

/** What is done in one reconcile. */
async function done(
  cluster: Omit<Cluster, 'act'>,
): Promise<{ readonly acts: readonly string[]; readonly asked: number }> {
  const acts: string[] = [];
  const { run, asked } = reconciling({
    ...cluster,
    act: async (_world, action) => {
      const removes = action.do === 'RemoveOrphans';
      acts.push(removes ? `RemoveOrphans ${action.orphans.map(({ uid }) => uid).join(', ')}` : action.do);
      return action.do === 'Apply' ? sent : undefined;
    },
  });
  await run();
  return { acts, asked: asked() };
}

test('what an environment left behind goes, once, then its room; the API server is asked whether it is gone', async (t) => {
  t.deepEqual((await done({ start: undefined, homes: ['old'] })).acts, ['RemoveOrphans home of old', 'Leave']);
});

test('what a namesake left behind goes, and the environment goes on in the same reconcile', async (t) => {
  const start = environment(spec, withFinalizer);
  const { acts } = await done({ start, homes: ['old', 'older', start.metadata.uid ?? ''], live: start });
  t.deepEqual(acts, ['RemoveOrphans home of old, home of older', 'Apply']);
});

test('an environment that only the API server knows by now left nothing behind', async (t) => {
  const live = environment(spec, { metadata: { uid: 'new' } });
  t.deepEqual((await done({ start: undefined, homes: ['new'], live })).acts, ['Leave']);
});

test('where nothing was left the API server is not asked', async (t) => {
  const start = environment(spec, withFinalizer);
  t.deepEqual(await done({ start, homes: [start.metadata.uid ?? ''] }), { acts: ['Apply'], asked: 0 });
});

const undeletable = async () => Promise.reject(refusal('namespaces "pr-42-x" is forbidden'));

test('what was left and cannot be removed holds the environment up, and is told', async (t) => {
  const { run, written } = reconciling({ start: environment(spec), act: undeletable, homes: ['old'] });
  await t.throwsAsync(run());
  t.regex(conditionOf(written[0], 'Ready')?.message ?? '', /pr-42-x/);
  const gone = reconciling({ start: undefined, act: undeletable, homes: ['old'] });
  await t.throwsAsync(gone.run());
  t.deepEqual(gone.written, [], 'there is nobody to tell');
});

test('what was changed while it was sent is sent, too: a status speaks of what runs', async (t) => {
  const start = environment({ ...spec, source: { revision: 'aaaaaaa' } }, withFinalizer);
  const latest = environment(
    { ...spec, source: { revision: 'bbbbbbb' } },
    { metadata: { ...withFinalizer.metadata, generation: 2 } },
  );
  let sends = 0;
  const { run, written, informers } = reconciling({
    start,
    homes: ['uid-1'],
    act: async (_world, { do: what }) => {
      if (what === 'Apply' && sends++ === 0) listed(informers.environments, [latest]);
      return sent;
    },
  });
  await run();
  t.is(sends, 2);
  t.is(written.length, 1);
  t.is(written[0]?.observedGeneration, 2);
  t.is(written[0]?.observedRevision, 'bbbbbbb');
});

test('one that is deleted is looked at until nothing is left of it, each of its acts once', async (t) => {
  const acts: string[] = [];
  const deletionTimestamp = '2026-11-21T08:30:00Z';
  const start = environment(spec, { metadata: { ...withFinalizer.metadata, deletionTimestamp } });
  const { run, written, informers } = reconciling({
    start,
    homes: ['uid-1'],
    act: async (_world, { do: what }) => void acts.push(what),
  });
  await run();
  t.deepEqual(acts, ['RemoveNamespace']);
  t.is(written[0]?.phase, 'Terminating');
  listed(informers.namespaces, []);
  await run();
  t.deepEqual(acts, ['RemoveNamespace', 'LetGo']);
  t.is(written.length, 1, 'with its last finalizer it goes: there is nobody to tell');
});
