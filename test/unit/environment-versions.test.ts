import test from 'ava';
import { accepted, environment, planOf, podOf, vendorTwin } from './environment-fixtures.ts';

const numbered = (version: string) => ({ version, image: `registry.example/pay@sha256:${version.at(-1)?.repeat(64)}` });
const catalogue = (...versions: readonly string[]) => [
  vendorTwin('pay', ...versions.map(numbered)),
  vendorTwin('other', ...versions.map(numbered)),
];
const chose = (version: string, vendorTwin = 'pay') => ({
  status: { services: [{ name: 'pay', mode: 'Twin' as const, vendorTwin, version, verified: true, ready: true }] },
});
const services = [{ name: 'pay' }];

/** Version of the twin that is planned. */
function planned(spec: object, versions: readonly string[], before: ReturnType<typeof chose> | undefined): string {
  const plan = accepted(environment({ services, ...spec }, before), { catalogue: catalogue(...versions) });
  const { image } = podOf(plan, 'pay').containers[0] ?? {};
  const version = plan.services[0]?.chosen?.version ?? '';
  return image === numbered(version).image ? version : `${version}, with image ${image}`;
}

test('the newest version is chosen at first', (t) => {
  t.is(planned({}, ['v1', 'v2'], undefined), 'v2');
});

for (const lifecycle of ['Ephemeral', 'LongLived'])
  test(`a version that is appended to the catalogue moves nothing that is ${lifecycle}, unless the spec names it`, (t) => {
    t.is(planned({ lifecycle }, ['v1', 'v2'], chose('v1')), 'v1');
    t.is(
      planned({ lifecycle, services: [{ name: 'pay', vendorTwinRef: { version: 'v2' } }] }, ['v1', 'v2'], chose('v1')),
      'v2',
    );
    t.is(planned({ lifecycle }, ['v1', 'v2', 'v3'], chose('v2')), 'v2');
  });

test('of a version that the catalogue has no more the newest is taken, for what is LongLived when the spec names one', (t) => {
  t.is(planned({}, ['v2', 'v3'], chose('v1')), 'v3');
  const longLived = environment({ services, lifecycle: 'LongLived' }, chose('v1'));
  const refused = planOf(longLived, { catalogue: catalogue('v2', 'v3') });
  t.like('problems' in refused && refused.problems, [
    {
      reason: 'VendorTwinVersionNotFound',
      message:
        'service pay: VendorTwin pay has version v1 no more, and a LongLived environment moves only when it is told: name one of v2, v3 in vendorTwinRef.version',
    },
  ]);
});

for (const lifecycle of ['Ephemeral', 'LongLived'])
  test(`what was chosen of another VendorTwin says nothing of this one: ${lifecycle}`, (t) => {
    t.is(planned({ lifecycle }, ['v1', 'v2'], chose('v1', 'other')), 'v2');
    t.is(planned({ lifecycle }, ['v2'], chose('v1', 'other')), 'v2');
  });

test('what was chosen holds while the vendor is the real one, also without the catalogue', (t) => {
  const real = environment({ services: [{ name: 'pay', mode: 'Real' }] }, chose('v1'));
  for (const known of [[], catalogue('v1', 'v2')])
    t.deepEqual(accepted(real, { catalogue: known }).services[0]?.chosen, { vendorTwin: 'pay', version: 'v1' });
});
