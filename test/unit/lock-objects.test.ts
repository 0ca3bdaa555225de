/** Objects beside the workloads in a lock: which entries are whose, and what the records let them be. */
import test from 'ava';
import {
  matchObject,
  objectChangedBy,
  objectFault,
  objectsOf,
  recallObject,
  withOnlyObject,
  withOpenedObject,
  withRestoredObjects,
  type ApprovedObject,
  type LockSpec,
  type ObjectState,
} from '../../operator/lock/index.ts';
import { adopted, chain, outcome, round, type Link } from './lock-chain.ts';
import { liveObject, state } from './object-world.ts';

const config = { kind: 'ConfigMap', name: 'config' } as const;
const of = (value: string): ObjectState => state({ data: { value } });
const [first, second, third] = [of('1'), of('2'), of('3')];

const entry = (content: ObjectState, changes: Partial<ApprovedObject> = {}): ApprovedObject => ({
  ...config,
  role: 'Current',
  target: 'web',
  record: 'web-000001',
  ...content,
  ...changes,
});
const lock = (...objects: readonly ApprovedObject[]): LockSpec => ({
  liveAccess: 'Deny',
  approved: [],
  objects: [...objects],
});

const takenOver =
  (...objects: readonly ObjectState[]): Link =>
  (sequence, before) => ({
    ...adopted()(sequence, before),
    currentObjects: objects.map((each) => ({ ...config, ...each })),
  });
/** A round about the object that was approved. */
const approved = (wanted: ObjectState, replaced: ObjectState, uid = 'a'): readonly Link[] => [
  (sequence, before) => ({
    ...round(undefined, undefined, uid)(sequence, before),
    desiredObjects: [{ ...config, ...wanted }],
    currentObjects: [{ ...config, ...replaced }],
  }),
  outcome('Approved', uid),
];

test('the contents of an object are those of its kind and name, by role', (t) => {
  const current = entry(second);
  const fallback = entry(first, { role: 'Fallback' });
  const beside = entry(third, { name: 'beside' });
  const namesake = entry(third, { kind: 'Service' });
  const all = lock(beside, namesake, fallback, current);
  t.deepEqual(objectsOf(all, config), { current, fallback });
  t.deepEqual(objectsOf(all, { kind: 'ConfigMap', name: 'beside' }), { current: beside, fallback: undefined });
  t.deepEqual(objectsOf(lock(), config), { current: undefined, fallback: undefined });
});

type Live = Parameters<typeof matchObject>[1];
const live = ({ content }: ObjectState): Live => liveObject(config, content);

test('what is live is the current content, the fallback or none; to be absent is a content too', (t) => {
  const both = { current: entry(second), fallback: entry(first, { role: 'Fallback' }) };
  t.is(matchObject(both, live(second)), 'Current');
  t.is(matchObject(both, live(first)), 'Fallback');
  t.is(matchObject(both, live(third)), 'None');
  t.is(matchObject(both, undefined), 'None');
  t.is(matchObject({ ...both, current: entry({}) }, undefined), 'Current');
});

test('other objects keep their entries when one is opened or made the only one', (t) => {
  const others = [entry(third, { name: 'beside' }), entry(third, { kind: 'Service' })];
  const before = lock(entry(first), ...others);
  const { role: _role, ...opened } = entry(second, { record: 'web-000003' });
  const current = { ...opened, role: 'Current' as const };
  t.deepEqual(withOnlyObject(before, opened).objects, [others[0]!, current, others[1]!]);
  t.deepEqual(withOpenedObject(before, opened).objects, [
    others[0]!,
    current,
    entry(first, { role: 'Fallback' }),
    others[1]!,
  ]);
});

/** What a lock gets whose entry somebody changed. */
const restored = (...links: readonly (Link | readonly Link[])[]): string | undefined => {
  const changed = entry(third);
  return withRestoredObjects(lock(changed), [changed], () => chain(...links)).objects?.[0]?.digest;
};

test('what was taken back lets the replaced content be again, and nothing else takes a decision back', (t) => {
  const opened = [takenOver(first), approved(second, first)];
  t.is(restored(...opened), second.digest);
  t.is(restored(...opened, outcome('Completed')), second.digest, 'it completed');
  t.is(restored(...opened, outcome('RolledBack')), first.digest);
  t.is(restored(...opened, outcome('RolledBack', 'b')), second.digest, 'another promotion was');
  t.is(restored(outcome('RolledBack'), ...opened), second.digest, 'it was before');
  t.is(restored(...opened, takenOver()), second.digest, 'a record of no promotion');
});

const fallback = (content: ObjectState, record: number): ApprovedObject =>
  entry(content, { role: 'Fallback', record: `web-00000${record}` });

test('until a lock opens its fallback is that of the decision before, past each that was taken back', (t) => {
  const back = chain(
    takenOver(first),
    approved(second, first),
    approved(third, second, 'b'),
    outcome('RolledBack', 'b'),
    approved(of('4'), second, 'c'),
  );
  t.is(objectFault(fallback(second, 5), back), undefined, 'of the one that was taken back');
  t.is(objectFault(fallback(first, 3), back), undefined, 'of the last that opened the lock');
  const twice = chain(
    takenOver(first),
    approved(second, first),
    approved(third, second, 'b'),
    approved(of('4'), third, 'c'),
  );
  t.is(objectFault(fallback(second, 5), twice), undefined);
  t.regex(
    objectFault(fallback(first, 3), twice) ?? '',
    /is not what was decided last/,
    'that was two decisions before',
  );
});

test('an entry that says what was decided stays as it is while another one is restored', (t) => {
  // The approval is on record and the lock is not open yet: the decision before still counts here.
  const records = chain(takenOver(first), approved(second, first));
  const sound = entry(first);
  const changed = entry(third, { name: 'beside' });
  t.is(objectFault(sound, records), undefined);
  t.deepEqual(withRestoredObjects(lock(changed, sound), [changed], () => records).objects, [sound]);
});

test('a lock that lost an object gets back what the last decision about it lets be', (t) => {
  const records = chain(takenOver(first), approved(second, first), approved(third, second, 'b'));
  const recalled = (content: ObjectState): string | undefined =>
    recallObject(records, config, liveObject(config, content.content))?.record;
  t.is(recalled(third), 'web-000005');
  t.is(recalled(second), 'web-000005', 'what it replaced');
  t.is(recalled(first), undefined, 'only an older decision let it be');
  t.is(recallObject([], config, liveObject(config, first.content)), undefined);
});

const by = (manager: string, time: string, fieldsV1: object): object => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  time,
  fieldsType: 'FieldsV1',
  fieldsV1,
});
/** An object whose field somebody wrote before somebody else labelled it. */
const labelled = (content: object, field: string): Live => ({
  apiVersion: 'v1',
  kind: 'any',
  metadata: {
    name: 'any',
    managedFields: [
      by('writer', '2026-11-21T10:00:00Z', { [`f:${field}`]: {} }),
      by('labeller', '2026-11-21T11:00:00Z', { 'f:metadata': {} }),
    ] as NonNullable<NonNullable<Live>['metadata']['managedFields']>,
  },
  ...content,
});

test('who changed an object is who wrote its content last, not who labelled it since', (t) => {
  const names = 'somebody whom the audit log of the API server names';
  const changedBy = (kind: string, object: Live): string => objectChangedBy({ kind }, object).replace(names, '-');
  t.is(changedBy('Service', labelled({ spec: {} }, 'spec')), '- (field manager writer)');
  t.is(changedBy('ConfigMap', labelled({ data: {} }, 'data')), '- (field manager writer)');
  t.is(changedBy('ServiceAccount', labelled({}, 'secrets')), '- (field manager labeller)', 'all of it is content');
  t.is(changedBy('Service', undefined), '- (field manager unknown)');
});

test('an object that has no canonical form is nothing that anybody approved', (t) => {
  const both = { current: entry(second), fallback: entry(first, { role: 'Fallback' }) };
  t.is(matchObject(both, liveObject(config, { data: { value: 2 ** 63 } })), 'None');
});

test('an entry names the record that let its content be', (t) => {
  const records = chain(takenOver(first), approved(second, first));
  t.is(objectFault(entry(second, { record: 'web-000003' }), records), undefined);
  t.is(objectFault(entry(second), records), 'record web-000001 holds another content');
  t.is(objectFault(entry(second, { record: 'web-000002' }), records), 'record web-000002 decides nothing about it');
});

test('after an adoption an object is what was taken over, and nothing else: neither other content nor gone', (t) => {
  const records = chain(takenOver(first));
  t.is(objectFault(entry(first), records), undefined);
  for (const other of [second, {}])
    t.is(objectFault(entry(other), records), 'its content is not what was decided last (record web-000001)');
});
