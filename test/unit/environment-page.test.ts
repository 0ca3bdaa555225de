import test from 'ava';
import { answer, servicesPage, servicesView } from '../../operator/environments/page/index.ts';
import { environment } from './environment-fixtures.ts';

const evil = '"><script>alert(1)</script>';
const status = {
  phase: 'Ready' as const,
  services: [
    {
      name: 'stripe',
      mode: 'Twin' as const,
      url: 'http://stripe:12111',
      rendered: [{ workload: 'web', container: 'web', env: 'STRIPE_API_BASE', value: 'http://stripe:12111' }],
      running: [
        { workload: 'web', container: 'web', env: 'STRIPE_API_BASE', value: 'http://stripe:12111' },
        { workload: 'web', container: 'web', env: 'STRIPE_API_BASE', value: evil },
      ],
      reported: { mode: 'Twin', url: evil },
      verified: false,
      ready: true,
      reason: evil,
    },
  ],
  conditions: [
    {
      type: 'TwinsWired',
      status: 'False' as const,
      reason: 'WiringDiffers',
      message: evil,
      lastTransitionTime: '2026-11-21T08:00:00Z',
    },
  ],
};
const subject = environment({ services: [{ name: 'stripe' }] }, { status });
const environments = { get: ({ name }: { name: string }) => (name === 'pr-42' ? subject : undefined) };
const path = '/environments/shop-dev/pr-42/services';

test('the page shows rendered, running and reported, one line per value that runs', (t) => {
  const { services, wired } = servicesView(subject);
  t.is(wired, 'False');
  t.deepEqual(
    services[0]?.variables.map(({ rendered, running }) => [rendered, running]),
    [
      ['http://stripe:12111', 'http://stripe:12111'],
      ['http://stripe:12111', evil],
    ],
  );
});

test('nothing from the cluster becomes markup', (t) => {
  const html = servicesPage(servicesView(subject));
  t.false(html.includes('<script'));
  t.true(html.includes('&lt;script&gt;'));
});

test('a service that was not observed yet is shown as not verified', (t) => {
  const { services } = servicesView(environment({ services: [{ name: 'stripe' }] }));
  t.like(services[0], { name: 'stripe', verified: false, reason: 'not observed yet' });
});

const requests: readonly [method: string, target: string, accept: string, status: number, type: RegExp][] = [
  ['GET', path, 'text/html,*/*', 200, /html/],
  ['GET', `${path}/`, 'text/html', 200, /html/],
  ['GET', path, 'application/json', 200, /json/],
  ['GET', `${path}?format=json`, 'text/html', 200, /json/],
  ['GET', `${path}?format=html`, 'application/json', 200, /html/],
  ['HEAD', path, '', 200, /html/],
  ['POST', path, '', 405, /plain/],
  ['GET', '/environments/shop-dev/other/services', '', 404, /plain/],
  ['GET', '/environments/shop-dev/..%2f..%2fpr-42/services', '', 404, /plain/],
  ['GET', '//evil.example/environments/shop-dev/pr-42/x', '', 404, /plain/],
  ['GET', 'http://[', '', 404, /plain/],
];
for (const [method, target, accept, expected, type] of requests) {
  test(`page: ${method} ${target} for ${accept || 'anybody'} answers ${expected}`, (t) => {
    const found = answer({ method, target, headers: { accept } }, environments, 0);
    t.is(found.status, expected);
    t.regex(found.type, type);
  });
}

for (const [target, location] of [
  ['/login?next=/a?b=1&twinlock-token=T', '/login?next=/a?b=1'],
  ['/?twinlock%2Dtoken=T&flag&sig=a%20b', '/?flag&sig=a%20b'],
  ['/?twinlock-token=T', '/'],
  ['//elsewhere/x?twinlock-token=T', '/elsewhere/x'],
] as const)
  test(`an opened link leads to what was written, without the token: ${target}`, (t) => {
    const headers = { 'x-twinlock-target': target };
    const opened = answer({ method: 'GET', target: '/environments/shop-dev/pr-42/open', headers }, environments, 0);
    t.is(opened.status, 303);
    t.is(opened.headers?.['location'], location);
  });
