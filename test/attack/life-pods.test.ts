/** What admission of the cluster makes of new pods, by its real plugins and webhooks: rows of docs/cluster-life.md. */
import test from 'ava';
import { actor, userOf } from './actors.ts';
import { allowed, denied } from './assert.ts';
import { words } from './life-page.ts';
import { mutatingWebhook } from './mutators.ts';
import { POD_MUTATORS, type PodMutator } from './pod-mutators.ts';
import { waitFor } from '../harness/index.ts';
import { must, Production, type LockOptions } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images, namespace, pod, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

/** A namespace with what the cluster has in it, and the workload web whose template has these fields beside. */
async function open(name: string, fields: Json, ...objects: readonly Json[]): Promise<Production> {
  const inside = objects.map((object) => ({
    apiVersion: 'v1',
    ...object,
    metadata: { ...(object['metadata'] as Json), namespace: name },
  }));
  await stage.cluster.apply([namespace(name), ...inside]);
  return Production.open(stage, name, [deployment('web', { template: template('web', fields) })]);
}

/** Deletes the pod of web, if one was made before the lock stood; its controller makes none that is let in. */
async function ends(shop: Production): Promise<void> {
  const listed = async (resource: string): Promise<readonly (Live & Json)[]> =>
    ((await stage.admin('GET', shop.core(resource))).body as { readonly items: readonly (Live & Json)[] }).items;
  await shop.until('a pod is made or refused', async () => {
    const [pods, events] = [await listed('pods'), await listed('events')];
    return pods.length > 0 || events.some((event) => event['reason'] === 'FailedCreate');
  });
  for (const { metadata } of await listed('pods'))
    await must(stage.admin('DELETE', `${shop.core('pods', metadata.name)}?gracePeriodSeconds=0`));
}

const limits = (limit: Json): Json => ({
  kind: 'LimitRange',
  metadata: { name: 'limits' },
  spec: { limits: [{ type: 'Container', ...limit }] },
});
const bare = { containers: [{ name: 'web', image: images.first }], volumes: [] };

test('LimitRange: what it fills in of CPU, memory and disk passes; a device and what is too large wait in words', async (t) => {
  const amounts = { cpu: '200m', memory: '96Mi', 'ephemeral-storage': '1Gi' };
  const shop = await open('limited', bare, limits({ default: amounts, defaultRequest: { cpu: '10m' } }));
  const [again] = await shop.again('app=web');
  t.like((again?.spec['containers'] as readonly Json[] | undefined)?.[0], {
    resources: { limits: amounts, requests: { cpu: '10m', memory: '96Mi' } },
  });

  const device = await open('devices', bare, limits({ default: { 'example.com/gpu': '1' } }));
  await ends(device);
  await device.refusal('web-', words('LimitRange'));

  const small = await open('small', {});
  await stage.cluster.apply([
    { apiVersion: 'v1', ...limits({ max: { memory: '32Mi' } }), metadata: { name: 'limits', namespace: 'small' } },
  ]);
  await ends(small);
  await small.refusal('web-', words('LimitRange', 1));
});

const scheduling = (name: string, also: Json): Json => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  ...also,
});

test('PriorityClass: a default one passes; another one than the approved, and one that is gone, are refused in words', async (t) => {
  await stage.cluster.apply([scheduling('signed', { value: 10 }), scheduling('other', { value: 20 })]);
  const named = await open('classes', { priorityClassName: 'signed' });
  const plain = await open('classless', {});
  await stage.cluster.apply([scheduling('usual', { value: 1000, globalDefault: true, preemptionPolicy: 'Never' })]);
  await waitFor('the default class is seen', async () => {
    const [again] = await plain.again('app=web');
    return again?.spec['priorityClassName'] === 'usual' && again.spec['preemptionPolicy'] === 'Never';
  });
  const other = pod('other', { priorityClassName: 'other' });
  denied(t, await stage.manager('POST', `${named.core('pods')}?dryRun=All`, other), 'pods', words('PriorityClass'));
  await must(stage.admin('DELETE', '/apis/scheduling.k8s.io/v1/priorityclasses/signed'));
  await waitFor('the class is gone for admission', async () => {
    const answer = await stage.admin('POST', '/api/v1/namespaces/default/pods?dryRun=All', {
      ...pod('gone', { priorityClassName: 'signed' }),
    });
    return words('PriorityClass', 1).test(JSON.stringify(answer.body));
  });
  await ends(named);
  await named.refusal('web-', words('PriorityClass', 1));
});

const runtime = (name: string): Json => ({
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  metadata: { name },
  handler: name,
  overhead: { podFixed: { memory: '32Mi', cpu: '50m' } },
  scheduling: { nodeSelector: { sandbox: 'yes' }, tolerations: [{ key: 'sandbox', operator: 'Exists' }] },
});

test('RuntimeClass: its overhead and scheduling pass; another one, and one that is gone, are refused in words', async (t) => {
  await stage.cluster.apply([runtime('gvisor'), runtime('kata')]);
  const shop = await open('sandboxed', { runtimeClassName: 'gvisor' });
  const [again] = await shop.again('app=web');
  t.like(again?.spec, { overhead: { memory: '32Mi', cpu: '50m' }, nodeSelector: { sandbox: 'yes' } });
  const other = pod('other', { runtimeClassName: 'kata' });
  denied(t, await stage.manager('POST', `${shop.core('pods')}?dryRun=All`, other), 'pods', words('RuntimeClass'));
  await must(stage.admin('DELETE', '/apis/node.k8s.io/v1/runtimeclasses/gvisor'));
  await ends(shop);
  await shop.refusal('web-', words('RuntimeClass', 1));
});

test("Pull secrets: the service account's pass; others beside the template's own are refused in words", async (t) => {
  const account = { kind: 'ServiceAccount', metadata: { name: 'pulls' }, imagePullSecrets: [{ name: 'registry' }] };
  const shop = await open('pulls', { serviceAccountName: 'pulls' }, account);
  const [again] = await shop.again('app=web');
  t.like(again?.spec, { imagePullSecrets: [{ name: 'registry' }] });
  const own = { serviceAccountName: 'pulls', imagePullSecrets: [{ name: 'mine' }] };
  const named = await open('pulls-own', own, account);
  const [kept] = await named.again('app=web');
  t.like(kept?.spec, { imagePullSecrets: [{ name: 'mine' }] });
  const more = pod('more', { ...own, imagePullSecrets: [{ name: 'mine' }, { name: 'registry' }] });
  denied(t, await stage.manager('POST', `${named.core('pods')}?dryRun=All`, more), 'pods', words('Pull secrets'));
});

/** A namespace with a webhook that does this to pods, and a target that lets in what `entry` names. */
async function meshed(name: string, { patch }: PodMutator, entry: LockOptions['entry']): Promise<Production> {
  const probed = {
    ...(template('web')['spec'] as { readonly containers: readonly Json[] }).containers[0],
    readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
    livenessProbe: { tcpSocket: { port: 8080 } },
  };
  const fields = { containers: [probed], securityContext: { runAsNonRoot: true } };
  const web = deployment('web', { template: template('web', fields) });
  const shop = await Production.open(stage, name, [web], entry === undefined ? {} : { entry });
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  const webhook = await mutatingWebhook(stage, name, name, rule);
  stage.endsWith(() => webhook.stop());
  await shop.until('the webhook is called', async () => {
    await stage.manager('POST', `${shop.core('pods')}?dryRun=All`, pod('asked', fields));
    return webhook.asked > 0;
  });
  webhook.answer = patch;
  return shop;
}

test('Istio ambient: its node agent marks running pods where it is named; elsewhere it is refused in words', async (t) => {
  const send = await actor(stage, 'istio-cni');
  const mark = async (shop: Production, value: 'enabled' | 'pending' | null) => {
    const [live] = await shop.pods(1);
    const body = { metadata: { annotations: { 'ambient.istio.io/redirection': value } } };
    return send('PATCH', `${shop.core('pods', live?.metadata.name)}/status`, body);
  };
  const podWriters = [{ user: userOf('istio-cni'), annotations: ['ambient.istio.io/redirection'] }];
  const shop = await Production.open(stage, 'ambient', [deployment('web')], { podWriters });
  for (const value of ['pending', 'enabled', null] as const) allowed(t, await mark(shop, value));
  const plain = await Production.open(stage, 'ambient-not');
  denied(t, await mark(plain, 'enabled'), 'pod-writers', words('Istio ambient'));
});

for (const native of [false, true]) {
  const style = native ? 'a native sidecar' : 'a container';
  test(`Istio: probes that its proxy (${style}) rewrites are refused in words where only the proxy is named`, async (t) => {
    const mutator = POD_MUTATORS[native ? 'istio-native' : 'istio'];
    if (mutator === undefined) throw new Error('no such mutator');
    const { injected = [], mutations } = mutator;
    const rest = mutations.filter(({ field }) => field !== 'Probes');
    const shop = await meshed(`istio-${native ? 'native' : 'classic'}`, mutator, { injected, mutations: rest });
    await ends(shop);
    await shop.refusal('web-', words('Istio', 1));
    t.deepEqual(await shop.list(shop.core('pods')), []);
  });

  test(`Linkerd: a proxy (${style}) of another image than the named one is refused in words`, async (t) => {
    const mutator = POD_MUTATORS[native ? 'linkerd-native' : 'linkerd'];
    if (mutator === undefined) throw new Error('no such mutator');
    const injected = (mutator.injected ?? []).map((each) =>
      each.container === 'linkerd-proxy' ? { ...each, imagePrefix: 'registry.example/proxy' } : each,
    );
    const shop = await meshed(`linkerd-${native ? 'native' : 'classic'}`, mutator, { injected });
    await ends(shop);
    await shop.refusal('web-', words('Linkerd', 1));
    t.deepEqual(await shop.list(shop.core('pods')), []);
  });
}
