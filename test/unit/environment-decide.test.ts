import test from 'ava';
import type { TwinEnvironment } from '../../operator/api/index.ts';
import {
  decideEnvironment,
  notApplied,
  type EnvironmentDecision,
  type EnvironmentWorld,
} from '../../operator/environments/decide/index.ts';
import { environment, image, settings, stripe, twinClass } from './environment-fixtures.ts';

const now = Date.parse('2026-11-21T09:00:00Z');
const hour = 3_600_000;
const at = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');
const spec = { workloads: [{ name: 'web', image, port: 8080 }], services: [{ name: 'stripe' }] };
const dev = { 'twinlock.dev/environments': 'true' };

function world(changes: Partial<EnvironmentWorld> = {}): EnvironmentWorld {
  return {
    key: { namespace: 'shop-dev', name: 'pr-42' },
    orphans: [],
    environment: environment(spec),
    now,
    classes: [twinClass()],
    namespaceLabels: dev,
    homeExists: false,
    hasFinalizer: false,
    catalogue: (name) => (name === 'stripe' ? stripe : undefined),
    settings,
    ...changes,
  };
}

/** A decision in a word or two: what is done, or what is told. */
function short({ action, situation }: EnvironmentDecision): string {
  if (action !== undefined)
    return action.do === 'Remove' && action.expired !== undefined ? 'Remove expired' : action.do;
  return situation?.kind === 'Refused' ? `Refused ${situation.problems[0]?.reason}` : (situation?.kind ?? 'nothing');
}

const orphans = [{ name: 'pr-42-x', uid: 'n1' }];
const deleted = { deletionTimestamp: '2026-11-21T08:30:00Z' };
const old = { metadata: { creationTimestamp: '2026-01-01T00:00:00Z' } };
const over = { expiresAt: at(now), lastActivityAt: at(now - hour) };
const ahead = { expiresAt: at(now + hour), lastActivityAt: at(now - hour) };

const cases: readonly (readonly [title: string, changes: Partial<EnvironmentWorld>, decided: string])[] = [
  ['nothing speaks against it', {}, 'Run'],
  ['a namesake left its namespace behind', { orphans }, 'RemoveOrphans'],
  [
    'it was deleted, and a namesake left its namespace behind',
    { orphans, environment: environment(spec, { metadata: deleted }), hasFinalizer: true },
    'RemoveOrphans',
  ],
  ['it runs already', { homeExists: true, hasFinalizer: true }, 'Run'],
  [
    'it was deleted and has children',
    { environment: environment(spec, { metadata: deleted }), hasFinalizer: true },
    'Remove',
  ],
  ['it was deleted and never had any', { environment: environment(spec, { metadata: deleted }) }, 'Leave'],
  [
    'it was deleted and its class is gone',
    { environment: environment(spec, { metadata: deleted }), hasFinalizer: true, classes: [] },
    'Remove',
  ],
  [
    'it was deleted and is suspended',
    { environment: environment({ ...spec, suspend: true }, { metadata: deleted }), hasFinalizer: true },
    'Remove',
  ],
  ['its class is gone', { classes: [] }, 'Refused NoDefaultClass'],
  [
    'two classes are the default',
    { classes: [twinClass({}, 'a'), twinClass({}, 'b')] },
    'Refused DefaultClassAmbiguous',
  ],
  [
    'its class is gone and its time is over',
    { classes: [], environment: environment(spec, { status: over }) },
    'Remove expired',
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
  ['its time is over', { environment: environment(spec, old) }, 'Remove expired'],
  [
    'its time is over and it could not be planned',
    { environment: environment({ ...spec, services: [{ name: 'nobody' }] }, old) },
    'Remove expired',
  ],
  [
    'its time is over and it is suspended',
    { environment: environment({ ...spec, suspend: true }, old) },
    'Remove expired',
  ],
  [
    'a VendorTwin is missing',
    { environment: environment({ ...spec, services: [{ name: 'nobody' }] }) },
    'Refused VendorTwinNotFound',
  ],
  [
    'a VendorTwin is missing and it is suspended',
    { environment: environment({ ...spec, services: [{ name: 'nobody' }], suspend: true }) },
    'Refused VendorTwinNotFound',
  ],
  ['its namespace has no label', { namespaceLabels: {} }, 'Refused NamespaceNotAllowed'],
  ['its namespace is not known', { namespaceLabels: undefined }, 'Refused NamespaceNotAllowed'],
  ['it is suspended before it had anything', { environment: environment({ ...spec, suspend: true }) }, 'Suspended'],
  [
    'it is suspended and has its namespace',
    { environment: environment({ ...spec, suspend: true }), homeExists: true },
    'Look',
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
  const { action } = decideEnvironment(world({ environment: subject, orphans }));
  const situation = action === undefined ? undefined : notApplied(subject, action, 'no');
  return situation?.kind === 'NotApplied' ? situation.phase : undefined;
}

test('what could not be done keeps an environment where it was on its way to', (t) => {
  t.is(phaseOf(environment(spec)), 'Provisioning');
  t.is(phaseOf(environment(spec, { status: { phase: 'Expired' } })), 'Expired');
  t.is(phaseOf(environment(spec, { metadata: deleted, status: { phase: 'Expired' } })), 'Terminating');
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

test('to run is to run as planned for that very class', (t) => {
  const { action } = decideEnvironment(world());
  if (action?.do !== 'Run') return t.fail();
  t.is(action.twinClass.metadata.name, 'default');
  t.deepEqual(
    action.plan.workloads.map(({ name }) => name),
    ['web'],
  );
  return t.true((action.lifetime.expiresAt ?? 0) > now);
});
