import test from 'ava';
import { annotations, environmentBounds, type VendorTwin } from '../../operator/api/index.ts';
import { samePlanInput, type Plan } from '../../operator/environments/decide/plan/index.ts';
import { transitions } from '../../operator/environments/status/index.ts';
import {
  accepted,
  environment,
  planOf,
  image,
  podOf,
  settings,
  twinClass,
  vendorTwin,
} from './environment-fixtures.ts';
import { statusOf } from './environment-situations.ts';

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
    t.like(accepted(real, { catalogue: known }).services[0]?.chosen, { vendorTwin: 'pay', version: 'v1' });
});

type Environment = ReturnType<typeof environment>;

/** What an environment comes to that runs with this catalogue, after what it came to before. */
function run(pay: VendorTwin, before: Environment | undefined, spec: object = {}, token?: string) {
  const annotated = token === undefined ? {} : { annotations: { [annotations.renewTwinsAt]: token } };
  const now = environment(
    { services, ...spec },
    { metadata: annotated, ...(before?.status === undefined ? {} : { status: before.status }) },
  );
  const plan = accepted(now, { catalogue: [pay] });
  const status = statusOf(now, active(plan), 0);
  const news = transitions(now, status).flatMap(({ reason, note }) =>
    reason.startsWith('TwinVersion') ? [`${reason}: ${note}`] : [],
  );
  return { after: { ...now, status }, plan, news, service: status.services?.[0] };
}

const active = (plan: Plan) => ({
  kind: 'Active' as const,
  plan,
  lifetime: {
    lastActivityAt: 0,
    expiresAt: undefined,
    expired: false,
    ending: undefined,
    handledExtendAt: undefined,
    handledWakeAt: undefined,
    extended: false,
  },
  parts: { workloads: new Map(), pods: new Map() },
  reports: new Map(),
  reach: { kind: 'Reached' as const, digest: undefined },
  entrance: undefined,
  inventory: [],
  rejected: [],
  copied: [],
  suspended: false,
  sleep: undefined,
  busy: [],
  bounded: true,
  policiesEnforced: true,
});

const pay = (of: object) => vendorTwin('pay', { ...numbered('v1'), env: [{ name: 'A', value: '1' }], ...of });
const imageOf = (plan: Plan) => podOf(plan, 'pay').containers[0]?.image;
const edited = pay({ image: numbered('v2').image, port: 9000, bindings: [{ env: 'PAY_URL', source: 'URL' }] });
const which = 'service pay: version v1 of VendorTwin pay';

for (const lifecycle of ['Ephemeral', 'LongLived'])
  test(`a version that is edited in place moves nothing that is ${lifecycle} until it is told, and both is news`, (t) => {
    const first = run(pay({}), undefined, { lifecycle });
    t.deepEqual([first.news, first.service?.outdated], [[], undefined]);
    const then = run(edited, first.after, { lifecycle });
    t.deepEqual(then.plan.manifests, first.plan.manifests);
    t.true(then.service?.outdated);
    const goesOn = `was edited; what runs goes on as it is until the annotation ${annotations.renewTwinsAt} has a new value`;
    t.deepEqual(then.news, [`TwinVersionEdited: ${which} ${goesOn}`]);
    // Nor by another restart, nor by a change of its own.
    const later = run(edited, then.after, { lifecycle, workloads: [{ name: 'web', image, port: 8080 }] });
    t.is(imageOf(later.plan), numbered('v1').image);
    t.deepEqual(later.news, []);
    const told = run(edited, later.after, { lifecycle }, 'now');
    t.is(imageOf(told.plan), numbered('v2').image);
    t.is(told.service?.outdated, undefined);
    t.deepEqual(told.news, [
      `TwinVersionChanged: ${which} as the catalogue has it now, as the annotation ${annotations.renewTwinsAt} says`,
    ]);
    // The same token again does nothing.
    const again = run(pay({}), told.after, { lifecycle }, 'now');
    t.is(imageOf(again.plan), numbered('v2').image);
    t.true(again.service?.outdated);
  });

test('what was edited back is as it was', (t) => {
  const first = run(pay({}), undefined);
  const back = run(pay({}), run(edited, first.after).after);
  t.deepEqual([back.service?.outdated, back.news], [undefined, []]);
  t.deepEqual(back.service?.entry, first.service?.entry);
});

test('another version that the spec names is taken as the catalogue has it', (t) => {
  const first = run(pay({}), undefined);
  const both = vendorTwin('pay', { ...numbered('v1'), port: 9000 }, numbered('v2'));
  const moved = run(both, first.after, { services: [{ name: 'pay', vendorTwinRef: { version: 'v2' } }] });
  t.is(imageOf(moved.plan), numbered('v2').image);
  t.is(moved.service?.outdated, undefined);
});

test('what guards is taken at once, beside what was kept', (t) => {
  const first = run(pay({ adminPaths: ['/_internal'], liveKeyPatterns: ['^live_'] }), undefined);
  const guarded = run(
    pay({ image: numbered('v2').image, adminPaths: ['/admin'], liveKeyPatterns: ['^sk_live_'] }),
    first.after,
  );
  t.is(imageOf(guarded.plan), numbered('v1').image);
  t.deepEqual(guarded.plan.services[0]?.liveKeyPatterns, ['^live_', '^sk_live_']);
  t.deepEqual(guarded.plan.services[0]?.twin?.adminPaths, ['/_internal', '/admin']);
  t.deepEqual(guarded.service?.entry, first.service?.entry);
  const only = run(pay({ liveKeyPatterns: ['^sk_live_'] }), first.after);
  t.deepEqual([only.service?.outdated, only.news], [undefined, []]);
  t.deepEqual(only.plan.services[0]?.liveKeyPatterns, ['^sk_live_']);
});

test('what is for people to read is no edit of what runs', (t) => {
  const first = run(pay({ license: 'MIT' }), undefined);
  const read = run(pay({ license: 'Apache-2.0', coverage: [{ path: '/', tier: 'Shape' }] }), first.after);
  t.deepEqual([read.service?.outdated, read.news], [undefined, []]);
});

test('what is larger than a status takes follows the catalogue, and so does what cannot be read', (t) => {
  const env = ['A', 'B', 'C'].map((name) => ({ name, value: 'x'.repeat(environmentBounds.entry / 3) }));
  const large = run(pay({ env }), undefined);
  t.is(large.service?.entry, undefined);
  t.is(imageOf(run(edited, large.after).plan), numbered('v2').image);
  const first = run(pay({}), undefined);
  const [service] = first.after.status.services ?? [];
  const unreadable = { ...first.after.status, services: service === undefined ? [] : [{ ...service, entry: {} }] };
  t.is(imageOf(run(edited, { ...first.after, status: unreadable }).plan), numbered('v2').image);
});

const inputOf = (of: Environment) => ({
  environment: of,
  twinClass: twinClass(),
  catalogue: new Map(),
  settings,
  hasRoutes: true,
  asleep: false,
});

test('a token that comes while children are sent is not taken for sent', (t) => {
  const { after } = run(pay({}), undefined);
  const told = { ...after, metadata: { ...after.metadata, annotations: { [annotations.renewTwinsAt]: 'now' } } };
  t.true(samePlanInput(inputOf(after), inputOf({ ...after })));
  t.false(samePlanInput(inputOf(after), inputOf(told)));
});
