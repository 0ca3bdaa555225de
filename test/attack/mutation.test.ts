/** What others change in an object on its way into the API server: mutating policies and webhooks. */
import test, { type ExecutionContext } from 'ava';
import { hasMutatingPolicies } from '../harness/index.ts';
import { allowed, denied } from './assert.ts';
import { mutatingPolicy, mutatingWebhook } from './mutators.ts';
import { Production } from '../stage/production.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { deployment, images, pod } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const image = '/spec/containers/0/image';
const made = (apiGroup: string, resource: string, operations = ['CREATE', 'UPDATE']): Json => ({
  apiGroups: [apiGroup],
  apiVersions: ['v1'],
  operations,
  resources: [resource],
});

async function byPolicy(t: ExecutionContext): Promise<void> {
  const shop = await Production.open(stage, 'mutated');
  await shop.pods(1);
  await stage.cluster.apply(
    mutatingPolicy('evil-image', shop.namespace, made('', 'pods', ['CREATE']), {
      patchType: 'JSONPatch',
      jsonPatch: { expression: `[JSONPatch{op: "replace", path: "${image}", value: "${images.evil}"}]` },
    }),
  );
  await shop.until('a new pod is refused', async () => {
    const { status } = await stage.manager('POST', `${shop.core('pods')}?dryRun=All`, pod('again'));
    return status === 403;
  });
  denied(t, await stage.manager('POST', `${shop.core('pods')}?dryRun=All`, pod('again')), 'pods', /containers differ/);
  allowed(t, await stage.agent('PATCH', `${shop.apps('Deployment', 'web')}/scale`, { spec: { replicas: 2 } }));
  await shop.refusal('web-', /twinlock-pods/);
  t.is((await shop.pods(1)).length, 1);
}
// Kubernetes 1.36 and later have them.
if (hasMutatingPolicies) test('denied: what a MutatingAdmissionPolicy makes of an approved pod', byPolicy);

test('denied: what a webhook makes of an approved pod (a mesh, an intruder); allowed: what the target names', async (t) => {
  const injected = [{ container: 'istio-proxy', imagePrefix: 'registry.example/istio/proxyv2' }];
  const shop = await Production.open(stage, 'hooked', [deployment('web')], { entry: { injected } });
  await shop.pods(1);
  const webhook = await mutatingWebhook(stage, 'injector', shop.namespace, made('', 'pods'));
  t.teardown(() => webhook.stop());
  const create = () => stage.manager('POST', `${shop.core('pods')}?dryRun=All`, pod('again'));
  await shop.until('the webhook is called', async () => {
    await create();
    return webhook.asked > 0;
  });
  allowed(t, await create());

  const beside = (name: string, from: string): void => {
    webhook.answer = [{ op: 'add', path: '/spec/containers/-', value: { name, image: from } }];
  };
  beside('istio-proxy', 'registry.example/istio/proxyv2:1.29');
  allowed(t, await create());
  beside('istio-proxy', images.evil);
  denied(t, await create(), 'pods', /containers differ/);
  beside('helper', 'registry.example/istio/proxyv2:1.29');
  denied(t, await create(), 'pods', /containers differ/);
  webhook.answer = [{ op: 'replace', path: image, value: images.evil }];
  denied(t, await create(), 'pods', /containers differ/);
  webhook.answer = [{ op: 'add', path: '/metadata/labels/tier', value: 'payments' }];
  denied(t, await create(), 'pods', /labels differ/);

  webhook.answer = [{ op: 'replace', path: image, value: images.evil }];
  allowed(t, await stage.agent('PATCH', `${shop.apps('Deployment', 'web')}/scale`, { spec: { replicas: 2 } }));
  await shop.refusal('web-', /twinlock-pods/);
  t.is((await shop.pods(1)).length, 1);
});

test('denied: what a webhook makes of a Deployment whose content was approved', async (t) => {
  const shop = await Production.open(stage, 'hooked-content');
  const webhook = await mutatingWebhook(stage, 'rewriter', shop.namespace, made('apps', 'deployments'));
  t.teardown(() => webhook.stop());
  const label = () => stage.agent('PATCH', shop.apps('Deployment', 'web'), { metadata: { labels: { tidy: 'yes' } } });
  await shop.until('the webhook is called', async () => {
    await label();
    return webhook.asked > 0;
  });
  allowed(t, await label());
  webhook.answer = [{ op: 'replace', path: `/spec/template${image}`, value: images.evil }];
  denied(t, await label(), 'workloads');
  t.is(JSON.stringify((await shop.read(shop.apps('Deployment', 'web'))).spec).includes(images.evil), false);
});
