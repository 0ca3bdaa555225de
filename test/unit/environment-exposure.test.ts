/** How people get to the boundary: Ingresses, their certificates, and what is told where they do not. */
import test from 'ava';
import { certificateOf } from '../../operator/environments/decide/certificate.ts';
import { entranceProblem, untold, type Front } from '../../operator/environments/decide/entrance.ts';
import { routeProblem } from '../../operator/environments/decide/routed.ts';
import type { Copied, GivenCertificate } from '../../operator/environments/decide/copies.ts';
import { slimCertificate, slimRoute } from '../../operator/environments/gather/cache/index.ts';
import { Copies } from '../../operator/environments/gather/copies.ts';
import { newAuthority, newCertificate, type KeyPair } from '../harness/pki.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { accepted, child, environment, image, planOf, twinClass, type PlanOptions } from './environment-fixtures.ts';
import { active, now, statusOf } from './environment-situations.ts';

const web = { name: 'web', image, port: 8080 };
const domain = 'twins.example';
const given = { secretRef: { namespace: 'edge', name: 'wildcard' } };
const issued = { clusterIssuer: 'letsencrypt' };
const ingress = {
  className: 'nginx',
  annotations: [{ name: 'nginx.ingress.kubernetes.io/proxy-body-size', value: '0' }],
};
const classWith = (exposure: object): PlanOptions => ({
  twinClass: twinClass({ exposure: { domain, ...exposure } }),
});
const secured = (tls: object): PlanOptions => classWith({ scheme: 'https', ingress, tls });

test('without a word about it an environment has no Ingress, and no other objects than before', (t) => {
  t.false(accepted({ workloads: [web] }).manifests.parts.some(({ kind }) => kind === 'Ingress'));
  t.false(
    accepted({ workloads: [web] }, { ...classWith({ ingress }), boundaryImage: undefined }).manifests.parts.some(
      ({ kind }) => kind === 'Ingress',
    ),
  );
});

test('an Ingress leads every host of the environment to its boundary, and has what the class writes', (t) => {
  const services = [{ name: 'stripe', expose: 'Host' }];
  const spec = { workloads: [web, { ...web, name: 'inside', expose: 'None' }], services };
  const plan = accepted(spec, classWith({ ingress }));
  const host = `${plan.home.namespace}.${domain}`;
  const backend = { service: { name: 'twinlock-boundary', port: { number: 8080 } } };
  const made = child(plan, 'Ingress', 'twinlock-boundary') as { metadata: object; spec: object };
  t.like(made.metadata, { annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '0' } });
  t.deepEqual(made.spec, {
    ingressClassName: 'nginx',
    rules: [host, `web--${host}`, `stripe--${host}`].map((name) => ({
      host: name,
      http: { paths: [{ path: '/', pathType: 'Prefix', backend }] },
    })),
  });
  const bare = child(accepted(spec, classWith({ ingress: {} })), 'Ingress', 'twinlock-boundary');
  t.false('annotations' in (bare['metadata'] as object));
  t.false('ingressClassName' in (bare['spec'] as object));
});

test('with a certificate URLs begin with https, the app hears so, and the Ingress names its Secret', (t) => {
  for (const tls of [given, issued]) {
    const plan = accepted({ workloads: [web] }, secured(tls));
    const host = `${plan.home.namespace}.${domain}`;
    t.is(plan.url, `https://${host}`);
    t.is(plan.workloads[0]?.url, `https://web--${host}`);
    const pod = JSON.stringify(child(plan, 'Deployment', 'web'));
    t.true(pod.includes(`{"name":"TWINLOCK_URL","value":"https://${host}"}`), pod);
    t.like(child(plan, 'Ingress', 'twinlock-boundary')['spec'], {
      tls: [{ hosts: [host, `web--${host}`], secretName: 'twinlock-tls' }],
    });
  }
});

function annotations(tls: object, spec: object = {}): unknown {
  const { metadata } = child(accepted({ workloads: [web], ...spec }, secured(tls)), 'Ingress', 'twinlock-boundary') as {
    metadata: { annotations: unknown };
  };
  return metadata.annotations;
}

test('cert-manager hears of an issuer that the platform named, whatever names an author chose', (t) => {
  const size = { 'nginx.ingress.kubernetes.io/proxy-body-size': '0' };
  t.deepEqual(annotations(issued), { ...size, 'cert-manager.io/cluster-issuer': 'letsencrypt' });
  t.deepEqual(annotations(given), size);
  t.deepEqual(annotations(issued, { boundary: { auth: 'None', noindex: false } }), annotations(issued));
});

test("a class's certificate is copied from where the platform keeps it; cert-manager's is made in place", (t) => {
  const plan = accepted({ workloads: [web] }, secured(given));
  const host = `${plan.home.namespace}.${domain}`;
  const from = { namespace: 'edge', name: 'wildcard', hosts: [host, `web--${host}`] };
  t.deepEqual(plan.copies, [{ kind: 'Secret', name: 'twinlock-tls', from }]);
  t.deepEqual(accepted({ workloads: [web] }, secured(issued)).copies, []);
});

const mounted = (volume: object): object => ({
  name: 'web',
  port: 8080,
  template: { spec: { containers: [{ name: 'web', image }], volumes: [{ name: 'v', ...volume }] } },
});
const readers: readonly [title: string, spec: object][] = [
  ['a volume', { workloads: [mounted({ secret: { secretName: 'twinlock-tls' } })] }],
  ['a projected volume', { workloads: [mounted({ projected: { sources: [{ secret: { name: 'twinlock-tls' } }] } })] }],
  [
    'credentials of a volume',
    { workloads: [mounted({ csi: { driver: 'x', nodePublishSecretRef: { name: 'twinlock-tls' } } })] },
  ],
  [
    'a variable',
    {
      workloads: [
        {
          name: 'web',
          port: 8080,
          template: {
            spec: {
              containers: [
                {
                  name: 'web',
                  image,
                  env: [{ name: 'K', valueFrom: { secretKeyRef: { name: 'twinlock-tls', key: 'tls.key' } } }],
                },
              ],
            },
          },
        },
      ],
    },
  ],
  ['a copy of that name', { workloads: [web], secrets: ['db', 'twinlock-tls'] }],
];
for (const [title, spec] of readers)
  test(`no workload gets the key of a certificate: ${title}`, (t) => {
    const rules = { copySecrets: ['*'] };
    const plan = planOf(spec, { twinClass: twinClass({ ...rules, exposure: { domain } }) });
    t.like('problems' in plan ? plan.problems[0] : undefined, { reason: 'CertificateRefused' });
  });

test('a host that no certificate can have is refused where each environment has its own', (t) => {
  const long = { domain: `${'d'.repeat(30)}.example` };
  const plan = planOf(environment({}, { metadata: { name: 'n'.repeat(63) } }), secured({ ...issued }));
  t.false('problems' in plan, '40 and a dot and 13');
  const refused = planOf(environment({}, { metadata: { name: 'n'.repeat(63) } }), {
    twinClass: twinClass({ exposure: { ...long, scheme: 'https', ingress, tls: issued } }),
  });
  t.like('problems' in refused ? refused.problems[0] : undefined, { reason: 'HostTooLong' });
  t.regex('problems' in refused ? (refused.problems[0]?.message ?? '') : '', /common name of 79 characters/);
  const wildcard = planOf(environment({}, { metadata: { name: 'n'.repeat(63) } }), {
    twinClass: twinClass({ exposure: { ...long, scheme: 'https', ingress, tls: given } }),
  });
  t.false('problems' in wildcard);
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const tlsSecret = ({ certificate, key }: KeyPair): object => ({
  type: 'kubernetes.io/tls',
  data: { 'tls.crt': base64(certificate), 'tls.key': base64(key), 'ca.crt': base64('more') },
});
const host = 'pr-42-abcdefgh.twins.example';
const wanted: GivenCertificate = { namespace: 'edge', name: 'wildcard', hosts: [host, `web--${host}`] };
const today = Date.now() + 60_000;

test('a certificate is copied as it is, and nothing beside it', async (t) => {
  const authority = await newAuthority('ca');
  const pair = await newCertificate(authority, { name: 'x', altNames: ['DNS:*.twins.example'] });
  t.deepEqual(certificateOf(wanted, tlsSecret(pair), today), {
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(pair.certificate), 'tls.key': base64(pair.key) },
  });
});

test('what an Ingress controller would not serve is said in words, and none of it is quoted', async (t) => {
  const authority = await newAuthority('ca');
  const pair = await newCertificate(authority, { name: 'x', altNames: ['DNS:*.twins.example'] });
  const other = await newCertificate(authority, { name: 'twins.example', altNames: ['DNS:*.other.example'] });
  const year = 365 * 86_400_000;
  const faults: readonly [original: object, at: number, words: RegExp][] = [
    [
      { type: 'Opaque', data: {} },
      today,
      /is not of type kubernetes\.io\/tls: make it with kubectl create secret tls$/,
    ],
    [{ type: 'kubernetes.io/tls' }, today, /is not of type/],
    [{ type: 'kubernetes.io/tls', data: { 'tls.crt': base64('x'), 'tls.key': 7 } }, today, /holds no certificate/],
    [tlsSecret({ ...pair, key: other.key }), today, /the key of another one/],
    [tlsSecret(other), today, /is not for pr-42-abcdefgh\.twins\.example: it has to name \*\.<domain>/],
    [tlsSecret(pair), today + year + 60_000, /has expired: renew it/],
    [tlsSecret(pair), today - 86_400_000, /is not valid yet/],
  ];
  for (const [original, at, words] of faults) {
    const found = certificateOf(wanted, original, at);
    const { reason, message } = 'problem' in found ? found.problem : { reason: '', message: 'none' };
    t.is(reason, 'NoCertificate');
    t.regex(message, words);
    t.regex(message, /^Secret edge\/wildcard, the class's certificate \(exposure\.tls\.secretRef\), /);
    t.false(message.includes('BEGIN') || message.includes(pair.key.slice(40, 60)));
  }
});

const copied = (outcome: Partial<Copied>): Copied => ({ wanted: [], there: [], problems: [], dueIn: 1, ...outcome });
const plannedWith = (tls: object) => ({ plan: accepted({ workloads: [web] }, secured(tls)) }) as never;
const none: Front = { certificate: undefined, routes: [] };

test('a certificate that was not copied is no way in', (t) => {
  const planned = plannedWith(given);
  const of = (outcome: Partial<Copied> | undefined) =>
    entranceProblem({ planned, front: none, copied: outcome && copied(outcome) })?.message;
  const problem = { reason: 'NoCertificate' as const, message: 'Secret edge/wildcard is not there' };
  t.is(of({ there: [{ kind: 'Secret', name: 'twinlock-tls' }] }), undefined);
  t.is(of({ problems: [problem], there: [{ kind: 'Secret', name: 'twinlock-tls' }] }), problem.message);
  for (const outcome of [undefined, {}, { there: [{ kind: 'ConfigMap' as const, name: 'twinlock-tls' }] }])
    t.is(of(outcome), 'The certificate was not copied yet');
});

const certificate = (dnsNames: readonly string[], ready: object, generation = 1) =>
  slimCertificate({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'twinlock-tls', generation },
    spec: { dnsNames },
    status: { conditions: [{ type: 'Issuing', status: 'True' }, ready] },
  } as Parameters<typeof slimCertificate>[0]);

test('what cert-manager says of a certificate is what is told', (t) => {
  const planned = plannedWith(issued) as { plan: ReturnType<typeof accepted> };
  const at = `${planned.plan.home.namespace}.${domain}`;
  const hosts = [at, `web--${at}`];
  const ready = { type: 'Ready', status: 'True', message: 'up to date', observedGeneration: 1 };
  const pending = { ...ready, status: 'False', message: 'Issuing certificate: \u001b[31mDNS' };
  const of = (front: Front['certificate']) =>
    entranceProblem({ planned: planned as never, front: { certificate: front, routes: [] }, copied: undefined })
      ?.message ?? 'open';
  t.is(of(certificate(hosts, ready)), 'open');
  t.regex(of('Unserved'), /needs cert-manager/);
  t.regex(of(undefined), /has not taken up the Ingress.*ClusterIssuer letsencrypt/);
  t.regex(of(certificate(hosts.slice(0, 1), ready)), /does not name web--pr-42-/);
  t.regex(of(certificate(hosts, ready, 2)), /is not ready: up to date/);
  t.regex(
    of(certificate(hosts, pending)),
    /is not ready: Issuing certificate: \\u001b\[31mDNS|is not ready: Issuing certificate: .?\[31mDNS/,
  );
  t.regex(of(certificate(hosts, { type: 'Other' })), /says nothing of it yet/);
  t.true(untold({ planned: planned as never, front: { certificate: 'Unserved', routes: [] } }));
  t.false(untold({ planned: planned as never, front: none }));
  t.false(untold({ planned: plannedWith(given), front: { certificate: 'Unserved', routes: [] } }));
});

test('an environment without its certificate is not exposed, and not Ready', (t) => {
  const entrance = { reason: 'NoCertificate' as const, message: 'the Certificate is not ready: DNS' };
  const { conditions = [] } = statusOf(environment({ workloads: [web] }), active({}, { entrance }), now);
  const told = (type: string) => conditions.find((each) => each.type === type);
  t.like(told('Exposed'), { status: 'False', ...entrance });
  t.like(told('Ready'), { status: 'False', ...entrance });
});

test('a certificate alone is looked at once an hour; while it is missing, or with other copies, each minute', async (t) => {
  const clock = new ManualClock(0);
  const copies = new Copies(clock);
  const own = { kind: 'Secret', name: 'twinlock-tls', from: wanted } as const;
  const problem = { reason: 'NoCertificate' as const, message: 'x' };
  for (const [outcome, dueIn] of [
    [{ wanted: [own], there: [own], problems: [] }, 3_600_000],
    [{ wanted: [own], there: [], problems: [problem] }, 60_000],
    [{ wanted: [own, { kind: 'Secret', name: 'db' } as const], there: [], problems: [] }, 60_000],
  ] as const) {
    await copies.keep('a', () => Promise.resolve(outcome));
    t.is(copies.of('a')?.dueIn, dueIn);
  }
});

const edge = { namespace: 'edge', name: 'shared' };
const routed = classWith({ scheme: 'https', gateway: { parentRefs: [edge, { ...edge, sectionName: 'https' }] } });

test('HTTPRoutes lead every host from the Gateways of the class, sixteen each', (t) => {
  const workloads = Array.from({ length: 17 }, (_, index) => ({ ...web, name: `web-${index}` }));
  const quota = {
    'requests.memory': '64Gi',
    'limits.memory': '64Gi',
    'limits.cpu': '64',
    pods: 64,
    'limits.ephemeral-storage': '1Ti',
  };
  const plan = accepted({ workloads }, { twinClass: twinClass({ quota, exposure: routed.twinClass?.spec.exposure }) });
  const made = ['twinlock-boundary', 'twinlock-boundary-2'].map(
    (name) => child(plan, 'HTTPRoute', name)['spec'] as { hostnames: readonly string[]; parentRefs: unknown },
  );
  t.deepEqual(
    made.map(({ hostnames }) => hostnames.length),
    [16, 2],
  );
  t.is(made[0]?.hostnames[0], `${plan.home.namespace}.${domain}`);
  t.deepEqual(made[1]?.parentRefs, [edge, { ...edge, sectionName: 'https' }]);
  t.is(plan.url, `https://${plan.home.namespace}.${domain}`);
  t.false(plan.manifests.parts.some(({ kind }) => kind === 'Ingress'));
});

/** How often the boundary's policy lets that namespace in. */
function from(parent: string): readonly string[] {
  const gateway = {
    parentRefs: [
      { ...edge, namespace: parent },
      { ...edge, namespace: parent },
    ],
  };
  const spec = child(accepted({ workloads: [web] }, classWith({ gateway })), 'NetworkPolicy', 'twinlock-boundary')[
    'spec'
  ];
  return JSON.stringify(spec).match(new RegExp(`"kubernetes.io/metadata.name":"${parent}"`, 'g')) ?? [];
}

test('the pods of a Gateway reach the boundary, and no namespace is named twice', (t) => {
  t.is(from('edge').length, 1);
  t.is(from('traefik').length, 1, 'it is among those that the class lists');
});

test('without the Gateway API nothing is sent, and it is said', (t) => {
  const plan = accepted({ workloads: [web] }, { ...routed, hasRoutes: false });
  t.false(plan.manifests.parts.some(({ kind }) => kind === 'HTTPRoute'));
  const front = { certificate: undefined, routes: 'Unserved' as const };
  t.is(entranceProblem({ planned: { plan }, front, copied: undefined })?.reason, 'NoGatewayAPI');
  t.true(untold({ planned: { plan }, front }));
  t.is(accepted({ workloads: [web] }, { ...routed, boundaryImage: undefined }).routes, undefined);
});

const accepts = (more: object = {}, resolved: object = {}) => [
  { type: 'Accepted', status: 'True', reason: 'Accepted', message: '', observedGeneration: 3, ...more },
  { type: 'ResolvedRefs', status: 'True', reason: 'ResolvedRefs', message: '', observedGeneration: 3, ...resolved },
];
const route = (...parents: readonly object[]) =>
  slimRoute({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'twinlock-boundary', namespace: 'pr-42-x', generation: 3 },
    spec: {},
    status: { parents },
  } as Parameters<typeof slimRoute>[0]);

test('each Gateway has to have taken each route as it is now; what nobody says is no yes', (t) => {
  const { routes: planned } = accepted({ workloads: [web] }, routed);
  const of = (...found: Parameters<typeof routeProblem>[1]): string =>
    (planned && routeProblem(planned, found)?.message) ?? 'open';
  const first = { parentRef: edge, conditions: accepts() };
  const at = { ...edge, sectionName: 'https' };
  t.is(of(route(first, { parentRef: at, conditions: accepts() })), 'open');
  t.regex(of(), /HTTPRoute twinlock-boundary, Gateway edge\/shared: it is not there yet/);
  t.regex(of(route(first)), /Gateway edge\/shared \(https\): no controller has answered/);
  t.regex(of(route({ ...first, parentRef: { name: 'shared' } })), /no controller has answered/, 'of its own namespace');
  for (const [conditions, words] of [
    [
      accepts({ status: 'False', reason: 'NotAllowedByListeners', message: 'namespace \u001b[31m not allowed' }),
      /Accepted is False \(NotAllowedByListeners\): namespace/,
    ],
    [accepts({}, { status: 'False', reason: 'BackendNotFound', message: 'x' }), /ResolvedRefs is False \(Backend/],
    [accepts({ status: 'maybe' }), /nobody says that Accepted is True/],
    [accepts().slice(0, 1), /nobody says that ResolvedRefs is True/],
    [accepts({ observedGeneration: 2 }), /has not looked at its hosts of today yet/],
  ] as const) {
    const said = of(route(first, { parentRef: at, conditions }));
    t.regex(said, words);
    t.false(said.includes('\u001b'));
  }
  t.regex(
    of(
      route(
        first,
        { parentRef: at, conditions: accepts() },
        { parentRef: at, conditions: accepts({ status: 'False' }) },
      ),
    ),
    /Accepted is False/,
    'two controllers, one of which says no',
  );
  t.regex(of(route()), /no controller/);
});
