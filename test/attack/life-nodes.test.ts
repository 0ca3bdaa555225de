/** Who empties nodes and restarts pods, by the requests of the real things: rows of docs/cluster-life.md. */
import test from 'ava';
import { actor } from './actors.ts';
import { allowed, denied, deniedCommand } from './assert.ts';
import { words } from './life-page.ts';
import { Node } from './node.ts';
import { waitFor } from '../harness/index.ts';
import { Production } from '../stage/production.ts';
import { openAttack, type Live, type Send, type Stage } from '../stage/attack.ts';
import { deployment, template, workload } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
let node: Node;
test.before(async () => {
  stage = await openAttack();
  node = await Node.open(stage, 'node-1');
});
test.after.always(async () => {
  await stage?.stop();
});

/** A namespace whose one pod runs; `grace` is its own. */
async function running(name: string, grace: number): Promise<{ readonly shop: Production; readonly pod: Live }> {
  const spec = template('web', { terminationGracePeriodSeconds: grace });
  const shop = await Production.open(stage, name, [deployment('web', { template: spec })]);
  const [pod] = await shop.pods(1);
  if (pod === undefined) throw new Error('no pod');
  await node.run(shop, pod);
  return { shop, pod };
}

const evict =
  (send: Send, shop: Production, pod: Live, apiVersion: 'policy/v1' | 'policy/v1beta1') => (deleteOptions: Json) =>
    send('POST', `${shop.core('pods', pod.metadata.name)}/eviction`, {
      apiVersion,
      kind: 'Eviction',
      metadata: { name: pod.metadata.name, namespace: shop.namespace },
      deleteOptions,
    });

test('Descheduler: evicts with no grace of its own; one above the pod is refused', async (t) => {
  const send = await actor(stage, 'descheduler');
  const { shop, pod } = await running('descheduled', 30);
  const ask = evict(send, shop, pod, 'policy/v1');
  denied(t, await ask({ gracePeriodSeconds: 60 }), 'pod-eviction', words('Descheduler'));
  allowed(t, await ask({}));
  await shop.until('another pod', async () =>
    (await shop.pods(1)).some(({ metadata }) => metadata.uid !== pod.metadata.uid),
  );
});

test('Cluster Autoscaler: evicts with the grace that the pod has, none too, or with less', async (t) => {
  const send = await actor(stage, 'cluster-autoscaler');
  const slow = await running('scaled-down', 900);
  const ask = evict(send, slow.shop, slow.pod, 'policy/v1beta1');
  denied(t, await ask({ gracePeriodSeconds: 0 }), 'pod-eviction', words('Cluster Autoscaler'));
  // Its --max-graceful-termination-sec.
  allowed(t, await ask({ gracePeriodSeconds: 600 }));
  const quick = await running('scaled-down-at-once', 0);
  allowed(t, await evict(send, quick.shop, quick.pod, 'policy/v1beta1')({ gracePeriodSeconds: 0 }));
  const own = await running('scaled-down-by-own', 20);
  allowed(t, await evict(send, own.shop, own.pod, 'policy/v1beta1')({ gracePeriodSeconds: 20 }));
});

test('kubectl rollout restart: of each kind, twice; anything more in the template is refused', async (t) => {
  const kinds = { Deployment: 'web', StatefulSet: 'db', DaemonSet: 'agent' } as const;
  const workloads = Object.entries(kinds).map(([kind, name]) => workload(kind as keyof typeof kinds, name));
  const shop = await Production.open(stage, 'restarted', workloads);
  const kubectl = (...args: readonly string[]) =>
    stage.cluster.kubectl(['-n', shop.namespace, ...args], { as: stage.files.agent, check: false });
  const restarted = async (name: string): Promise<ReadonlySet<string>> => {
    const pods = await shop.pods(1, `app=${name}`);
    const marks = pods.map(({ metadata }) => /"kubectl[^"]*restartedAt":"([^"]+)"/.exec(JSON.stringify(metadata))?.[1]);
    return new Set(marks.filter((mark) => mark !== undefined));
  };
  for (const [kind, name] of Object.entries(kinds)) {
    const object = `${kind.toLowerCase()}/${name}`;
    deniedCommand(t, await kubectl('set', 'env', object, 'MODE=debug'), 'workloads', words('kubectl rollout restart'));
    const before = new Set<string>();
    // Once more, with the mark of the first time in template and pod.
    for (const time of ['first', 'second']) {
      // kubectl refuses a second one within the same second.
      await waitFor(`a restart of ${object}, the ${time} time`, async (seen) => {
        const { code, stderr } = await kubectl('rollout', 'restart', object);
        seen(stderr);
        return code === 0;
      });
      await node.workUntil(`a pod of ${name}, restarted for the ${time} time`, shop, async () => {
        const marks = await restarted(name);
        const news = [...marks].filter((mark) => !before.has(mark));
        for (const mark of news) before.add(mark);
        return news.length > 0;
      });
    }
  }
});
