import test from 'ava';
import type { TwinEnvironment } from '../../operator/api/index.ts';
import { turnOf } from '../../operator/environments/decide/lifecycle/index.ts';
import { environmentInformers, slimNamespace } from '../../operator/environments/gather/cache/index.ts';
import { addIndexes } from '../../operator/environments/gather/indexes.ts';
import { Slots } from '../../operator/environments/gather/slots.ts';
import { homeOf, ownerLabels, ownerOf } from '../../operator/environments/naming/index.ts';
import { Cache, keyOf, type Client, type Informer, type KubeObject } from '../../operator/kube/index.ts';
import type { SharedInformer } from '../../operator/kube/cache/shared-informer.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { environment, image, twinClass } from './environment-fixtures.ts';

const spec = { workloads: [{ name: 'web', image, port: 8080 }] };
const single = twinClass({ maxEnvironments: 1 });

function listed<T extends KubeObject>(informer: Informer<T>, objects: readonly T[]): void {
  // Every informer of a cache is one.
  (informer as SharedInformer<T>).replace(objects, '1');
}

/** `age`: how long before all others it was made, in minutes. */
function made(
  name: string,
  age: number,
  more: { readonly spec?: object; readonly status?: TwinEnvironment['status']; readonly metadata?: object } = {},
): TwinEnvironment {
  const creationTimestamp = new Date(Date.parse('2026-11-21T08:00:00Z') - age * 60_000).toISOString();
  return environment(
    { ...spec, ...more.spec },
    {
      metadata: { name, uid: `uid of ${name}`, creationTimestamp, ...more.metadata },
      ...(more.status === undefined ? {} : { status: more.status }),
    },
  );
}

const homeFor = (each: TwinEnvironment, labels: Readonly<Record<string, string>> = ownerLabels(ownerOf(each))) =>
  slimNamespace({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: homeOf(each), labels: { ...labels } } });

function slotsOf(environments: readonly TwinEnvironment[], homes: readonly KubeObject[] = []): Slots {
  const clock = new ManualClock();
  const informers = environmentInformers(new Cache({ client: {} as Client, clock }));
  addIndexes(informers);
  listed(informers.environments, environments);
  listed(
    informers.namespaces,
    homes.map((each) => slimNamespace(each)),
  );
  return new Slots(informers);
}

/** Whether a good environment, younger than all others, has its turn in a class with one place. */
function admitted(others: readonly TwinEnvironment[], homes: readonly KubeObject[] = []): boolean {
  const good = made('good', 0);
  const { candidates } = slotsOf([...others, good], homes).read(good, single);
  return turnOf(keyOf(good), candidates, single.spec).admitted;
}

const refused = { phase: 'Failed' } as const;
const queued = { phase: 'Queued', queue: { position: 1 } } as const;
const deletionTimestamp = '2026-11-21T08:30:00Z';
const first = made('first', 9, { status: { phase: 'Ready' } });
const keepers: readonly (readonly [
  title: string,
  other: TwinEnvironment,
  homes: readonly KubeObject[],
  free: boolean,
])[] = [
  ['was refused (a VendorTwin is missing, its namespace has no label)', made('x', 9, { status: refused }), [], true],
  ['is suspended', made('x', 9, { spec: { suspend: true }, status: { phase: 'Failed' } }), [], true],
  ['waited and was suspended then', made('x', 9, { spec: { suspend: true }, status: queued }), [], true],
  ['waited and is on its way out', made('x', 9, { status: queued, metadata: { deletionTimestamp } }), [], true],
  ['has expired', made('x', 9, { status: { phase: 'Expired' } }), [], true],
  ["is blocked by a namespace of somebody else's", first, [homeFor(first, { team: 'other' })], true],
  ['has its namespace', first, [homeFor(first)], false],
  ['has expired and still has its namespace', first, [homeFor(first)], false],
  ['waits, too, and for longer', made('x', 9, { status: queued }), [], false],
];
for (const [title, other, homes, free] of keepers)
  test(`an older environment that ${title} keeps ${free ? 'nobody' : 'the next one'} from room`, (t) => {
    t.is(admitted([other], homes), free);
  });

test('fifty environments of one person that nobody can make stop nobody', (t) => {
  const crowd = Array.from({ length: 50 }, (_, index) => made(`bad-${index}`, 60 - index, { status: refused }));
  t.true(admitted(crowd));
});

test('two that saw the last room do not both get it', (t) => {
  const [a, b] = [made('a', 2), made('b', 1)];
  const slots = slotsOf([a, b]);
  const seen = slots.read(a, single).revision;
  t.true(slots.reserve(a, seen));
  t.false(slots.reserve(b, seen), 'somebody took room since');
  t.like(slots.read(a, single), { held: true, reserved: true });
  t.true(slots.reserve(a, seen), 'who has room has it');
  const { candidates, revision } = slots.read(b, single);
  t.false(turnOf(keyOf(b), candidates, single.spec).admitted);
  slots.release(keyOf(a));
  t.not(slots.read(b, single).revision, revision);
  t.false(slots.read(a, single).held);
});

test('a namesake gets no room from its predecessor', (t) => {
  const [former, next] = [made('a', 2), made('a', 1, { metadata: { uid: 'another' } })];
  const slots = slotsOf([next]);
  t.true(slots.reserve(former, slots.read(former, single).revision));
  t.false(slots.read(next, single).held);
});

test('without a class there is no room to look for', (t) => {
  const each = made('a', 1);
  t.deepEqual(slotsOf([each]).read(each, undefined).candidates, []);
});
