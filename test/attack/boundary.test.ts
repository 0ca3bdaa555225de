import test from 'ava';
import { allowed, denied } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { namespace } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack({ overgranted: ['promotions', 'environments'] });
});
test.after.always(async () => {
  await stage?.stop();
});

const name = 'twinlock-boundary';
const boundary = (spec: Json): Json => ({ metadata: { name }, spec });
const selecting = boundary({ selector: { app: 'web' }, ports: [{ port: 8080 }] });
const slice = (metadata: Json): Json => ({
  metadata,
  addressType: 'IPv4',
  endpoints: [{ addresses: ['203.0.113.9'] }],
  ports: [{ port: 8080 }],
});
const forBoundary = { labels: { 'kubernetes.io/service-name': name } };
const slicesOf = (within: string): string => `/apis/discovery.k8s.io/v1/namespaces/${within}/endpointslices`;
const labels = { 'twinlock.dev/environment': 'pr-1', 'twinlock.dev/environment-namespace': 'default' };

test('denied: a Service that the front door would dial, in production or anywhere, by anybody', async (t) => {
  const shop = await Production.open(stage, 'front');
  const external = boundary({ type: 'ExternalName', externalName: 'evil.example' });
  for (const services of [shop.core('services'), '/api/v1/namespaces/default/services']) {
    denied(t, await stage.agent('POST', services, selecting), 'boundary', /environments process/);
    denied(t, await stage.wildcard('POST', services, external), 'boundary');
    denied(t, await stage.promotions('POST', services, selecting), 'boundary|guard-promotions|objects');
  }
  const named = 'system:serviceaccount:twinlock-system:twinlock-environments';
  const headers = { 'impersonate-user': named };
  await must(stage.admin('POST', '/api/v1/namespaces', namespace('imitated', labels)));
  denied(t, await stage.agent('POST', '/api/v1/namespaces/imitated/services', selecting, { headers }), 'boundary');
});

test('denied: endpoints behind the boundary by hand; allowed: other Services and slices', async (t) => {
  await must(stage.admin('POST', '/api/v1/namespaces', namespace('behind')));
  const core = '/api/v1/namespaces/behind';
  const slices = slicesOf('behind');
  denied(t, await stage.wildcard('POST', `${core}/endpoints`, { metadata: { name } }), 'boundary');
  denied(t, await stage.wildcard('POST', slices, slice({ name: 'mine', ...forBoundary })), 'boundary-slices');
  allowed(t, await stage.wildcard('POST', slices, slice({ name: 'other' })));
  denied(t, await stage.wildcard('PATCH', `${slices}/other`, { metadata: forBoundary }), 'boundary-slices');
  allowed(t, await stage.wildcard('PATCH', `${slices}/other`, { metadata: { labels: { a: 'b' } } }));
  allowed(t, await stage.agent('POST', `${core}/services`, { ...selecting, metadata: { name: 'web' } }));
});

test("allowed: the environments process makes its environment's boundary, and the controllers follow", async (t) => {
  const own = '/api/v1/namespaces/pr-1-front';
  await must(stage.environments('POST', '/api/v1/namespaces', namespace('pr-1-front', labels)));
  allowed(t, await stage.environments('POST', `${own}/services`, selecting));
  const path = `${own}/services/${name}`;
  denied(t, await stage.agent('PATCH', path, { spec: { selector: { app: 'mine' } } }), 'boundary');
  allowed(t, await stage.environments('PATCH', path, { spec: { selector: { app: 'boundary' } } }));
  const production = await Production.open(stage, 'waits');
  await production.until('the controller writes its slice', async () => {
    return (await production.list(slicesOf('pr-1-front'))).length === 1;
  });
  await production.until('the controller writes its Endpoints', async () => {
    const { status } = await stage.admin('GET', `${own}/endpoints/${name}`);
    return status === 200;
  });
  const [written] = await production.list(slicesOf('pr-1-front'));
  t.like(written?.metadata, forBoundary);
});
