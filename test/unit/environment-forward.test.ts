/** Environments that let in whom somebody else's endpoint knows. */
import test from 'ava';
import { twinClassSpec } from '../../operator/api/index.ts';
import { accepted, child, image, planOf, twinClass, unchecked, type PlanOptions } from './environment-fixtures.ts';

const web = { name: 'web', image, port: 8080 };
const forward = { workloads: [web], boundary: { auth: 'Forward' } };
const auth = {
  forwardURL: 'http://oauth2-proxy.auth.svc:4180/',
  identityHeaders: ['X-Auth-Request-User'],
  cookies: ['_oauth2_proxy*'],
};
const classWith = (changed: object = {}): PlanOptions => ({
  twinClass: twinClass({ exposure: { auth: { ...auth, ...changed } } }),
});
const problems = (spec: object, options: PlanOptions): readonly unknown[] => {
  const plan = planOf(spec, options);
  return 'problems' in plan ? plan.problems : [];
};

function egress(spec: object, options: PlanOptions): readonly unknown[] {
  const policy = child(accepted(spec, options), 'NetworkPolicy', 'twinlock-boundary') as {
    readonly spec: { readonly egress: readonly unknown[] };
  };
  return policy.spec.egress.slice(1);
}

function config(spec: object, options: PlanOptions): string {
  const { spec: deployment } = child(accepted(spec, options), 'Deployment', 'twinlock-boundary') as {
    readonly spec: { readonly template: { readonly metadata: { readonly annotations: Record<string, string> } } };
  };
  return deployment.template.metadata.annotations['twinlock.dev/boundary-config'] ?? '';
}

test('a class that names nobody to ask has no such environments, and none that is open instead', (t) => {
  t.deepEqual(problems(forward, {}), [
    {
      reason: 'NoForwardAuth',
      message:
        'boundary.auth is Forward, and TwinClass default names nobody to ask who people are; write auth: Token, or have the platform write exposure.auth there',
    },
  ]);
  const { twinClass: asking = twinClass() } = classWith();
  const broken = { ...asking.spec.exposure, auth: { ...auth, forwardURL: 'http://a:99999/', egress: [] } };
  const options = { twinClass: { ...asking, spec: { ...asking.spec, exposure: broken } } };
  t.like(problems(forward, options)[0], { reason: 'InvalidURL' });
});

test('its boundary asks at the address of the class, and nobody else is asked', (t) => {
  const text = config(forward, classWith());
  t.true(text.includes('"dial":"oauth2-proxy.auth.svc:4180"'), text);
  t.false(text.includes('"tls"'));
  t.true(text.includes('"X-Forwarded-Proto":["http"]'));
  const secure = config(
    forward,
    classWith({ forwardURL: 'https://auth.example/check', egress: [{ namespace: 'auth' }] }),
  );
  t.true(secure.includes('"dial":"auth.example:443"') && secure.includes('"tls":{}'), secure);
  t.true(secure.includes('"uri":"/check?'));
  for (const spec of [{ workloads: [web] }, { workloads: [web], boundary: { auth: 'Token' } }])
    t.false(config(spec, classWith()).includes('oauth2-proxy'));
});

test('hosts of an environment stand in its questions as in its URLs', (t) => {
  const exposure = { domain: 'twins.example', scheme: 'https', port: 8443, auth };
  const options = { twinClass: twinClass({ exposure }) };
  const plan = accepted(forward, options);
  const text = config(forward, options);
  for (const url of [plan.url, plan.workloads[0]?.url])
    t.true(text.includes(`["${url?.slice('https://'.length)}"]`), url);
  t.true(text.includes('"X-Forwarded-Proto":["https"]'));
});

test("the boundary's NetworkPolicy reaches the namespace of the Service, or what the class says", (t) => {
  const auth = [{ to: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'auth' } } }] }];
  t.deepEqual(egress(forward, classWith()), auth);
  t.deepEqual(egress(forward, classWith({ forwardURL: 'https://a.auth.svc.corp.example' })), auth);
  const elsewhere = {
    forwardURL: 'https://auth.example/',
    egress: [{ cidr: '203.0.113.7/32', ports: [{ port: 443 }] }],
  };
  t.deepEqual(egress(forward, classWith(elsewhere)), [
    { to: [{ ipBlock: { cidr: '203.0.113.7/32' } }], ports: [{ protocol: 'TCP', port: 443 }] },
  ]);
  t.deepEqual(egress({ workloads: [web] }, classWith()), []);
  t.deepEqual(egress({ workloads: [web], boundary: { auth: 'Token' } }, classWith()), []);
  t.deepEqual(egress(forward, { ...classWith(), boundaryImage: undefined }), []);
});

const takes = (changed: object): boolean =>
  twinClassSpec.safeParse({ default: true, exposure: { auth: { ...auth, ...changed } } }).success;

test('what a class may name is bounded: headers that lead requests, and credentials that apps would hear', (t) => {
  t.true(takes({}));
  t.true(takes({ cookies: undefined, headers: ['Authorization'] }));
  t.false(takes({ cookies: undefined }));
  t.false(takes({ cookies: [] }));
  t.false(takes({ cookies: ['*'] }));
  for (const name of ['Host', 'cookie', 'Connection', 'TRANSFER-ENCODING', 'x-forwarded-uri', 'X_User', '*']) {
    t.false(takes({ identityHeaders: [name] }), name);
    t.false(takes({ headers: [name] }), name);
  }
  t.false(takes({ forwardURL: 'https://auth.example/' }), 'nobody knows where that is');
});

test('what a schema did not fill in is closed, not open', (t) => {
  t.like(problems(unchecked({ boundary: { auth: 'Forward', noindex: true } }), {})[0], {
    reason: 'NoForwardAuth',
  });
});
