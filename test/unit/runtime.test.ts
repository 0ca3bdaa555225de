import { Writable } from 'node:stream';
import test from 'ava';
import { ApiError } from '../../operator/kube/index.ts';
import type { KubeObject } from '../../operator/kube/index.ts';
import { Backoff, reflectorBackoff } from '../../operator/kube/clock/index.ts';
import {
  annotationsChanged,
  anyOf,
  createLogger,
  generationChanged,
  labelsChanged,
} from '../../operator/runtime/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';

const object = (metadata: Partial<KubeObject['metadata']>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
});

test('predicates let through what they are named after', (t) => {
  const old = object({ generation: 1, resourceVersion: '1', labels: { a: '1' }, annotations: { b: '1' } });
  const spec = object({ ...old.metadata, generation: 2, resourceVersion: '2' });
  const label = object({ ...old.metadata, resourceVersion: '2', labels: { a: '2' } });
  const annotation = object({ ...old.metadata, resourceVersion: '2', annotations: { b: '1', c: '1' } });
  const deleting = object({ ...old.metadata, resourceVersion: '2', deletionTimestamp: '2026-01-01T00:00:00Z' });
  t.deepEqual(
    [spec, label, annotation, deleting, old].map((next) => generationChanged.update?.(next, old)),
    [true, false, false, true, true],
  );
  t.deepEqual(
    [spec, label, annotation, old].map((next) => labelsChanged.update?.(next, old)),
    [false, true, false, false],
  );
  t.deepEqual(
    [spec, label, annotation, old].map((next) => annotationsChanged.update?.(next, old)),
    [false, false, true, false],
  );
  t.true(generationChanged.update?.(object({ resourceVersion: '2' }), object({ resourceVersion: '1' })));
  const either = anyOf(generationChanged, annotationsChanged);
  t.deepEqual(
    [spec, label, annotation].map((next) => either.update?.(next, old)),
    [true, false, true],
  );
  t.true(either.add?.(old));
});

test('a backoff doubles up to 30 s and starts over after two quiet minutes, or when told that it works again', (t) => {
  const clock = new ManualClock();
  const backoff = new Backoff(reflectorBackoff, clock, () => 0);
  t.deepEqual(
    Array.from({ length: 8 }, () => backoff.next()),
    [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000],
  );
  clock.advance(120_001);
  t.is(backoff.next(), 800);
  t.is(backoff.next(), 1600);
  backoff.reset();
  t.is(backoff.next(), 800);
  t.is(new Backoff(reflectorBackoff, clock, () => 0.5).next(), 1200);
});

test('a log carries errors with their causes and no secret', (t) => {
  let text = '';
  const destination = new Writable({
    write: (chunk, _encoding, done) => {
      text += String(chunk);
      done();
    },
  });
  const logger = createLogger({ level: 'info', name: 'test', destination });
  const cause = Object.assign(new Error('inner'), { request: { headers: { authorization: 'Bearer hunter2' } } });
  const refused = new ApiError({ method: 'GET', path: '/x', status: 403, body: { reason: 'Forbidden' }, cause });
  logger.info(
    {
      err: refused,
      token: 'hunter2',
      config: { user: { password: 'hunter2' } },
      headers: { authorization: 'hunter2' },
    },
    'said',
  );
  logger.warn({ err: 'hunter2 thrown as text', secret: { data: 'hunter2' } }, 'said');
  t.false(text.includes('hunter2'), text);
  const line = JSON.parse(text.split('\n')[0] ?? '') as Record<string, unknown>;
  t.like(line, { level: 'info', name: 'test', msg: 'said' });
  t.like(line['err'], {
    type: 'ApiError',
    code: 'KUBE_API',
    status: 403,
    reason: 'Forbidden',
    cause: { message: 'inner' },
  });
});
