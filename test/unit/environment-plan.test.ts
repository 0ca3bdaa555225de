import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import { classOf, namespaceProblem } from '../../operator/environments/decide/plan/index.ts';
import type { Plan } from '../../operator/environments/decide/plan/index.ts';
import {
  accepted,
  child,
  environment,
  envOf,
  image,
  planOf,
  podOf,
  stripe,
  twinClass,
  unchecked,
  vendorTwin,
} from './environment-fixtures.ts';

const web = { name: 'web', image, port: 8080 };
const other = `registry.example/other@sha256:${'d'.repeat(64)}`;
const container = (more: object = {}): object => ({ name: 'web', image, ...more });
const template = (spec: object): object => ({ name: 'web', port: 8080, template: { spec } });

const smtp = vendorTwin('smtp', {
  port: undefined,
  ports: [{ name: 'smtp', port: 1025, protocol: 'TCP' }],
});

const refused: readonly [title: string, spec: object, reason: string, message: RegExp][] = [
  ['a VendorTwin that is not there', { services: [{ name: 'posthog' }] }, 'VendorTwinNotFound', /VendorTwin posthog/],
  [
    'a version that is not there',
    { services: [{ name: 'stripe', vendorTwinRef: { name: 'stripe', version: 'v9' } }] },
    'VendorTwinVersionNotFound',
    /no version v9; it has v1/,
  ],
  [
    'Durable state of a twin that keeps none',
    { services: [{ name: 'mail', state: { persistence: 'Durable' } }] },
    'NoStatePath',
    /statePath/,
  ],
  [
    'a live key in a variable',
    { workloads: [{ ...web, env: [{ name: 'KEY', value: 'sk_live_x' }] }], services: [{ name: 'stripe' }] },
    'LiveKeyRefused',
    /variable KEY/,
  ],
  [
    'a live key for a Real service',
    {
      workloads: [{ ...web, env: [{ name: 'KEY', value: 'sk_live_x' }] }],
      services: [{ name: 'stripe', mode: 'Real' }],
    },
    'LiveKeyRefused',
    /variable KEY/,
  ],
  [
    'a live key in the arguments of an init container',
    {
      workloads: [
        template({ containers: [container()], initContainers: [{ name: 'seed', image, args: ['sk_live_x'] }] }),
      ],
      services: [{ name: 'stripe' }],
    },
    'LiveKeyRefused',
    /container seed: an entry of args/,
  ],
  [
    'two services that set the same variable',
    { workloads: [web], services: [{ name: 'stripe' }, { name: 'second' }] },
    'BindingClash',
    /STRIPE_API_BASE/,
  ],
  [
    'a variable that is no object',
    { workloads: [template({ containers: [container({ env: ['KEY=value'] })] })] },
    'TemplateInvalid',
    /template\.spec\.containers/,
  ],
  [
    'a digest without a repository in an image volume',
    {
      workloads: [
        template({
          containers: [container()],
          volumes: [{ name: 'data', image: { reference: `sha256:${'a'.repeat(64)}` } }],
        }),
      ],
    },
    'ImageNotByDigest',
    /volume data/,
  ],
  [
    'an image with two digests',
    { workloads: [template({ containers: [container({ image: `${image}@sha256:${'e'.repeat(64)}` })] })] },
    'ImageNotByDigest',
    /container web/,
  ],
  [
    'a fraction in a template',
    { workloads: [template({ containers: [container()], terminationGracePeriodSeconds: 0.5 })] },
    'TemplateInvalid',
    /digested/,
  ],
  [
    'egress that the class does not list',
    { network: { egress: [{ cidr: '203.0.113.0/24' }] } },
    'EgressNotAllowed',
    /203\.0\.113\.0\/24/,
  ],
  [
    'a twin of the catalogue that is to be reached from outside and speaks no HTTP',
    { services: [{ name: 'smtp', expose: 'Host' }] },
    'ExposeNotHTTP',
    /smtp.*expose: None/,
  ],
  [
    'a live key in a binding',
    {
      workloads: [{ ...web, bindings: [{ service: 'stripe', env: 'KEY', value: 'sk_live_x@{host}' }] }],
      services: [{ name: 'stripe' }],
    },
    'LiveKeyRefused',
    /binding of KEY/,
  ],
  [
    'a live key in a twin of the environment’s own',
    { services: [{ name: 'stripe' }, { name: 'own', image, port: 80, env: [{ name: 'KEY', value: 'sk_live_x' }] }] },
    'LiveKeyRefused',
    /service own: variable KEY/,
  ],
  [
    'the key of a twin that has none',
    {
      workloads: [{ ...web, bindings: [{ service: 'own', env: 'KEY', value: 'Bearer {key}' }] }],
      services: [{ name: 'own', image, port: 80 }],
    },
    'NoDummyKey',
    /KEY gets the key of service own/,
  ],
];
const platformFields: readonly object[] = [
  { nodeName: 'node-1' },
  { priorityClassName: 'system-node-critical' },
  { runtimeClassName: 'none' },
  { schedulerName: 'mine' },
  { resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }] },
  { tolerations: [{ operator: 'Exists' }] },
  { volumes: [{ name: 'share', nfs: { server: '203.0.113.9', path: '/' } }] },
  { volumes: [{ name: 'host', hostPath: { path: '/' } }] },
];
for (const fields of platformFields) {
  test(`refused as the platform's to say: ${JSON.stringify(fields)}`, (t) => {
    const plan = planOf(environment({ workloads: [template({ containers: [container()], ...fields })] }));
    if (!('problems' in plan)) return t.fail('it was accepted');
    t.deepEqual(
      plan.problems.map(({ reason }) => reason),
      ['TemplateFieldRefused'],
    );
  });
}

test('what restricted Pod Security has as volumes, and what the API server fills in, is no reason to refuse', (t) => {
  const volumes = [
    { name: 'a', configMap: { name: 'a' } },
    { name: 'b', emptyDir: {} },
    { name: 'c', image: { reference: image } },
  ];
  t.notThrows(() =>
    accepted({ workloads: [template({ containers: [container()], volumes, schedulerName: 'default-scheduler' })] }),
  );
});

test('a template that would fill caches is refused, and its content is in no message', (t) => {
  const env = [{ name: 'BLOB', value: 'x'.repeat(200_000) }];
  const plan = planOf({ workloads: [template({ containers: [container({ env })] })] });
  t.like('problems' in plan && plan.problems[0], { reason: 'TemplateTooLarge' });
  t.true(JSON.stringify(plan).length < 1000);
});

test('the disks of nodes are bounded for containers that say nothing', (t) => {
  const plan = accepted({ workloads: [web] });
  t.like(child(plan, 'ResourceQuota', 'twinlock'), { spec: { hard: { 'limits.ephemeral-storage': '32Gi' } } });
  const [limits] = (child(plan, 'LimitRange', 'twinlock')['spec'] as { limits: readonly object[] }).limits;
  t.like(limits, {
    default: { cpu: '500m', 'ephemeral-storage': '1Gi' },
    defaultRequest: { 'ephemeral-storage': '0' },
    max: { 'ephemeral-storage': '8Gi' },
  });
});

for (const [title, spec, reason, message] of refused) {
  test(`refused: ${title}`, (t) => {
    const catalogue = [
      stripe,
      vendorTwin('mail'),
      smtp,
      vendorTwin('second', { bindings: [{ env: 'STRIPE_API_BASE', source: 'URL' }] }),
    ];
    const plan = planOf(spec, { catalogue });
    if (!('problems' in plan)) return t.fail('it was accepted');
    t.deepEqual(
      plan.problems.map((each) => each.reason),
      [reason],
    );
    t.regex(plan.problems[0]?.message ?? '', message);
  });
}

const beyondTheSchema: readonly [title: string, spec: object, reason: string][] = [
  [
    'an image override for a container that is not there',
    {
      workloads: [
        {
          name: 'web',
          replicas: 1,
          expose: 'None',
          template: { spec: { containers: [{ name: 'web', image }] } },
          images: [{ container: 'api', image }],
        },
      ],
    },
    'ContainerNotFound',
  ],
  [
    'a tag',
    {
      workloads: [
        {
          name: 'web',
          replicas: 1,
          expose: 'None',
          template: { spec: { containers: [{ name: 'web', image: 'web:1' }] } },
        },
      ],
    },
    'ImageNotByDigest',
  ],
  [
    'a tag in an image volume',
    {
      workloads: [
        {
          name: 'web',
          replicas: 1,
          expose: 'None',
          template: {
            spec: { containers: [{ name: 'web', image }], volumes: [{ name: 'data', image: { reference: 'data:1' } }] },
          },
        },
      ],
    },
    'ImageNotByDigest',
  ],
  [
    'a workload and a service of one name',
    {
      workloads: [{ name: 'stripe', replicas: 1, expose: 'None', image }],
      services: [{ name: 'stripe', mode: 'Twin', expose: 'None' }],
    },
    'NameClash',
  ],
];
for (const [title, spec, reason] of beyondTheSchema) {
  test(`refused without the schema too: ${title}`, (t) => {
    const plan = planOf(unchecked(spec));
    t.deepEqual('problems' in plan && plan.problems.map((each) => each.reason), [reason]);
  });
}

test('everything that is wrong is said at once', (t) => {
  const plan = planOf({ services: [{ name: 'posthog' }, { name: 'mail' }] });
  t.is('problems' in plan ? plan.problems.length : 0, 2);
});

test('no live key gets into a message', (t) => {
  const value = 'sk_live_verysecret';
  const plan = planOf({ workloads: [{ ...web, env: [{ name: 'KEY', value }] }], services: [{ name: 'stripe' }] });
  t.false(JSON.stringify(plan).includes(value));
});

const prefixes: readonly [prefix: string, allowed: boolean][] = [
  ['registry.example/', true],
  ['registry.example/web', true],
  ['registry.example/we', false],
  ['registry.other/web', false],
];
for (const [prefix, allowed] of prefixes) {
  test(`allowedImages ${prefix} ${allowed ? 'admits' : 'refuses'} registry.example/web`, (t) => {
    const plan = planOf({ workloads: [web] }, { twinClass: twinClass({ allowedImages: [prefix] }) });
    t.is('problems' in plan ? plan.problems[0]?.reason : undefined, allowed ? undefined : 'ImageNotAllowed');
  });
}

test('a tag beside the digest is taken wherever an image is written, and counts for nothing', (t) => {
  const tagged = image.replace('@', ':v1.2@');
  const workloads = [
    { name: 'web', image: tagged, port: 8080 },
    { ...template({ containers: [container({ image: tagged })] }), name: 'api' },
    {
      ...template({ containers: [container({ image: 'web:1' })] }),
      name: 'job',
      images: [{ container: 'web', image: tagged }],
    },
  ];
  const services = [{ name: 'own', image: tagged, port: 80 }];
  const plan = accepted({ workloads, services }, { twinClass: twinClass({ allowedImages: ['registry.example/web'] }) });
  for (const name of ['web', 'api', 'job', 'own']) t.is(podOf(plan, name).containers[0]?.image, tagged);
});

test('twins of the catalogue are the platform’s choice, inline twins are not', (t) => {
  const narrow = twinClass({ allowedImages: ['registry.example/web'] });
  t.false('problems' in planOf({ services: [{ name: 'stripe' }] }, { twinClass: narrow }));
  t.true('problems' in planOf({ services: [{ name: 'own', image: other, port: 80 }] }, { twinClass: narrow }));
});

const egress: readonly [asked: object, requestable: object, allowed: boolean][] = [
  [{ cidr: '203.0.113.7/32' }, { cidr: '203.0.113.0/24' }, true],
  [{ cidr: '203.0.113.0/24' }, { cidr: '203.0.113.0/25' }, false],
  [{ cidr: '2001:db8::/48' }, { cidr: '2001:db8::/32' }, true],
  [{ cidr: '2001:db8::/48' }, { cidr: '0.0.0.0/0' }, false],
  [{ cidr: '203.0.113.7/32' }, { cidr: '203.0.113.0/24', ports: [{ port: 443 }] }, false],
  [{ cidr: '203.0.113.7/32', ports: [{ port: 443 }] }, { cidr: '203.0.113.0/24', ports: [{ port: 443 }] }, true],
  [
    { cidr: '203.0.113.7/32', ports: [{ port: 443, protocol: 'UDP' }] },
    { cidr: '203.0.113.0/24', ports: [{ port: 443 }] },
    false,
  ],
  [{ namespace: 'shared' }, { namespace: 'shared' }, true],
  [{ namespace: 'kube-system' }, { namespace: 'shared' }, false],
];
for (const [asked, requestable, allowed] of egress) {
  test(`egress ${JSON.stringify(asked)} is ${allowed ? '' : 'not '}within ${JSON.stringify(requestable)}`, (t) => {
    const plan = planOf(
      { network: { egress: [asked] } },
      { twinClass: twinClass({ network: { requestable: [requestable] } }) },
    );
    t.is('problems' in plan, !allowed);
  });
}

test('the default class is the one that says so, and with two of them nobody has it', (t) => {
  const one = twinClass();
  t.is(classOf(environment({}), [one, twinClass({ default: false }, 'b')]), one);
  t.like(classOf(environment({}), [one, twinClass({}, 'b')]), { reason: 'DefaultClassAmbiguous' });
  t.like(classOf(environment({}), []), { reason: 'NoDefaultClass' });
  t.like(classOf(environment({ classRef: { name: 'c' } }), [one]), { reason: 'ClassNotFound' });
});

test('a namespace needs every label of the selector', (t) => {
  const selective = twinClass({ namespaceSelector: { matchLabels: { team: 'shop', stage: 'dev' } } });
  t.is(namespaceProblem('a', { team: 'shop', stage: 'dev', more: 'x' }, selective), undefined);
  t.regex(namespaceProblem('a', { team: 'shop' }, selective)?.message ?? '', /stage=dev/);
  t.truthy(namespaceProblem('a', undefined, selective));
});

test('the container of a workload given by image has the workload’s name, probes and a restricted security context', (t) => {
  const plan = accepted({
    workloads: [{ ...web, healthPath: '/healthz', env: [{ name: 'PRICE', value: '$5 $(HOME)' }] }],
  });
  const pod = podOf(plan, 'web');
  t.like(pod.containers[0], {
    name: 'web',
    image,
    readinessProbe: { httpGet: { path: '/healthz', port: 8080 } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  });
  t.deepEqual(envOf(plan, 'web'), [{ name: 'PRICE', value: '$$5 $$(HOME)' }]);
  t.like(pod, {
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 5,
    securityContext: { runAsNonRoot: true },
  });
});

test('a template keeps what its author wrote; images are replaced by the container’s name', (t) => {
  const plan = accepted({
    workloads: [
      {
        ...template({
          containers: [container({ custom: 1 }), { name: 'side', image }],
          terminationGracePeriodSeconds: 7,
        }),
        images: [{ container: 'web', image: other }],
      },
    ],
  });
  const pod = podOf(plan, 'web');
  t.like(pod, { terminationGracePeriodSeconds: 7 });
  t.deepEqual(
    pod.containers.map((each) => each.image),
    [other, image],
  );
  t.like(pod.containers[0], { custom: 1 });
});

test('a twin’s Durable state is on its claim, and the old pod goes before the new one comes', (t) => {
  const plan = accepted({ services: [{ name: 'stripe', state: { persistence: 'Durable', size: '2Gi' } }] });
  t.like(child(plan, 'PersistentVolumeClaim', 'stripe'), { spec: { resources: { requests: { storage: '2Gi' } } } });
  t.like(child(plan, 'Deployment', 'stripe'), { spec: { strategy: { type: 'Recreate' } } });
  t.deepEqual(podOf(plan, 'stripe').containers[0]?.volumeMounts, [{ name: 'state', mountPath: '/state' }]);
});

const started = { command: ['/bin/mail'], runAsUser: 1000, writablePaths: ['/tmp', '/home/node'] };
for (const [where, plan] of [
  [
    'of the catalogue',
    () =>
      accepted(
        { services: [{ name: 'mail' }] },
        { catalogue: [vendorTwin('mail', { ...started, statePath: '/data' })] },
      ),
  ],
  ['of an environment', () => accepted({ services: [{ name: 'mail', image: other, port: 1025, ...started }] })],
] as const) {
  test(`a twin ${where} whose image names no user starts under restricted, and writes where it has to`, (t) => {
    const { containers, volumes } = podOf(plan(), 'mail');
    t.like(containers[0], {
      command: ['/bin/mail'],
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] }, runAsUser: 1000 },
    });
    const state = where === 'of the catalogue' ? [{ name: 'state', mountPath: '/data' }] : [];
    t.deepEqual(containers[0]?.volumeMounts, [
      ...state,
      { name: 'writable-0', mountPath: '/tmp' },
      { name: 'writable-1', mountPath: '/home/node' },
    ]);
    t.deepEqual(
      volumes,
      [...state.map(({ name }) => name), 'writable-0', 'writable-1'].map((name) => ({ name, emptyDir: {} })),
    );
  });
}

test('a service that is Real or Disabled runs nothing', (t) => {
  for (const mode of ['Real', 'Disabled']) {
    const plan = accepted({ services: [{ name: 'stripe', mode }] });
    t.deepEqual(
      plan.manifests.parts.map(({ metadata }) => metadata.name),
      ['twinlock-boundary', 'twinlock-boundary'],
    );
  }
});

const forms: readonly [binding: object, inside: string, elsewhere: string][] = [
  [{}, 'http://mail:1025', 'https://[2001:db8::1]:8443/api'],
  [{ source: 'Host' }, 'mail', '2001:db8::1'],
  [{ source: 'HostPort' }, 'mail:1025', '[2001:db8::1]:8443'],
  [{ value: '{url}/v1' }, 'http://mail:1025/v1', 'https://[2001:db8::1]:8443/api/v1'],
  [{ value: 'redis://{host}:{port}/0' }, 'redis://mail:1025/0', 'redis://[2001:db8::1]:8443/0'],
];
for (const [binding, inside, elsewhere] of forms) {
  test(`a binding ${JSON.stringify(binding)} is ${inside}`, (t) => {
    const workloads = [{ ...web, bindings: [{ service: 'mail', env: 'spring.mail.url', ...binding }] }];
    const twins = [
      [{ name: 'mail', image: other, port: 1025 }, inside],
      [{ name: 'mail', externalURL: 'https://[2001:db8::1]:8443/api' }, elsewhere],
    ] as const;
    for (const [service, value] of twins) {
      const plan = accepted({ workloads, services: [service] });
      t.deepEqual(envOf(plan, 'web'), [{ name: 'spring.mail.url', value }]);
    }
  });
}

const told = (url: string): object[] => [
  { name: 'TWINLOCK_URL', value: url },
  { name: 'TWINLOCK_ENVIRONMENT', value: 'pr-42' },
];

test('every workload knows its environment and where it is reached, whatever its author wrote', (t) => {
  const own = { name: 'TWINLOCK_URL', value: 'mine' };
  const workloads = [
    { ...web, env: [own] },
    {
      name: 'api',
      port: 80,
      template: { spec: { containers: [container({ env: [own] })], initContainers: [container({ name: 'init' })] } },
    },
    { name: 'worker', image, expose: 'None', bindings: [{ env: 'BASE', value: '{url}/jobs' }] },
  ];
  const plan = accepted({ workloads });
  const host = `${plan.home.namespace}.twins.localhost`;
  t.deepEqual(podOf(plan, 'web').containers[0]?.env, told(`http://${host}`));
  const { containers, initContainers = [] } = podOf(plan, 'api');
  for (const each of [...containers, ...initContainers]) t.deepEqual(each.env, told(`http://api--${host}`));
  t.deepEqual(podOf(plan, 'worker').containers[0]?.env, [
    ...told(`http://${host}`),
    { name: 'BASE', value: `http://${host}/jobs` },
  ]);
  const closed = accepted({ workloads }, { boundaryImage: undefined });
  t.deepEqual(podOf(closed, 'worker').containers[0]?.env, [{ name: 'TWINLOCK_ENVIRONMENT', value: 'pr-42' }]);
});

test('a VendorTwin brings its own bindings, with its key in them', (t) => {
  const llm = vendorTwin('llm', {
    dummyKey: 'sk-twin',
    bindings: [
      { env: 'OPENAI_BASE_URL', value: '{url}/v1' },
      { env: 'AUTH', value: 'Bearer {key}' },
    ],
  });
  const own = { name: 'AUTH', value: 'mine' };
  const plan = (mode: string): unknown =>
    envOf(
      accepted({ workloads: [{ ...web, env: [own] }], services: [{ name: 'llm', mode }] }, { catalogue: [llm] }),
      'web',
    );
  t.deepEqual(plan('Twin'), [
    { name: 'OPENAI_BASE_URL', value: 'http://llm:12111/v1' },
    { name: 'AUTH', value: 'Bearer sk-twin' },
  ]);
  t.deepEqual(plan('Real'), [own]);
});

test('a twin elsewhere gives its URL and runs nothing here', (t) => {
  const plan = accepted({
    workloads: [
      {
        ...web,
        bindings: [
          { service: 'mail', env: 'MAIL_URL', source: 'URL' },
          { service: 'mail', env: 'MAIL_HOST', source: 'Host' },
          { service: 'mail', env: 'MAIL_PORT', source: 'Port' },
        ],
      },
    ],
    services: [{ name: 'mail', externalURL: 'https://mail.example/api' }],
  });
  t.deepEqual(envOf(plan, 'web'), [
    { name: 'MAIL_URL', value: 'https://mail.example/api' },
    { name: 'MAIL_HOST', value: 'mail.example' },
    { name: 'MAIL_PORT', value: '443' },
  ]);
  t.false(plan.manifests.parts.some(({ metadata }) => metadata.name === 'mail'));
});

test('every child carries the environment’s labels, so that the caches see it and pruning knows it', (t) => {
  const { manifests } = accepted({ workloads: [web], services: [{ name: 'stripe' }] });
  for (const { kind, metadata } of [manifests.namespace, manifests.binding, ...manifests.guards, ...manifests.parts]) {
    t.is(metadata.labels?.['twinlock.dev/environment'], 'pr-42', `${kind} ${metadata.name}`);
    t.is(metadata.labels?.['twinlock.dev/environment-uid'], 'uid-1', `${kind} ${metadata.name}`);
  }
});

test('a selector of a Deployment selects its own pods', (t) => {
  const plan = accepted({ workloads: [web], services: [{ name: 'stripe' }] });
  for (const { metadata } of plan.manifests.parts.filter(({ kind }) => kind === 'Deployment')) {
    const { selector, template: pods } = child(plan, 'Deployment', metadata.name)['spec'] as {
      selector: { matchLabels: Record<string, string> };
      template: { metadata: { labels: Record<string, string> } };
    };
    t.like(pods.metadata.labels, selector.matchLabels);
  }
});

test('a twin’s admin port is on its Service and nowhere in the boundary', (t) => {
  const plan = accepted({ workloads: [web], services: [{ name: 'stripe', expose: 'Host' }] });
  t.regex(JSON.stringify(child(plan, 'Service', 'stripe')), /12999/);
  t.false(JSON.stringify(child(plan, 'Deployment', 'twinlock-boundary')).includes('12999'));
});

function entry(name: string, port: number, appProtocol: string): object {
  return { name, port, protocol: 'TCP', appProtocol, targetPort: port };
}

test('a port has a name and a protocol, and what is not HTTP is not called so', (t) => {
  const pubsub = vendorTwin('pubsub', {
    port: undefined,
    ports: [
      { name: 'raw', port: 9000, protocol: 'TCP' },
      { name: 'grpc', port: 8085, protocol: 'H2C' },
      { name: 'rest', port: 8086 },
    ],
    adminPort: 9999,
    adminPaths: ['/reset'],
    readiness: { path: '/healthz' },
    bindings: [{ env: 'PUBSUB_URL', source: 'URL' }],
  });
  const plan = accepted(
    {
      workloads: [web, { name: 'queue', image, port: 6379, protocol: 'TCP', expose: 'None' }],
      services: [{ name: 'pubsub', expose: 'Host' }],
    },
    { catalogue: [pubsub] },
  );
  const ports = (name: string): unknown => (child(plan, 'Service', name)['spec'] as { readonly ports: unknown }).ports;
  t.deepEqual(ports('pubsub'), [
    entry('raw', 9000, 'tcp'),
    entry('grpc', 8085, 'kubernetes.io/h2c'),
    entry('rest', 8086, 'http'),
    entry('admin', 9999, 'http'),
  ]);
  t.deepEqual(ports('queue'), [entry('tcp', 6379, 'tcp')]);
  t.deepEqual(ports('web'), [entry('http', 8080, 'http')]);
  t.is(plan.services[0]?.endpoint?.url, 'tcp://pubsub:9000');
  t.like(podOf(plan, 'pubsub').containers[0], { readinessProbe: { httpGet: { port: 8086 } } });
  const boundary = JSON.stringify(child(plan, 'Deployment', 'twinlock-boundary'));
  t.regex(boundary, /pubsub:8085/);
  t.notRegex(boundary, /pubsub:(9000|8086|9999)/);
});

test('an inline twin keeps its admin API inside as one of the catalogue does', (t) => {
  const own = { name: 'own', image: other, port: 4443, adminPort: 4444, adminPaths: ['/_internal'], expose: 'Path' };
  const plan = accepted({ services: [own] });
  t.like(plan.services[0]?.twin, { adminPort: 4444, adminPaths: ['/_internal'] });
  const boundary = JSON.stringify(child(plan, 'Deployment', 'twinlock-boundary'));
  t.regex(boundary, /vars_regexp/);
  t.notRegex(boundary, /4444/);
});

test('a service is reached from outside only when it says so', (t) => {
  const plan = accepted({ services: [{ name: 'stripe' }] });
  t.notRegex(JSON.stringify(child(plan, 'Deployment', 'twinlock-boundary')), /stripe/);
});

const policyOf = (plan: Plan, name: string): Policy => child(plan, 'NetworkPolicy', name)['spec'] as Policy;
interface Policy {
  readonly podSelector: object;
  readonly ingress?: readonly { readonly from: readonly object[]; readonly ports?: readonly object[] }[];
  readonly egress?: readonly { readonly to: readonly object[]; readonly ports?: readonly object[] }[];
}
const named = (namespace: string): object => ({
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
});
const both = (port: number): readonly object[] => ['UDP', 'TCP'].map((protocol) => ({ protocol, port }));

test('isolation is in place before anything runs, and what an environment asks for is for its workloads', (t) => {
  const destination = { cidr: '203.0.113.0/24', ports: [{ port: 443 }] };
  const plan = accepted(
    { workloads: [{ ...web, servicesEndpoint: { path: '/services' } }], network: { egress: [destination] } },
    { twinClass: twinClass({ network: { requestable: [destination] } }) },
  );
  const names = plan.manifests.guards
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ metadata }) => metadata.name);
  t.deepEqual(names, [
    'twinlock-default-deny',
    'twinlock-inside',
    'twinlock-boundary',
    'twinlock-reports',
    'twinlock-egress',
  ]);
  t.like(child(plan, 'NetworkPolicy', 'twinlock-egress'), {
    spec: { podSelector: { matchLabels: { 'twinlock.dev/role': 'workload' } }, policyTypes: ['Egress'] },
  });
});

test('names are resolved where clusters do it, each resolver on its own port', (t) => {
  const { podSelector, egress } = policyOf(accepted({ workloads: [web] }), 'twinlock-inside');
  t.deepEqual(podSelector, {});
  t.deepEqual(egress, [
    { to: [{ podSelector: {} }] },
    { to: [named('kube-system')], ports: [...both(53), ...both(8053)] },
    { to: [named('openshift-dns')], ports: both(5353) },
    { to: [{ ipBlock: { cidr: '169.254.0.0/16' } }], ports: both(53) },
  ]);
});

test('a class names its own resolvers, and its egress is for everything in its environments', (t) => {
  const dns = [{ cidr: '10.96.0.10/32', ports: both(53) }];
  const network = { dns, egress: [{ cidr: '203.0.113.0/24', ports: [{ port: 443 }] }, { namespace: 'shared' }] };
  const plan = accepted({ workloads: [web], services: [{ name: 'stripe' }] }, { twinClass: twinClass({ network }) });
  const { podSelector, egress } = policyOf(plan, 'twinlock-inside');
  t.deepEqual(podSelector, {});
  t.deepEqual(egress?.slice(1), [
    { to: [{ ipBlock: { cidr: '10.96.0.10/32' } }], ports: both(53) },
    { to: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ protocol: 'TCP', port: 443 }] },
    { to: [named('shared')] },
  ]);
  t.false(plan.manifests.guards.some(({ metadata }) => metadata.name === 'twinlock-egress'));
});

test('the platform’s own Ingress or Gateway reaches the boundary, on its port and nothing else', (t) => {
  const open = (plan: Plan): readonly object[] => policyOf(plan, 'twinlock-boundary').ingress?.[0]?.from ?? [];
  const usual = open(accepted({ workloads: [web] }));
  for (const namespace of [
    'twinlock-system',
    'ingress-nginx',
    'traefik',
    'envoy-gateway-system',
    'openshift-ingress',
  ]) {
    t.true(
      usual.some((peer) => isDeepStrictEqual(peer, named(namespace))),
      namespace,
    );
  }
  const ingress = [{ namespace: 'edge' }, { cidr: '10.0.0.0/16' }];
  const plan = accepted({ workloads: [web] }, { twinClass: twinClass({ network: { ingress } }) });
  t.deepEqual(policyOf(plan, 'twinlock-boundary').ingress, [
    {
      from: [named('twinlock-system'), named('edge'), { ipBlock: { cidr: '10.0.0.0/16' } }],
      ports: [{ protocol: 'TCP', port: 8080 }],
    },
  ]);
  t.is(open(accepted({ workloads: [web] }, { twinClass: twinClass({ network: { ingress: [] } }) })).length, 1);
});

test('the body of a request is bounded by the class, and never without a bound', (t) => {
  for (const [maxBodySize, bytes] of [
    [undefined, 2 ** 30],
    ['2Mi', 2 ** 21],
    ['0', 1],
    [0, 1],
  ] as const) {
    const plan = accepted({ workloads: [web] }, { twinClass: twinClass({ exposure: { maxBodySize } }) });
    const config = JSON.stringify(child(plan, 'Deployment', 'twinlock-boundary'));
    t.regex(config, new RegExp(`max_size\\\\":${bytes}}`));
  }
});

const roomy = twinClass({
  quota: { pods: 99, 'limits.cpu': '99', 'limits.memory': '99Gi', 'limits.ephemeral-storage': '99Gi' },
});
const manyExposed = (adminPaths: readonly string[]): ReturnType<typeof planOf> =>
  planOf(
    {
      services: Array.from({ length: 32 }, (_, index) => ({
        name: `service-${index}`,
        image: other,
        port: 8080,
        adminPaths,
        expose: 'Path',
      })),
    },
    { twinClass: roomy },
  );

test('as many services as an environment may have are exposed, and what a pod cannot carry is refused in words', (t) => {
  t.false('problems' in manyExposed(['/_internal/config']));
  const plan = manyExposed(Array.from({ length: 16 }, (_, index) => `/${String(index).padEnd(127, 'x')}`));
  t.deepEqual('problems' in plan && plan.problems.map(({ reason }) => reason), ['BoundaryTooLarge']);
});

test('without a boundary image there is no boundary and no URL', (t) => {
  const plan = accepted({ workloads: [web] }, { boundaryImage: undefined });
  t.is(plan.url, undefined);
  t.is(plan.workloads[0]?.url, undefined);
  t.false(plan.manifests.parts.some(({ metadata }) => metadata.name === 'twinlock-boundary'));
});

test('an environment and each of its exposed workloads have a URL', (t) => {
  const plan = accepted({ workloads: [web, { name: 'worker', image, expose: 'None' }] });
  const host = `${plan.home.namespace}.twins.localhost`;
  t.is(plan.url, `http://${host}`);
  t.deepEqual(
    plan.workloads.map(({ url }) => url),
    [`http://web--${host}`, undefined],
  );
});

test('the port of the front door is in the URLs unless it is the scheme’s own', (t) => {
  t.regex(
    urlOf({ domain: 'twins.example', scheme: 'https', port: 443 }) ?? '',
    /^https:\/\/pr-42-[a-z2-7]{8}\.twins\.example$/,
  );
  t.regex(urlOf({ port: 30_080 }) ?? '', /:30080$/);
});

function urlOf(exposure: object): string | undefined {
  return accepted({}, { twinClass: twinClass({ exposure }) }).url;
}

const probes = (more: object, ...containers: readonly object[]) =>
  podOf(accepted({ workloads: [{ ...template({ containers }), ...more }] }), 'web').containers.map((each) =>
    'readinessProbe' in each ? each.readinessProbe : undefined,
  );

test('a template without a readiness probe is asked where its workload answers, whichever container that is', (t) => {
  const sidecar = { name: 'sidecar', image };
  const listening = container({ ports: [{ containerPort: 8080 }] });
  const at = { httpGet: { path: '/healthz', port: 8080 } };
  t.like(probes({ healthPath: '/healthz' }, container()), [at]);
  t.like(probes({ healthPath: '/healthz' }, sidecar, listening), [undefined, at]);
  t.like(probes({}, container(), sidecar), [{ tcpSocket: { port: 8080 } }, undefined]);
  t.deepEqual(probes({ port: undefined, expose: 'None' }, container()), [undefined]);
  const own = { exec: { command: ['true'] } };
  t.deepEqual(probes({ healthPath: '/healthz' }, container(), { ...sidecar, readinessProbe: own }), [undefined, own]);
});

for (const [externalURL, base] of [
  ['https://ai.example', 'https://ai.example/v1'],
  ['https://ai.example/', 'https://ai.example/v1'],
  ['https://ai.example/twin/', 'https://ai.example/twin/v1'],
] as const)
  test(`what is put after a URL has one slash before it: ${externalURL}`, (t) => {
    const bindings = [
      { service: 'ai', env: 'BASE', value: '{url}/v1' },
      { service: 'ai', env: 'WHOLE', source: 'URL' },
    ];
    const plan = accepted({ workloads: [{ ...web, bindings }], services: [{ name: 'ai', externalURL }] });
    t.deepEqual(envOf(plan, 'web'), [
      { name: 'BASE', value: base },
      { name: 'WHOLE', value: externalURL },
    ]);
  });
