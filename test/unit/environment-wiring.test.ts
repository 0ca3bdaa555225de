import test from 'ava';
import { renderEnv } from '../../operator/environments/decide/resolve/index.ts';
import {
  keptEnv,
  parseReport,
  sameURL,
  showURL,
  wiringOf,
  type LivePod,
  type Report,
  type ServiceWiring,
} from '../../operator/environments/decide/wiring/index.ts';
import { accepted, environment, envOf, image, planOf, podOf, unchecked, vendorTwin } from './environment-fixtures.ts';

const web = { name: 'web', image, port: 8080 };
const reporting = { ...web, servicesEndpoint: { path: '/services' } };

interface Seen {
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly ready?: boolean;
  readonly envFrom?: boolean;
  readonly report?: Report;
  readonly mode?: 'Twin' | 'Real' | 'Disabled';
}

const rendered = { STRIPE_API_BASE: 'http://stripe:12111', STRIPE_API_KEY: 'sk_test_twin' };

function podWith(env: Readonly<Record<string, string>>, { ready = true, envFrom = false }: Seen = {}): LivePod {
  const variables = Object.entries(env).map(([name, value]) => ({ name, value }));
  return {
    name: 'web-1',
    uid: '1',
    ready,
    containers: [{ name: 'web', image, ready: true, reported: [image], env: variables, envFrom }],
  };
}

/** Wiring of stripe in an environment whose only pod has these variables. */
function wiring(seen: Seen): ServiceWiring {
  const workload = seen.report === undefined ? web : reporting;
  const { services, workloads } = accepted({
    workloads: [workload],
    services: [{ name: 'stripe', mode: seen.mode ?? 'Twin' }],
  });
  const [service] = services;
  const [plan] = workloads;
  if (service === undefined || plan === undefined) throw new Error('the plan is empty');
  const pods = seen.env === undefined ? [] : [podWith(seen.env, seen)];
  return wiringOf(service, [{ plan, pods, report: seen.report }]);
}

const says = (mode: string | undefined, url: string | undefined): Report => ({
  services: new Map([['stripe', { mode, url }]]),
});
const { STRIPE_API_BASE, ...keyOnly } = rendered;

const verdicts: readonly [title: string, seen: Seen, verdict: ServiceWiring['verdict'], reason?: RegExp][] = [
  ['what runs is what was rendered', { env: rendered }, 'True'],
  ['no pod is Ready', { env: rendered, ready: false }, 'Unknown', /no Ready pod/],
  ['there is no pod', {}, 'Unknown', /no Ready pod/],
  [
    'another URL runs',
    { env: { ...rendered, STRIPE_API_BASE: 'https://api.stripe.com' } },
    'False',
    /not what was rendered/,
  ],
  ['the variable is missing', { env: keyOnly }, 'False', /is not set/],
  ['another key runs', { env: { STRIPE_API_BASE, STRIPE_API_KEY: 'sk_test_b' } }, 'False', /STRIPE_API_KEY/],
  ['the app agrees', { env: rendered, report: says('twin', 'http://stripe:12111/') }, 'True'],
  [
    'the app names another URL',
    { env: rendered, report: says('twin', 'https://api.stripe.com') },
    'False',
    /another URL/,
  ],
  ['the app names no URL', { env: rendered, report: says('twin', undefined) }, 'False', /another URL: none/],
  [
    'the app names another mode',
    { env: rendered, report: says('real', 'http://stripe:12111') },
    'False',
    /another mode: Real/,
  ],
  ['the app leaves it out', { env: rendered, report: { services: new Map() } }, 'False', /does not report it/],
  ['the app was not asked yet', { env: rendered, report: { pending: true } }, 'Unknown', /not been asked/],
  [
    'the app does not answer',
    { env: rendered, report: { failure: 'the report cannot be reached' } },
    'Unknown',
    /cannot be reached/,
  ],
  ['Real: nothing is set', { mode: 'Real', env: {} }, 'True'],
  ['Real: a key of its own is its business', { mode: 'Real', env: { STRIPE_API_KEY: 'sk_test_own' } }, 'True'],
  ['Real: the base URL is still set', { mode: 'Real', env: rendered }, 'False', /should not be/],
  ['Real: a Secret may set it', { mode: 'Real', env: {}, envFrom: true }, 'Unknown', /envFrom/],
  ['Real: the app says so', { mode: 'Real', env: {}, report: says('real', 'https://api.stripe.com') }, 'True'],
  [
    'Real: the app says twin',
    { mode: 'Real', env: {}, report: says('twin', 'http://stripe:12111') },
    'False',
    /another mode/,
  ],
  [
    'Disabled: nothing is set and nothing reported',
    { mode: 'Disabled', env: {}, report: { services: new Map() } },
    'True',
  ],
];
for (const [title, seen, verdict, reason] of verdicts) {
  test(`wiring: ${title}`, (t) => {
    const found = wiring(seen);
    t.is(found.verdict, verdict, found.reason);
    if (reason === undefined) t.is(found.reason, undefined);
    else t.regex(found.reason ?? '', reason);
  });
}

test('a twin that nothing is bound to is not verified', (t) => {
  const { services, workloads } = accepted(
    { workloads: [web], services: [{ name: 'mail' }] },
    { catalogue: [vendorTwin('mail')] },
  );
  const found = wiringOf(services[0]!, [{ plan: workloads[0]!, pods: [podWith({})], report: undefined }]);
  t.is(found.verdict, 'Unknown');
  t.regex(found.reason ?? '', /add bindings/);
});

test('what runs is shown as far as it is no secret', (t) => {
  const { running } = wiring({
    env: { STRIPE_API_BASE: 'https://u:p@evil.example/x?token=t#f', STRIPE_API_KEY: 'sk_live_x' },
  });
  t.deepEqual(
    running.map(({ env, value }) => [env, value]),
    [
      ['STRIPE_API_BASE', 'https://evil.example/x'],
      ['STRIPE_API_KEY', '(another value)'],
    ],
  );
});

test('the workload’s own binding wins over the catalogue’s for the same variable', (t) => {
  const own = [{ service: 'stripe', env: 'STRIPE_API_BASE', source: 'Host' }];
  const pod = podOf(accepted({ workloads: [{ ...web, bindings: own }], services: [{ name: 'stripe' }] }), 'web');
  t.is(pod.containers[0]?.env?.find(({ name }) => name === 'STRIPE_API_BASE')?.value, 'stripe');
});

const aws = (name: string, dummyKey: string) =>
  vendorTwin(name, { dummyKey, bindings: [{ env: 'AWS_ACCESS_KEY_ID', source: 'DummyKey' }] });

test('twins that bring the same key into one variable do not clash; twins that bring another do', (t) => {
  const input = { workloads: [web], services: [{ name: 's3' }, { name: 'dynamodb' }] };
  const same = accepted(input, { catalogue: [aws('s3', 'twin'), aws('dynamodb', 'twin')] });
  t.deepEqual(envOf(same, 'web'), [{ name: 'AWS_ACCESS_KEY_ID', value: 'twin' }]);
  const another = planOf(environment(input), { catalogue: [aws('s3', 'twin'), aws('dynamodb', 'other')] });
  t.like('problems' in another && another.problems, [{ reason: 'BindingClash' }]);
  // What of them is real has a key of its own.
  const services = [{ name: 's3' }, { name: 'dynamodb', mode: 'Real' }];
  const real = planOf(environment({ ...input, services }), { catalogue: [aws('s3', 'twin'), aws('dynamodb', 'twin')] });
  t.like('problems' in real && real.problems, [{ reason: 'BindingClash' }]);
});

test('bindings reach init containers and every container, and win over what the template says', (t) => {
  const containers = ['web', 'side'].map((name) => ({
    name,
    image,
    env: [{ name: 'STRIPE_API_BASE', value: 'https://api.stripe.com' }],
  }));
  const template = { spec: { containers, initContainers: [{ name: 'migrate', image }] } };
  const pod = podOf(
    accepted({ workloads: [{ name: 'web', port: 80, template }], services: [{ name: 'stripe' }] }),
    'web',
  );
  for (const { env = [] } of [...pod.containers, ...(pod.initContainers ?? [])]) {
    t.deepEqual(
      env.filter(({ name }) => name === 'STRIPE_API_BASE'),
      [{ name: 'STRIPE_API_BASE', value: 'http://stripe:12111' }],
    );
  }
});

test('a Real service’s URL is taken out of the template, its key is not', (t) => {
  const own = [
    { name: 'STRIPE_API_BASE', value: 'http://stripe:12111' },
    { name: 'STRIPE_API_KEY', valueFrom: { secretKeyRef: { name: 'stripe', key: 'key' } } },
  ];
  const template = { spec: { containers: [{ name: 'web', image, env: own }] } };
  const plan = accepted({
    workloads: [{ name: 'web', port: 80, template }],
    services: [{ name: 'stripe', mode: 'Real' }],
  });
  t.deepEqual(envOf(plan, 'web'), [own[1]]);
});

test('renderEnv leaves what no binding speaks about', (t) => {
  t.deepEqual(renderEnv([{ name: 'A', value: '1' }], []), [{ name: 'A', value: '1' }]);
  t.deepEqual(renderEnv(undefined, []), []);
});

const reports: readonly [text: string, failure: RegExp | undefined][] = [
  ['{"services": []}', undefined],
  ['{"services": [{"name": "stripe", "mode": "twin", "url": "http://stripe:12111"}], "more": 1}', undefined],
  ['{"services": [{"name": "stripe", "url": null}]}', undefined],
  ['<html>', /not JSON/],
  ['null', /is not \{"services"/],
  ['{"services": {}}', /is not \{"services"/],
  ['{"services": [null]}', /no object/],
  ['{"services": [{"mode": "twin"}]}', /short texts/],
  ['{"services": [{"name": "a", "url": 1}]}', /short texts/],
  [`{"services": [{"name": "${'a'.repeat(3000)}"}]}`, /short texts/],
  ['{"services": [{"name": "a"}, {"name": "a"}]}', /twice/],
  [JSON.stringify({ services: Array.from({ length: 200 }, (_, name) => ({ name: String(name) })) }), /more than/],
];
for (const [text, failure] of reports) {
  test(`report ${text.slice(0, 50)} is ${failure === undefined ? 'read' : 'refused'}`, (t) => {
    const report = parseReport(text);
    if (failure === undefined) t.true('services' in report);
    else t.regex('failure' in report ? report.failure : '', failure);
  });
}

test('URLs are the same with or without a slash, and differ in anything else', (t) => {
  t.true(sameURL('http://stripe:12111', 'http://stripe:12111/'));
  t.false(sameURL('http://stripe:12111', 'https://stripe:12111'));
  t.false(sameURL('http://stripe:12111', 'http://stripe:12111/v1'));
  t.false(sameURL('nonsense', 'nonsense'));
});

test('a URL is shown without user, query and fragment', (t) => {
  t.is(showURL('https://user:secret@host.example:8443/path?key=secret#secret'), 'https://host.example:8443/path');
  t.is(showURL('sk_live_secret'), '(not a URL)');
  t.is(showURL('javascript:alert(1)'), 'javascript:...');
});

test('of a pod no more is kept than is needed, whatever its author wrote', (t) => {
  const env = [
    { name: 'BLOB', value: 'x'.repeat(1_000_000) },
    { name: 'KEY', valueFrom: { secretKeyRef: { name: 'a'.repeat(1000), key: 'b' } } },
    { name: 'URL', value: 'http://stripe:12111' },
  ];
  const few = keptEnv(env);
  t.true(few.complete);
  t.true(JSON.stringify(few.env).length < 300);
  t.deepEqual(few.env[2], env[2]);
  const many = keptEnv(Array.from({ length: 10_000 }, (_, index) => ({ name: `V${index}`, value: 'x' })));
  t.false(many.complete);
  t.is(many.env.length, 512);
  t.is(many.env.at(-1)?.name, 'V9999');
});

test('what a binding composes is compared too, and another value is not shown', (t) => {
  const workload = { ...web, bindings: [{ service: 'cache', env: 'REDIS_URL', value: 'redis://{host}:{port}/0' }] };
  const { services, workloads } = accepted({ workloads: [workload], services: [{ name: 'cache', image, port: 6379 }] });
  const [service] = services;
  const [plan] = workloads;
  if (service === undefined || plan === undefined) return t.fail('the plan is empty');
  const seen = (value: string): ServiceWiring =>
    wiringOf(service, [{ plan, pods: [podWith({ REDIS_URL: value })], report: undefined }]);
  t.is(seen('redis://cache:6379/0').verdict, 'True');
  const other = seen('redis://:secret@prod:6379/0');
  t.is(other.verdict, 'False');
  t.deepEqual(
    other.running.map(({ value }) => value),
    ['(another value)'],
  );
});

test('a long value is compared all the same', (t) => {
  const long = `https://mail.example/${'a'.repeat(3000)}`;
  const values: readonly [found: string, verdict: string][] = [
    [long, 'True'],
    [`${long}b`, 'False'],
  ];
  for (const [found, verdict] of values) {
    const { env } = keptEnv([{ name: 'MAIL_URL', value: found }]);
    const containers = [{ name: 'web', image, ready: true, reported: [image], env, envFrom: false }];
    const workload = { ...web, bindings: [{ service: 'mail', env: 'MAIL_URL', source: 'URL' }] };
    const { services, workloads } = accepted(
      unchecked({
        workloads: [{ ...workload, replicas: 1, protocol: 'HTTP', expose: 'None' }],
        services: [{ name: 'mail', mode: 'Twin', expose: 'None', externalURL: long }],
      }),
    );
    const [service] = services;
    const [plan] = workloads;
    if (service === undefined || plan === undefined) return t.fail('the plan is empty');
    const pods = [{ name: 'web-1', uid: '1', ready: true, containers }];
    t.is(wiringOf(service, [{ plan, pods, report: undefined }]).verdict, verdict as 'True');
  }
});
