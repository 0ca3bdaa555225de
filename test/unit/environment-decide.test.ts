import test from 'ava';
import type { TwinEnvironment } from '../../operator/api/index.ts';
import {
  decideEnvironment,
  notApplied,
  observedParts,
  type Applied,
  type EnvironmentDecision,
  type EnvironmentWorld,
} from '../../operator/environments/decide/index.ts';
import type { Room } from '../../operator/environments/decide/lifecycle/index.ts';
import type { NamespaceChild } from '../../operator/environments/decide/live.ts';
import { FINALIZER, ownerLabels } from '../../operator/environments/naming/index.ts';
import type { AppReport } from '../../operator/environments/decide/wiring/index.ts';
import { accepted, environment, image, settings, stripe, twinClass, vendorTwin } from './environment-fixtures.ts';

const now = Date.parse('2026-11-21T09:00:00Z');
const hour = 3_600_000;
const at = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
const spec = { workloads: [{ name: 'web', image, port: 8080 }], services: [{ name: 'stripe' }] };
const dev = { 'twinlock.dev/environments': 'true' };

/** Free, unless a test takes it. */
function room(more: Partial<Room> = {}): Room {
  const own = { key: 'shop-dev/pr-42', namespace: 'shop-dev', createdAt: '2026-11-21T08:00:00Z', holds: false };
  return { held: false, reserved: false, revision: 7, candidates: [own], ...more };
}

/** A namespace of the environment's name; its own unless a test says otherwise. */
function home(metadata: object = {}, conditions: NamespaceChild['conditions'] = []): NamespaceChild {
  const labels = { ...ownerLabels({ namespace: 'shop-dev', name: 'pr-42', uid: 'uid-1' }) };
  const named = { name: 'pr-42-x', uid: 'n1', labels, ...metadata };
  return { apiVersion: 'v1', kind: 'Namespace', metadata: named, digest: '', edited: false, conditions };
}
const held = { home: home(), room: room({ held: true, candidates: [] }) };

function world(changes: Partial<EnvironmentWorld> = {}): EnvironmentWorld {
  return {
    key: { namespace: 'shop-dev', name: 'pr-42' },
    orphans: [],
    environment: environment(spec),
    now,
    classes: [twinClass()],
    namespaceLabels: dev,
    home: undefined,
    homeRemoved: false,
    room: room(),
    catalogue: new Map([['stripe', stripe]]),
    parts: observedParts([], []),
    wordsDueIn: undefined,
    copied: undefined,
    children: [],
    reports: new Map(),
    reach: new Map(),
    front: { certificate: undefined, routes: [] },
    volumes: [],
    leftVolumes: [],
    settings,
    applied: undefined,
    ...changes,
  };
}

/** A decision in a word or two: what is done, or what is told. */
function short({ action, situation }: EnvironmentDecision): string {
  if (action !== undefined)
    return 'expired' in action && action.expired !== undefined ? `${action.do} expired` : action.do;
  if (situation?.kind === 'Blocked') return `Blocked ${situation.problem.reason}${situation.final ? ' for good' : ''}`;
  return situation?.kind === 'Refused' ? `Refused ${situation.problems[0]?.reason}` : (situation?.kind ?? 'nothing');
}

const orphans = [{ name: 'pr-42-y', uid: 'n2' }];
const withFinalizer = { finalizers: [FINALIZER] };
const deleted = { deletionTimestamp: '2026-11-21T08:30:00Z' };
const going = { ...deleted, ...withFinalizer };
const longAgo = { creationTimestamp: '2026-01-01T00:00:00Z' };
const old = { metadata: { ...longAgo, ...withFinalizer } };
const over = { expiresAt: at(now), lastActivityAt: at(now - hour) };
const ahead = { expiresAt: at(now + hour), lastActivityAt: at(now - hour) };
const ours = environment(spec, { metadata: withFinalizer });
const unknownTwin = { ...spec, services: [{ name: 'nobody' }] };
const suspended = { ...spec, suspend: true };
/** Somebody else has the one place. */
const full = {
  classes: [twinClass({ maxEnvironments: 1 })],
  room: room({
    candidates: [
      ...room().candidates,
      { key: 'shop-dev/first', namespace: 'shop-dev', createdAt: '2026-11-21T07:00:00Z', holds: true },
    ],
  }),
};
const claimed = { home: undefined, room: room({ held: true, reserved: true, candidates: [] }) };

/** This reconcile has sent exactly what it is to be. */
function applied(of: TwinEnvironment, outcome: Applied['outcome'] = { kind: 'Sent', refused: [] }): Applied {
  const { action } = decideEnvironment(world({ environment: of, ...held }));
  if (action?.do !== 'Apply') throw new Error(`it is to ${action?.do}`);
  return { of: action.of, plan: action.plan, outcome };
}

const cases: readonly (readonly [title: string, changes: Partial<EnvironmentWorld>, decided: string])[] = [
  ['nothing speaks against it', {}, 'Admit'],
  ['it has room and no finalizer yet', { ...held }, 'Admit'],
  ['it has room', { environment: ours, ...held }, 'Apply'],
  ['all was sent', { environment: ours, ...held, applied: applied(ours) }, 'Active'],
  [
    'its spec was changed while it was sent',
    {
      environment: environment({ ...spec, services: [] }, { metadata: withFinalizer }),
      ...held,
      applied: applied(ours),
    },
    'Apply',
  ],
  [
    'its class was changed while it was sent',
    { environment: ours, ...held, applied: applied(ours), classes: [twinClass({ maxPerNamespace: 3 })] },
    'Apply',
  ],
  [
    'a twin was changed while it was sent',
    {
      environment: ours,
      ...held,
      applied: applied(ours),
      catalogue: new Map([['stripe', vendorTwin('stripe', { port: 1 })]]),
    },
    'Apply',
  ],
  [
    'its namespace went away while it was sent',
    { environment: ours, ...held, applied: applied(ours, { kind: 'NamespaceGone' }) },
    'Blocked NamespaceTerminating',
  ],
  ['there is no room', full, 'Queued'],
  ['it has its namespace, and there is no room for others', { ...full, ...held, environment: ours }, 'Apply'],
  ['a namesake left its namespace behind', { orphans }, 'RemoveOrphans'],
  [
    'it was deleted, and a namesake left its namespace behind',
    { orphans, environment: environment(spec, { metadata: going }) },
    'RemoveOrphans',
  ],
  [
    'it was deleted and has children',
    { environment: environment(spec, { metadata: going }), ...held },
    'RemoveNamespace',
  ],
  [
    'it was deleted and this reconcile removed its namespace',
    { environment: environment(spec, { metadata: going }), ...held, homeRemoved: true },
    'Terminating',
  ],
  [
    'it was deleted and its namespace is on its way out',
    { environment: environment(spec, { metadata: going }), home: home(deleted) },
    'Terminating',
  ],
  [
    "it was deleted and the namespace of its name is another's",
    { environment: environment(spec, { metadata: going }), home: home({ labels: {} }) },
    'LetGo',
  ],
  [
    'it was deleted and a volume is still there',
    {
      environment: environment(spec, { metadata: going }),
      leftVolumes: [{ name: 'pv-1', uid: 'v1', reclaimPolicy: 'Delete' }],
    },
    'Terminating',
  ],
  [
    'it was deleted and a volume stays',
    {
      environment: environment(spec, { metadata: going }),
      leftVolumes: [{ name: 'pv-1', uid: 'v1', reclaimPolicy: 'Retain' }],
    },
    'LetGo',
  ],
  ['it was deleted and nothing is left', { environment: environment(spec, { metadata: going }) }, 'LetGo'],
  ['it was deleted and never had any', { environment: environment(spec, { metadata: deleted }) }, 'Leave'],
  [
    'it was deleted and its class is gone',
    { environment: environment(spec, { metadata: going }), ...held, classes: [] },
    'RemoveNamespace',
  ],
  [
    'it was deleted and is suspended',
    { environment: environment(suspended, { metadata: going }), ...held },
    'RemoveNamespace',
  ],
  ['its class is gone', { classes: [] }, 'Refused NoDefaultClass'],
  [
    'two classes are the default',
    { classes: [twinClass({}, 'a'), twinClass({}, 'b')] },
    'Refused DefaultClassAmbiguous',
  ],
  [
    'its class is gone and its time is over',
    { classes: [], environment: environment(spec, { status: over, metadata: withFinalizer }), ...held },
    'RemoveNamespace expired',
  ],
  [
    'its class is gone and its time is not over',
    { classes: [], environment: environment(spec, { status: ahead }) },
    'Refused NoDefaultClass',
  ],
  [
    'its class is gone and its end is no time',
    { classes: [], environment: environment(spec, { status: { expiresAt: 'soon' } }) },
    'Refused NoDefaultClass',
  ],
  ['its time is over', { environment: environment(spec, old), ...held }, 'RemoveNamespace expired'],
  ['its time is over and its children are gone', { environment: environment(spec, old) }, 'LetGo expired'],
  ['its time is over and nothing is left', { environment: environment(spec, { metadata: longAgo }) }, 'Expired'],
  [
    'its time is over and it could not be planned',
    { environment: environment(unknownTwin, old), ...held },
    'RemoveNamespace expired',
  ],
  [
    'its time is over and it is suspended',
    { environment: environment(suspended, old), ...held },
    'RemoveNamespace expired',
  ],
  ['a VendorTwin is missing', { environment: environment(unknownTwin) }, 'Refused VendorTwinNotFound'],
  [
    'a VendorTwin is missing and it is suspended',
    { environment: environment({ ...unknownTwin, suspend: true }) },
    'Refused VendorTwinNotFound',
  ],
  ['its namespace has no label', { namespaceLabels: {} }, 'Refused NamespaceNotAllowed'],
  ['its namespace is not known', { namespaceLabels: undefined }, 'Refused NamespaceNotAllowed'],
  ['it is suspended before it had anything', { environment: environment(suspended) }, 'Suspended'],
  ['it is suspended and has its namespace', { environment: environment(suspended), ...held }, 'Active'],
  [
    "it is suspended and the namespace of its name is another's",
    { environment: environment(suspended), home: home({ labels: {} }) },
    'Suspended',
  ],
  ["the namespace of its name is another's", { home: home({ labels: {} }) }, 'Blocked NamespaceTaken for good'],
  ['its predecessor is on its way out', { home: home(deleted) }, 'Blocked NamespaceTerminating'],
  // Room is for who gets its namespace next, and for nobody else.
  ['it was given room and cannot be planned', { environment: environment(unknownTwin), ...claimed }, 'GiveBack'],
  ['it was given room and its namespace may have none', { namespaceLabels: {}, ...claimed }, 'GiveBack'],
  ['it was given room and is suspended', { environment: environment(suspended), ...claimed }, 'GiveBack'],
  ["it was given room and the namespace is another's", { ...claimed, home: home({ labels: {} }) }, 'GiveBack'],
  [
    'it was given room and its time is over',
    { environment: environment(spec, { metadata: longAgo }), ...claimed },
    'GiveBack',
  ],
  [
    'it has its namespace and cannot be planned any more',
    { environment: environment(unknownTwin), ...held, room: room({ held: true, reserved: true }) },
    'Refused VendorTwinNotFound',
  ],
];

for (const [title, changes, decided] of cases)
  test(`${title}: ${decided}`, (t) => t.is(short(decideEnvironment(world(changes))), decided));

test('of an environment that is gone what it left goes first, then others may have its room', (t) => {
  const gone = { key: { namespace: 'shop-dev', name: 'pr-42' }, environment: undefined };
  t.is(short(decideEnvironment({ ...gone, orphans })), 'RemoveOrphans');
  t.is(short(decideEnvironment({ ...gone, orphans: [] })), 'Leave');
});

/** What is shown when what is decided cannot be done. */
function phaseOf(subject: TwinEnvironment): unknown {
  const seen = world({ environment: subject, orphans });
  const { action } = decideEnvironment(seen);
  const situation = action === undefined ? undefined : notApplied(seen, action, 'no');
  return situation?.kind === 'NotApplied' ? situation.phase : undefined;
}

test('what could not be done keeps an environment where it was on its way to', (t) => {
  t.is(phaseOf(environment(spec)), 'Provisioning');
  t.is(phaseOf(environment(spec, { status: { phase: 'Expired' } })), 'Expired');
  t.is(phaseOf(environment(spec, { metadata: deleted, status: { phase: 'Expired' } })), 'Terminating');
});

/** One that expires four hours after its last activity, which is so long ago. */
function idle(lastActivity: number): EnvironmentWorld {
  const status = { observedGeneration: 1, lastActivityAt: at(now - lastActivity) };
  const own = environment({ ...spec, ttl: { inactivity: '4h' } }, { metadata: withFinalizer, status });
  return world({ environment: own, ...held, applied: applied(own) });
}

function endsSoon({ situation }: EnvironmentDecision): boolean | undefined {
  return situation !== undefined && 'lifetime' in situation ? situation.lifetime?.ending?.soon : undefined;
}

test('an environment comes back when people are to be told of its end, then at its end', (t) => {
  const before = decideEnvironment(idle(hour));
  t.is(before.requeueAfter, 2 * hour);
  t.false(endsSoon(before));
  const after = decideEnvironment(idle(3 * hour));
  t.is(after.requeueAfter, hour);
  t.true(endsSoon(after));
});

test('a change of the spec counts although its class is not there at that time', (t) => {
  const status = { observedGeneration: 1, lastActivityAt: at(now - hour), expiresAt: at(now + hour) };
  const own = environment({ ...spec, ttl: { inactivity: '2h' } }, { metadata: { generation: 2 }, status });
  const { situation } = decideEnvironment(world({ environment: own, classes: [] }));
  t.is(situation?.kind === 'Refused' && situation.lifetime?.lastActivityAt, now);
});

test('a change of the spec counts although nothing could be done for it at that time', (t) => {
  const status = { observedGeneration: 1, lastActivityAt: at(now - hour) };
  const seen = world({ environment: environment(spec, { metadata: { generation: 2 }, status }), orphans });
  const { action } = decideEnvironment(seen);
  const situation = action === undefined ? undefined : notApplied(seen, action, 'no');
  t.is(situation?.kind === 'NotApplied' && situation.lifetime?.lastActivityAt, now);
});

test('what waits comes back when its time is over, and not before', (t) => {
  const waiting = decideEnvironment(world({ classes: [], environment: environment(spec, { status: ahead }) }));
  t.is(waiting.requeueAfter, hour);
  const refused = decideEnvironment(world({ environment: environment({ ...spec, services: [{ name: 'nobody' }] }) }));
  t.true((refused.requeueAfter ?? 0) > 0);
  t.is(
    decideEnvironment(world({ classes: [] })).requeueAfter,
    undefined,
    'without an end there is nothing to wait for',
  );
});

test('data is there before workloads roll for it; where there are no rights yet, what is planned goes first', (t) => {
  const metadata = withFinalizer;
  const own = environment({ ...spec, ownConfigMaps: [{ name: 'app', data: [] }] }, { metadata });
  const decide = (changes: Partial<EnvironmentWorld>): string =>
    short(decideEnvironment(world({ environment: own, ...held, ...changes })));
  t.is(decide({}), 'Apply');
  const { binding } = accepted(own).manifests;
  const bound = { children: [{ kind: binding.kind, name: binding.metadata.name, uid: 'b1' }] };
  t.is(decide(bound), 'Copy');
  const copy = { kind: 'ConfigMap', name: 'app', data: {} } as const;
  const copied = { wanted: [copy], there: [copy], problems: [], dueIn: 1000 };
  t.is(decide({ ...bound, copied }), 'Apply');
  t.is(decide({ ...bound, copied: { ...copied, wanted: [{ ...copy, data: { a: '1' } }] } }), 'Copy');
});

test('what is applied is planned for that very class, and what the plan does not have goes', (t) => {
  const children = [
    { kind: 'Service', name: 'web', uid: 's1' },
    { kind: 'Service', name: 'former', uid: 's2' },
  ];
  const { action } = decideEnvironment(world({ environment: ours, ...held, children }));
  if (action?.do !== 'Apply') return t.fail();
  t.is(action.of.twinClass.metadata.name, 'default');
  t.deepEqual(
    action.plan.workloads.map(({ name }) => name),
    ['web'],
  );
  t.deepEqual(action.surplus, [children[1]]);
  return t.true((action.lifetime.expiresAt ?? 0) > now);
});

test('room is taken as it was seen', (t) => {
  const { action } = decideEnvironment(world());
  t.like(action, { do: 'Admit', revision: 7 });
});

test('what goes says what is left and what holds it up; what the StorageClass keeps is named once', (t) => {
  const environment_ = environment(spec, { metadata: going });
  const conditions = [{ type: 'NamespaceFinalizersRemaining', status: 'True' as const, message: 'x in 1 instances' }];
  const waiting = decideEnvironment(
    world({ environment: environment_, home: home(deleted, conditions), volumes: ['pv-1'] }),
  ).situation;
  if (waiting?.kind !== 'Terminating') return t.fail();
  t.deepEqual(
    waiting.left.map(({ kind, name }) => `${kind} ${name}`),
    ['Namespace pr-42-x', 'PersistentVolume pv-1'],
  );
  t.is(waiting.blockers.length, 1);
  const leftVolumes = [
    { name: 'pv-1', uid: 'v1', reclaimPolicy: 'Delete' },
    { name: 'pv-2', uid: 'v2', reclaimPolicy: 'Retain' },
  ];
  const volumes = decideEnvironment(world({ environment: environment_, leftVolumes }));
  t.is(volumes.requeueAfter, 5000, 'volumes have no watch');
  t.deepEqual(volumes.situation?.kind === 'Terminating' && volumes.situation.left.map(({ name }) => name), ['pv-1']);
  const { action } = decideEnvironment(world({ environment: environment_, leftVolumes: leftVolumes.slice(1) }));
  return t.like(action, { do: 'LetGo', retained: ['pv-2'] });
});

const reporting = { ...spec, workloads: [{ name: 'web', image, port: 8080, servicesEndpoint: { path: '/services' } }] };
const reportingOne = environment(reporting, { metadata: withFinalizer });
function app(more: Partial<AppReport>): Partial<EnvironmentWorld> {
  const target = { namespace: 'pr-42-x', workload: 'web', port: 8080, path: '/services' };
  const known = {
    target,
    pods: ['p1'],
    report: { pending: true },
    heard: true,
    asking: false,
    due: false,
    dueIn: undefined,
    ...more,
  } as const;
  return {
    environment: reportingOne,
    ...held,
    applied: applied(reportingOne),
    reports: new Map([['web', known]]),
  };
}

test('an app is asked when it is due, and the environment comes back when it is again', (t) => {
  t.like(decideEnvironment(world(app({ due: true, dueIn: 0 }))).action, { do: 'AskApps' });
  const asked = decideEnvironment(world(app({ dueIn: 500 })));
  t.is(short(asked), 'Active');
  t.is(asked.requeueAfter, 500);
  t.true((decideEnvironment(world(app({}))).requeueAfter ?? 0) > hour, 'where nobody could answer nobody waits');
});

test('what the API server refuses is told in order, and tried again', (t) => {
  const refused = [
    { kind: 'Deployment', name: 'web', fields: ['spec.template'] },
    { kind: 'Deployment', name: 'api', forbidden: 'exceeded quota: twinlock', fields: [] },
  ];
  const decision = decideEnvironment(
    world({ environment: ours, ...held, applied: applied(ours, { kind: 'Sent', refused }) }),
  );
  t.is(decision.requeueAfter, 30_000);
  if (decision.situation?.kind !== 'Active') return t.fail();
  const [invalid, forbidden] = decision.situation.rejected;
  t.like(invalid, { reason: 'Invalid' });
  t.regex(invalid?.message ?? '', /does not take Deployment web because of spec\.template;/);
  t.like(forbidden, {
    reason: 'Forbidden',
    message: 'the API server refuses Deployment api: exceeded quota: twinlock',
  });
});

const reportIn = (more: Partial<AppReport>, status: TwinEnvironment['status']): unknown => {
  const { situation } = decideEnvironment(
    world({ ...app(more), environment: { ...reportingOne, ...(status === undefined ? {} : { status }) } }),
  );
  return situation?.kind === 'Active' ? situation.reports.get('web') : undefined;
};

test('what an app said before a restart holds until it was asked again, for that very spec', (t) => {
  const spoken = { observedGeneration: 1 };
  t.deepEqual(reportIn({ heard: false }, spoken), { asBefore: true });
  t.deepEqual(reportIn({ heard: false }, undefined), { pending: true }, 'nothing was seen before');
  t.deepEqual(reportIn({ heard: false }, { observedGeneration: 0 }), { pending: true }, 'that was another spec');
  t.deepEqual(reportIn({ heard: true }, spoken), { pending: true }, 'its pods are others than those that said it');
  t.deepEqual(reportIn({ heard: false, report: { failure: 'x' } }, spoken), { failure: 'x' });
});
