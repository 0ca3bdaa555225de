/** What a chain decided about a workload, and what of it a deleted lock may get back. */
import test from 'ava';
import { decisionsOn, recall, type Decision } from '../../operator/lock/index.ts';
import { undoneSpec } from '../../operator/workloads/index.ts';
import {
  adopted,
  approved,
  chain,
  digestIn,
  outcome,
  recorded,
  round,
  spec,
  type Link,
  type Spec,
} from './lock-chain.ts';

const web = { kind: 'Deployment', name: 'web' } as const;
const [first, second, third] = [spec('a'), spec('b', { minReadySeconds: 5 }), spec('c')];
/** What `kubectl rollout undo` makes of two contents of a Deployment. */
const undone = (current: Spec, fallback: Spec): Spec => undoneSpec('Deployment', current, fallback) ?? {};
const told = (decisions: readonly Decision[]): readonly string[] =>
  decisions.map(
    ({ record, contents, takenBack }) =>
      `${record} ${contents.map(({ as }) => as).join('+')}${takenBack ? ' taken back' : ''}`,
  );

test('decisions stand newest first: an adoption of what ran, an approval of what was asked for and what it replaces', (t) => {
  const records = chain(adopted(recorded(first)), approved(second, first));
  t.deepEqual(decisionsOn(records, web), [
    {
      record: 'web-000003',
      contents: [
        { as: 'Desired', digest: digestIn(second), spec: second },
        { as: 'Replaced', digest: digestIn(first), spec: first },
        { as: 'Undone', digest: digestIn(undone(second, first)), spec: undone(second, first) },
      ],
      takenBack: false,
      since: '2026-11-21T10:00:00Z',
    },
    {
      record: 'web-000001',
      contents: [{ as: 'Adopted', digest: digestIn(first), spec: first }],
      takenBack: false,
      since: '2026-11-21T10:00:00Z',
    },
  ]);
});

test('a workload that was not there before has nothing that was replaced', (t) => {
  t.deepEqual(told(decisionsOn(chain(approved(second, undefined)), web)), ['web-000002 Desired']);
});

test('an undo that has no canonical form is no content', (t) => {
  const broken = spec('a', { minReadySeconds: 2 ** 60 });
  t.deepEqual(told(decisionsOn(chain(approved(broken, first)), web)), ['web-000002 Desired+Replaced']);
});

test('what is about another workload decides nothing, by kind and by name', (t) => {
  const others = [recorded(second, 'api'), { ...recorded(second), kind: 'StatefulSet' as 'Deployment' }];
  const ofOthers = chain(adopted(...others), round(others, others), outcome('Approved'));
  t.deepEqual(decisionsOn(ofOthers, web), []);
  const beside = chain(round([...others, recorded(first)], others), outcome('Approved'));
  t.deepEqual(told(decisionsOn(beside, web)), ['web-000002 Desired']);
});

test('a round decides nothing until it is approved, and any other end is no decision', (t) => {
  const asked = round([recorded(second)], [recorded(first)]);
  t.deepEqual(decisionsOn(chain(asked), web), []);
  for (const result of ['Failed', 'Completed', 'RolledBack'] as const)
    t.deepEqual(decisionsOn(chain(asked, outcome(result)), web), [], result);
});

test('an approval whose round is not in the chain decides nothing', (t) => {
  t.deepEqual(decisionsOn(chain(outcome('Approved')), web), [], 'it names none');
  t.deepEqual(decisionsOn(chain(approved(second, first)).slice(1), web), [], 'it is gone');
  t.deepEqual(decisionsOn(chain(round(undefined, undefined), outcome('Approved')), web), [], 'it holds no content');
});

test('an approval decides what its own round asked for, not what another did', (t) => {
  const records = chain(approved(second, first), approved(third, second, 'b'));
  t.deepEqual(
    decisionsOn(records, web).map(({ contents }) => contents[0]?.spec),
    [third, second],
  );
});

test('an approval is taken back by a later rollback of the same promotion, and by nothing else', (t) => {
  const takenBack = (...links: readonly (Link | readonly Link[])[]): boolean | undefined =>
    decisionsOn(chain(...links), web).at(-1)?.takenBack;
  t.true(takenBack(approved(second, first), outcome('RolledBack')));
  t.true(takenBack(approved(second, first), outcome('Completed'), outcome('RolledBack')));
  t.false(takenBack(approved(second, first)));
  t.false(takenBack(approved(second, first), outcome('Completed')), 'it completed');
  t.false(takenBack(approved(second, first), outcome('RolledBack', 'b')), 'another promotion was');
  t.false(takenBack(outcome('RolledBack'), approved(second, first)), 'it was before');
  const [asked, ofNobody] = chain(approved(second, first));
  const { promotion: _promotion, ...nameless } = ofNobody!;
  const rolledBack = { ...chain(outcome('RolledBack'))[0]!, sequence: 3 };
  t.false(decisionsOn([asked!, nameless, rolledBack], web)[0]?.takenBack, 'it is of no promotion');
});

/** An end that says which workloads it changed. */
const changing =
  (result: 'Completed' | 'Failed', ...names: readonly string[]): Link =>
  (sequence, before) => {
    const { outcome: end, ...record } = outcome(result)(sequence, before);
    const changes = names.map((name) => ({ kind: 'Deployment' as const, name }));
    return { ...record, outcome: { ...end!, changes } };
  };

const takenBackBy = (end: Link): boolean | undefined =>
  decisionsOn(chain(approved(second, first), end), web)[0]?.takenBack;

test('what failed in part is taken back where it did not arrive; what completed never is', (t) => {
  t.true(takenBackBy(changing('Failed', 'api')));
  t.false(takenBackBy(changing('Failed', 'api', 'web')));
  t.false(takenBackBy(changing('Completed', 'api')));
});

test('a lock gets back what is live where the last decision lets it run, with the record that says so', (t) => {
  const records = chain(adopted(recorded(first)), approved(second, first));
  for (const live of [first, second, undone(second, first)])
    t.deepEqual(recall(records, web, { ...live, replicas: 9 }, undefined), { record: 'web-000003', spec: live });
  t.is(recall(records, web, third, undefined), undefined);
  t.is(recall([], web, first, undefined), undefined);
});

test('a content that only an older decision let run is not approved any more', (t) => {
  const records = chain(adopted(recorded(first)), approved(second, first), approved(third, second, 'b'));
  t.is(recall(records, web, first, undefined), undefined);
  t.is(recall(records, web, second, undefined)?.record, 'web-000005');
});

test('what the target lets others add to a pod template does not hide what was approved', (t) => {
  const marked = spec('a', {
    template: {
      metadata: { labels: { app: 'web' }, annotations: { 'reloader.example/at': '1' } },
      spec: { containers: [{ name: 'web', image: 'a' }] },
    },
  });
  const records = chain(adopted(recorded(first)));
  t.is(recall(records, web, marked, undefined), undefined);
  const found = recall(records, web, marked, [{ field: 'Annotations', names: ['reloader.example/*'] }]);
  t.deepEqual(found, { record: 'web-000001', spec: first });
});
