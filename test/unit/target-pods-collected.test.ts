import test from 'ava';
import type { Pod } from '../../operator/kube/index.ts';
import type { TargetWorld } from '../../operator/targets/decide/index.ts';
import { images } from './promotion-world.ts';
import {
  adopted,
  controlledBy,
  decideTarget,
  neighbour,
  pod,
  present,
  promoted,
  replicaSet,
  web,
} from './target-world.ts';

const evil = (name: string, metadata: object = {}): Pod =>
  pod({ spec: { containers: [{ name: 'web', image: images.evil }] }, metadata: { name, uid: name, ...metadata } });
const beside = (before: TargetWorld, ...pods: readonly Pod[]): TargetWorld => ({
  ...before,
  running: { ...before.running, pods: [...(before.running.pods ?? []), ...pods] },
});
const reasonOf = (given: TargetWorld): string => decideTarget(given).reason;

/** A pod whose workload is gone, by the uid of what controlled it. */
const collected = (changes: Partial<TargetWorld['running']>, pods: readonly Pod[]): TargetWorld => {
  const before = adopted();
  return { ...before, running: { ...before.running, ...changes, pods: [...(before.running.pods ?? []), ...pods] } };
};
const gone = pod({ metadata: { name: 'left', uid: 'left' } }, controlledBy('ReplicaSet', 'gone-set'));
const setOf = (owner: object): TargetWorld['running']['owned'][number] => {
  const { ownerReferences: _owner, ...metadata } = replicaSet.metadata;
  return { ...replicaSet, metadata: { ...metadata, name: 'web-9', uid: 'gone-set', ...owner } };
};

/** What led to the pod, and whether a garbage collector is about to take it. */
const leads: readonly (readonly [string, TargetWorld, boolean])[] = [
  ['its ReplicaSet is gone', collected({}, [gone]), true],
  [
    'its ReplicaSet is there, the Deployment of it is gone',
    collected({ owned: [replicaSet, setOf(controlledBy('Deployment', 'gone'))] }, [gone]),
    true,
  ],
  ['its ReplicaSet is there, and nobody made that', collected({ owned: [replicaSet, setOf({})] }, [gone]), false],
  [
    'its ReplicaSet is there, and a Deployment that nobody names made that',
    collected(
      {
        owned: [replicaSet, setOf(controlledBy('Deployment', 'api-uid'))],
        workloads: [...adopted().running.workloads, present(neighbour.live)],
      },
      [gone],
    ),
    false,
  ],
  ['nobody made it', collected({}, [pod({ metadata: { name: 'left', uid: 'left' } }, {})]), false],
  [
    'something else made it',
    collected({}, [pod({ metadata: { name: 'left', uid: 'left' } }, controlledBy('ReplicationController', 'gone'))]),
    false,
  ],
  ['it runs what was never approved', collected({}, [evil('left', controlledBy('ReplicaSet', 'gone-set'))]), false],
];
for (const [what, given, taken] of leads)
  test(`a pod ${taken ? 'is about to be collected' : 'is collected by nobody'}: ${what}`, (t) => {
    t.is(reasonOf(given), taken ? 'PodsEnding' : 'Tampered');
  });

test('what was approved once may be collected too, of any workload that was decided', (t) => {
  const before = promoted();
  const lock = before.lock!;
  const ended: TargetWorld = {
    ...before,
    lock: { ...lock, spec: { ...lock.spec, approved: lock.spec.approved.filter(({ role }) => role === 'Current') } },
  };
  const first = pod({ metadata: { name: 'left', uid: 'left' } }, controlledBy('ReplicaSet', 'gone-set'), web());
  t.is(reasonOf(beside(ended, first)), 'PodsEnding');
});
