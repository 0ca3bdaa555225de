/** A Secret that its rotator exchanges between the last count of votes and the opening of the lock. */
import { join } from 'node:path';
import test from 'ava';
import { WorkloadLock } from '../../operator/api/index.ts';
import type { Client } from '../../operator/kube/index.ts';
import { messageOf } from '../stage/objects.ts';
import { images, Shop } from '../stage/shop.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import { bind, type Json } from '../stage/stage.ts';
import { readKubeconfig, writeKubeconfig } from '../harness/kubeconfig.ts';
import { waitFor, type Answer } from '../harness/index.ts';

let stage: Stage;
/** What happens right before the process writes a lock. */
let beforeLock: (lock: WorkloadLock) => Promise<void> = async () => undefined;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess({}, { client: watched });
});
test.after.always(() => stage?.stop());

function watched(client: Client): Client {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = (...args: readonly unknown[]): unknown => Reflect.apply(value, target, args);
      if (name !== 'replace') return call;
      return async (...args: readonly unknown[]) => {
        if (args[0] === WorkloadLock) await beforeLock(args[1] as WorkloadLock);
        return call(...args);
      };
    },
  });
}

const encoded = (value: string): string => Buffer.from(value).toString('base64');
const pathOf = (name: string): string => `/api/v1/namespaces/raced/secrets/${name}`;
const secretPath = pathOf('token');

/** The token of an account that is bound to nothing but what `edit` gives it. */
async function rotator(name = 'token'): Promise<(value: string) => Promise<Answer>> {
  const { cluster, folder } = stage;
  const { stdout } = await cluster.kubectl(['-n', 'raced', 'create', 'token', 'rotator']);
  const { endpoint } = await readKubeconfig(cluster.kubeconfig);
  const as = await writeKubeconfig(join(folder, 'rotator.kubeconfig'), endpoint, { token: stdout.trim() });
  return (value) =>
    cluster.request('PATCH', pathOf(name), {
      as,
      contentType: 'application/merge-patch+json',
      body: { data: { token: encoded(value) } },
    });
}

test.serial(
  'what was exchanged after the last count is signed anew, and nothing is applied; then nobody exchanges it',
  async (t) => {
    const name = 'raced';
    const metadata = { name: 'token', namespace: name };
    const shop = new Shop(stage, name);
    const envFrom = [{ secretRef: { name: 'token' } }];
    await shop.open({
      before: [
        { apiVersion: 'v1', kind: 'Secret', metadata, data: { token: encoded('signed') } },
        { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'rotator', namespace: name } },
        bind('edit', { kind: 'ServiceAccount', name: 'rotator', namespace: name }, name),
      ],
      deployment: {
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: images.first, envFrom }] },
        },
      },
      target: { rotators: [{ namespace: name, name: 'rotator' }] },
    });
    await shop.ready();
    const exchange = await rotator();
    await shop.environment('pr-42', images.second);
    await shop.promote('web-42', 'pr-42');
    const asked = await shop.phase('web-42', 'AwaitingApproval');
    const nonce = asked.status?.approval?.round?.nonce;

    const answers: Answer[] = [];
    beforeLock = async () => {
      if (answers.length === 0) answers.push(await exchange('exchanged'));
    };
    await shop.vote('web-42', stage.people.alice);
    const anew = await shop.promotion('web-42', ({ status }) => {
      const round = status?.approval?.round?.nonce;
      return status?.phase === 'AwaitingApproval' && round !== undefined && round !== nonce;
    });
    t.is(answers[0]?.status, 200, messageOf(answers[0]!));
    t.is(await shop.image(), images.first, 'nothing was applied');
    t.regex(anew.status?.why?.join(' ') ?? '', /what a ConfigMap or Secret holds changed/);

    // Once it is held still the lock opens for what was digested last.
    let writes = 0;
    const late: Answer[] = [];
    beforeLock = async ({ spec }) => {
      writes++;
      const open = spec.approved.some(({ role }) => role === 'Fallback');
      if (open && late.length === 0) late.push(await exchange('too late'));
    };
    await shop.vote('web-42', stage.people.bob);
    await shop.phase('web-42', 'Completed');
    t.true(writes >= 2);
    t.is(late[0]?.status, 403);
    t.regex(messageOf(late[0]!), /'twinlock-configuration'.*try again in a moment/);
    t.is(await shop.image(), images.second);
    await waitFor('its rotator goes on', async () => (await exchange('later')).status === 200);
    const { data } = (await stage.send('GET', secretPath)) as { readonly data?: Json };
    t.is(data?.['token'], encoded('later'));
  },
);

test.serial(
  'a promotion that only asks keeps no rotator from its work: what it exchanges is asked about anew',
  async (t) => {
    beforeLock = async () => undefined;
    const shop = new Shop(stage, 'raced');
    const exchange = await rotator('token-2');
    await stage.cluster.apply([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'token-2', namespace: 'raced' },
        data: { token: encoded('signed') },
      },
    ]);
    const containers = [{ name: 'web', image: images.second, envFrom: [{ secretRef: { name: 'token-2' } }] }];
    const spec = {
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers } },
    };
    const manifest = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
    await shop.promote('web-43', 'pr-42', { spec: { objects: [manifest] } });
    const asked = await shop.phase('web-43', 'AwaitingApproval');
    const other = await stage.cluster.request('PATCH', pathOf('token-2'), {
      contentType: 'application/merge-patch+json',
      body: { data: { token: encoded('mine') } },
    });
    t.is(other.status, 403, 'it is frozen for everybody else');
    t.is((await exchange('exchanged')).status, 200);
    const touch = { metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': 'now' } } };
    await stage.send('PATCH', path('raced', 'promotions', 'web-43'), touch);
    const nonce = asked.status?.approval?.round?.nonce;
    await shop.promotion('web-43', ({ status }) => {
      const round = status?.approval?.round?.nonce;
      return status?.phase === 'AwaitingApproval' && round !== undefined && round !== nonce;
    });
  },
);
