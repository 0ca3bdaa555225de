import test from 'ava';
import { whatChanged } from '../../operator/promotions/decide/round.ts';
import type { RecordSpec } from '../../operator/records/index.ts';
import {
  decide,
  deployment,
  environment,
  images,
  keyring,
  keys,
  liveOf,
  policy,
  promotion,
  run,
  until,
  voted,
  withLive,
  world,
  worldOfOne,
  type Scene,
  type Spec,
} from './promotion-world.ts';

const open = run(world()).world;
const roundIn = (given: Scene): RecordSpec | undefined => {
  const { action } = decide({ ...given, nonce: 'f'.repeat(32) }).verdict;
  return action?.do === 'Append' && action.entry.type === 'Round' ? (action.entry as RecordSpec) : undefined;
};
const because = (given: Scene): readonly string[] | undefined => roundIn(given)?.round?.because;
const by = (user: string) => promotion('web-42', { annotations: { 'twinlock.dev/requested-by': user } });

test('a new round says which part of what is signed is another, and no other part', (t) => {
  t.deepEqual(because({ ...open, policy: policy({ quorum: [{ count: 2 }] }) }), [
    "the policy's gates, quorum or separation changed",
  ]);
  t.deepEqual(because({ ...open, keyring: keyring({ alice: keys.alice }) }), ['people or keys that can count changed']);
  t.deepEqual(because({ ...open, cluster: { ...open.cluster, name: 'renamed' } }), ["the cluster's name changed"]);
  t.deepEqual(because({ ...open, promotion: by('somebody') }), ['who requested the promotion is told differently']);
  const records = open.records.map((record) =>
    record.gates === undefined
      ? record
      : { ...record, gates: record.gates.map((gate) => ({ ...gate, summary: 'seen again' })) },
  );
  t.deepEqual(because({ ...open, records }), ['a gate ran again and saw something else']);
  t.deepEqual(because({ ...open, promotion: by('somebody'), keyring: keyring({ alice: keys.alice }) }), [
    'people or keys that can count changed',
    'who requested the promotion is told differently',
  ]);
});

test('a round whose texts differ in nothing that has a name says that, and a first one says nothing', (t) => {
  const text = open.records.find(({ type }) => type === 'Round')?.statements?.approve ?? '';
  t.deepEqual(whatChanged(text, text), ['the statement is put differently']);
  const first = roundIn(world());
  t.false('because' in (first?.round ?? {}));
  t.is(first?.round?.openedAt, '2026-11-21T10:00:00Z');
});

test('the record of a round has what was asked by its name and digest', (t) => {
  const record = roundIn(world());
  t.deepEqual([record?.policy?.name, record?.keyring?.name], ['default', 'default']);
  t.regex(record?.policy?.digest ?? '', /^sha256:/);
  t.regex(record?.keyring?.digest ?? '', /^sha256:/);
  t.not(record?.policy?.digest, record?.keyring?.digest);
  t.deepEqual(
    record?.currentSpecs?.map(({ name }) => name),
    ['web', 'api'],
  );
  t.notRegex(JSON.stringify([record?.currentSpecs, record?.desiredSpecs]), /replicas/);
});

const subjects = (given: Scene): readonly string[] => {
  const text = run(given).world.records.find(({ type }) => type === 'Round')?.statements?.approve ?? '{}';
  const { subject = [] }: { subject?: readonly { readonly name: string }[] } = JSON.parse(text);
  return subject.map(({ name }) => name);
};

/** A workload with a container of its own name and one that every workload has. */
const app = (name: string): Scene['workloads'][number] => {
  const live = deployment(images.first, {}, '1', name);
  const { selector, template } = live.spec as Spec;
  const containers = ['app', name].map((container) => ({ name: container, image: images.second }));
  return {
    kind: 'Deployment',
    name,
    live,
    planned: { spec: { replicas: 2, selector, template: { ...template, spec: { containers } } } },
  };
};

test('a container that several workloads have is called with its workload, another by its name alone', (t) => {
  t.deepEqual(subjects(world()), ['api=registry.example/web', 'web=registry.example/web']);
  const workloads = ['web', 'api'].map((name) => ({
    name,
    images: ['app', name].map((container) => ({ container, image: images.second })),
    ready: true,
  }));
  const given = environment(images.second);
  const shared = world({
    environment: { ...given, status: { ...given.status!, workloads } },
    workloads: ['web', 'api'].map(app),
  });
  t.deepEqual(subjects(shared).toSorted(), [
    'api/app=registry.example/web',
    'api=registry.example/web',
    'web/app=registry.example/web',
    'web=registry.example/web',
  ]);
});

test('people sign a repository and its digest; a tag beside them could say anything', (t) => {
  const tagged = images.second.replace('@', ':1.2@');
  const given = environment(images.second);
  const workloads = [{ name: 'web', images: [{ container: 'web', image: tagged }], ready: true }];
  const [name] = subjects(world({ environment: { ...given, status: { ...given.status!, workloads } } }));
  t.is(name, 'web=registry.example/web');
});

test('an undo that kept the other fields of the new content is an undo in a rollout too', (t) => {
  const live = deployment(images.first);
  const spec = { ...deployment(images.second, { minReadySeconds: 7 } as Partial<Spec>).spec };
  const given = worldOfOne({ workloads: [{ kind: 'Deployment', name: 'web', live, planned: { spec } }] });
  const applied = until(voted(run(given).world, keys.alice), 'Apply');
  const mixed = {
    ...liveOf(applied),
    spec: { ...deployment(images.first, { minReadySeconds: 7 } as Partial<Spec>).spec },
  };
  const { verdict } = decide(withLive(applied, mixed));
  t.deepEqual([verdict.phase, verdict.reason], ['RolledBack', 'Undone']);
  t.is(verdict.rollout?.workloads[0]?.state, 'RolledBack');
});
