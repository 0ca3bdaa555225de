/** Jobs of promotions: what the lock lets in while the step of one runs, and whom. */
import test from 'ava';
import { allowed, denied } from './assert.ts';
import { Production } from '../stage/production.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { deployment, images, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const podTemplate = (changes: Json = {}): Json => template('migrate', { restartPolicy: 'Never', ...changes });
const spec = (changes: Json = {}): Json => ({ backoffLimit: 0, template: podTemplate(), ...changes });
const job = (changes: Json = {}, metadata: Json = {}): Json => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'web-42-migrate-0a1b2c3d', ...metadata },
  spec: spec(changes),
});
const name = 'web-42-migrate-0a1b2c3d';

/** The lock open for a Job, as the API server stores its spec. */
async function open(namespace: string): Promise<{ readonly shop: Production; readonly entry: Json }> {
  const shop = await Production.open(stage, namespace, [deployment('web')]);
  const planned = await stage.promotions('POST', `${shop.apps('Job')}?dryRun=All&fieldManager=twinlock-plan`, job());
  const { selector: _selector, template: stored, ...rest } = (planned.body as { readonly spec: Json }).spec;
  const pods = stored as { readonly metadata: Json; readonly spec: Json };
  const approved = { ...rest, template: { metadata: { labels: { app: 'migrate' } }, spec: pods.spec } };
  const digest = `sha256:${'0'.repeat(64)}`;
  const entry = { kind: 'Job', name, digest, target: 'web', record: 'web-000003', spec: approved };
  await shop.relock({ jobs: [entry] });
  await shop.until('the lock is open for it', async () => {
    const { status } = await stage.promotions('POST', `${shop.apps('Job')}?dryRun=All`, job());
    return status < 300;
  });
  return { shop, entry };
}

test('a Job of a promotion is made by the promotions process alone, as it was signed, while its step runs', async (t) => {
  const { shop } = await open('job-open');
  const path = shop.apps('Job');
  for (const send of [stage.agent, stage.wildcard, stage.oncall, stage.admin])
    denied(t, await send('POST', path, job()), 'jobs', /belongs to no CronJob/);
  const impersonated = { 'impersonate-user': 'system:serviceaccount:twinlock-system:twinlock-promotions' };
  denied(t, await stage.wildcard('POST', path, job(), { headers: impersonated }), 'jobs');
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-4000-8000-000000000000' };
  for (const [what, sent] of [
    ['another image', job({ template: podTemplate({ containers: [{ name: 'migrate', image: images.evil }] }) })],
    ['another account', job({ template: podTemplate({ serviceAccountName: 'admin' }) })],
    ['more of them', job({ parallelism: 9 })],
    ['more tries', job({ backoffLimit: 9 })],
    ['another name', job({}, { name: 'web-42-migrate-ffffffff' })],
    ['an owner', job({}, { ownerReferences: [owner] })],
  ] as const)
    denied(t, await stage.promotions('POST', path, sent), 'jobs', undefined, what);
  allowed(t, await stage.promotions('POST', path, job()));
  const [pod] = await shop.pods(1, `job-name=${name}`);
  t.like(pod?.spec, { restartPolicy: 'Never' });
});

test('while its step runs nobody deletes it; nobody makes its pods for another content, and none when it is over', async (t) => {
  const { shop } = await open('job-runs');
  allowed(t, await stage.promotions('POST', shop.apps('Job'), job()));
  const [pod] = await shop.pods(1, `job-name=${name}`);
  const path = shop.apps('Job', name);
  const ttl = await stage.withToken('kube-system', 'ttl-after-finished-controller');
  for (const send of [stage.agent, stage.wildcard, stage.oncall, stage.admin, stage.promotions, ttl])
    denied(t, await send('DELETE', `${path}?propagationPolicy=Background`), 'job-runs', /to stop it, suspend it/);
  denied(t, await stage.agent('DELETE', `${shop.apps('Job')}?propagationPolicy=Background`), 'job-runs');
  denied(t, await stage.agent('PATCH', path, { spec: { parallelism: 5 } }), 'job-changes');
  const { metadata, spec: own } = pod as unknown as { readonly metadata: Json; readonly spec: Json };
  const { labels, ownerReferences, generateName } = metadata;
  const again = (changes: Json): Json => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'again', labels, ownerReferences, generateName },
    spec: { ...own, nodeName: undefined, ...changes },
  });
  const controller = await stage.withToken('kube-system', 'job-controller');
  const pods = `${shop.core('pods')}?dryRun=All`;
  allowed(t, await controller('POST', pods, again({})));
  denied(t, await controller('POST', pods, again({ hostNetwork: true })), 'pods');
  await shop.relock({ jobs: undefined });
  await shop.until('the lock is closed', async () => (await controller('POST', pods, again({}))).status === 403);
  denied(t, await controller('POST', pods, again({})), 'pods');
  allowed(t, await stage.agent('DELETE', `${path}?propagationPolicy=Background`));
});
