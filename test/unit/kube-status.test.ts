import test from 'ava';
import {
  ApiError,
  conditionBounds,
  conditionsOf,
  fittedLines,
  fittedText,
  resourceType,
  StatusWriter,
  type Condition,
  type KubeObject,
  type Outcome,
} from '../../operator/kube/index.ts';

interface Widget extends KubeObject {
  readonly status?: { readonly seen?: number; readonly list?: readonly string[] };
}

const Widget = resourceType<Widget>({
  apiVersion: 'acme.dev/v1',
  kind: 'Widget',
  plural: 'widgets',
  namespaced: true,
});
const widget = (status?: Widget['status']): Widget => ({
  apiVersion: 'acme.dev/v1',
  kind: 'Widget',
  metadata: { namespace: 'shop', name: 'a', uid: 'u1' },
  ...(status === undefined ? {} : { status }),
});

/** An API server that answers each patch with what `answer` makes of the status that was sent. */
function writer(answer: (status: Widget['status']) => Widget): {
  readonly sent: unknown[];
  readonly absorbed: Widget[];
  readonly statuses: StatusWriter<Widget>;
} {
  const sent: unknown[] = [];
  const absorbed: Widget[] = [];
  const statuses = new StatusWriter<Widget>({
    client: {
      patch: async (type, key, patch, options) => {
        sent.push({ kind: type.kind, key, patch, options });
        const operation = patch.type === 'json' ? patch.body.at(-1) : undefined;
        const status = operation?.op === 'add' ? operation.value : undefined;
        // The one type that this client is asked for.
        return answer(status as Widget['status']) as never;
      },
    },
    type: Widget,
    fieldManager: 'widgets',
    informer: { absorb: (object) => absorbed.push(object) },
  });
  return { sent, absorbed, statuses };
}

const refusal = (status: number, name?: string) => (): Widget => {
  const reason = status === 404 ? 'NotFound' : 'Invalid';
  throw new ApiError({
    method: 'PATCH',
    path: '/x',
    status,
    body: { reason, ...(name === undefined ? {} : { details: { name } }) },
  });
};

test('a status is written once, as a whole, into the object that was observed and no other', async (t) => {
  const { sent, absorbed, statuses } = writer(widget);
  t.is(await statuses.write(widget({ seen: 1 }), { seen: 2 }), 'Written');
  t.deepEqual(sent, [
    {
      kind: 'Widget',
      key: { namespace: 'shop', name: 'a' },
      patch: {
        type: 'json',
        body: [
          { op: 'test', path: '/metadata/uid', value: 'u1' },
          { op: 'add', path: '/status', value: { seen: 2 } },
        ],
      },
      options: { subresource: 'status', fieldManager: 'widgets', signal: undefined },
    },
  ]);
  t.deepEqual(absorbed, [widget({ seen: 2 })]);
});

test('a status that is there already costs no request, in whatever order its fields are', async (t) => {
  const { sent, statuses } = writer(widget);
  t.is(await statuses.write(widget({ list: ['a'], seen: 1 }), { seen: 1, list: ['a'] }), 'Unchanged');
  t.deepEqual(sent, []);
});

test('what the API server stores otherwise is sent once, and again only when it changed', async (t) => {
  const { sent, statuses } = writer(() => widget({ seen: 1 }));
  t.is(await statuses.write(widget(), { seen: 1, list: [] }), 'Written');
  t.is(await statuses.write(widget({ seen: 1 }), { seen: 1, list: [] }), 'Unchanged');
  t.is(await statuses.write(widget({ seen: 7 }), { seen: 1, list: [] }), 'Written');
  t.is(sent.length, 2);
});

test('an object that is gone, or was made again, needs no status', async (t) => {
  t.is(await writer(refusal(404)).statuses.write(widget(), { seen: 1 }), 'Gone');
  t.is(await writer(refusal(422)).statuses.write(widget(), { seen: 1 }), 'Gone');
});

test('a status that breaks its schema is an error and no object that is gone', async (t) => {
  await t.throwsAsync(writer(refusal(422, 'a')).statuses.write(widget(), { seen: 1 }), { instanceOf: ApiError });
});

const at = (year: number): number => Date.UTC(year, 0, 1);
const outcome = (kstatus: Outcome['kstatus'], reason = 'A'): Outcome => ({ kstatus, reason, message: 'm' });
const typesOf = (conditions: readonly Condition[]): readonly string[] =>
  conditions.map(({ type, status }) => `${type}=${status}`);

test('conditions are abnormal-true: Reconciling and Stalled are there only while they are so', (t) => {
  const own = [{ type: 'Wired', status: 'Unknown', reason: 'B', message: '' }] as const;
  const of = (kstatus: Outcome['kstatus']): readonly string[] =>
    typesOf(conditionsOf({ metadata: {} }, outcome(kstatus), own, at(2026)));
  t.deepEqual(of('Current'), ['Ready=True', 'Wired=Unknown']);
  t.deepEqual(of('InProgress'), ['Ready=False', 'Reconciling=True', 'Wired=Unknown']);
  t.deepEqual(of('Failed'), ['Ready=False', 'Stalled=True', 'Wired=Unknown']);
});

test('a condition keeps the time of its last transition while its status stays, and one that is not said goes', (t) => {
  const first = conditionsOf({ metadata: { generation: 1 } }, outcome('InProgress'), [], at(2024));
  const seen = { metadata: { generation: 2 }, status: { conditions: first } };
  const second = conditionsOf(seen, outcome('Failed', 'B'), [], at(2025));
  const third = conditionsOf({ ...seen, status: { conditions: second } }, outcome('Current'), [], at(2026));
  t.deepEqual(second, [
    {
      type: 'Ready',
      status: 'False',
      observedGeneration: 2,
      lastTransitionTime: '2024-01-01T00:00:00Z',
      reason: 'B',
      message: 'm',
    },
    {
      type: 'Stalled',
      status: 'True',
      observedGeneration: 2,
      lastTransitionTime: '2025-01-01T00:00:00Z',
      reason: 'B',
      message: 'm',
    },
  ]);
  t.deepEqual(
    third.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
    [['Ready', '2026-01-01T00:00:00Z']],
  );
});

test('texts of conditions fit their schema, whatever they are made of', (t) => {
  const [ready] = conditionsOf(
    { metadata: {} },
    { kstatus: 'Current', reason: 'A', message: 'ü'.repeat(10_000) },
    [],
    at(2026),
  );
  t.is(ready?.message.length, conditionBounds.message.max);
  t.true(ready?.message.endsWith('...'));
});

test('a text is cut within its bound, and a list says what it leaves out', (t) => {
  t.is(fittedText('abcdef', 6), 'abcdef');
  t.is(fittedText('abcdefg', 6), 'abc...');
  t.is(fittedText('a\u202Eb', 99), 'a\\u202eb');
  t.deepEqual(fittedLines(['a', 'b', 'c'], { count: 3, length: 9 }), ['a', 'b', 'c']);
  t.deepEqual(fittedLines(['a', 'b', 'c', 'd'], { count: 3, length: 9 }), ['a', 'b', 'and 2 more']);
});
