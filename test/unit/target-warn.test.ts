import test from 'ava';
import { warningsOf, type TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images, target, type Spec } from './promotion-world.ts';
import { adopted, decideTarget, fresh, namespaceWith, pod, running, settle, web, withLive } from './target-world.ts';

const warn = target({ mode: 'Warn' });
const off = { active: false, message: 'mode is Warn' };
const warned = (changes: Partial<TargetWorld> = {}): TargetWorld =>
  fresh({ target: warn, enforcement: off, ...changes });
const settled = (changes: Partial<TargetWorld> = {}): TargetWorld => settle(warned(changes)).world;
const job = running(web(), { others: [{ kind: 'Job', name: 'hook' }] });

test('a target that only warns labels its namespace so and rests, not enforced', (t) => {
  const { world: end, done } = settle(warned());
  t.deepEqual(done, ['WriteLock', 'Protect', 'Adopted']);
  t.is(end.namespace?.metadata.labels?.['twinlock.dev/protected'], 'warn');
  const verdict = decideTarget(end);
  t.is(verdict.reason, 'NotEnforced');
  t.true(verdict.resting);
  t.false(verdict.ready);
});

test('what would keep it from being enforced is a warning', (t) => {
  const { world: end, done } = settle(warned(job));
  t.deepEqual(done, ['WriteLock', 'Protect', 'Adopted']);
  t.true(warningsOf(end).some((line) => line.startsWith('before mode: Enforce: the namespace also runs Job/hook')));
});

test('pods that would be refused are told, and not recorded', (t) => {
  const stranger = pod({ metadata: { name: 'debug', uid: 'debug' } }, {});
  const { world: end, done } = settle({ ...settled(), ...running(web(), { pods: [pod(), stranger] }) });
  t.deepEqual(done, []);
  t.regex(decideTarget(end).message, /debug \(no workload/);
});

test('live content that changes is taken over again, with a record that says so', (t) => {
  const { world: end, done } = settle(withLive(settled(), deployment(images.second)));
  t.deepEqual(done, ['Adopted', 'WriteLock']);
  t.regex(end.records.at(-1)?.message ?? '', /while mode is Warn/);
  t.is(end.lock?.spec.approved[0]?.record, 'web-000002');
  t.is(decideTarget(end).reason, 'NotEnforced');
  const { world: enforced, done: then } = settle({
    ...end,
    target: target(),
    enforcement: { active: true, message: '' },
  });
  t.deepEqual(then, ['Protect'], 'enforcing works at once');
  t.true(decideTarget(enforced).ready, decideTarget(enforced).message);
});

test('a warning becomes a refusal only when nothing stands in the way', (t) => {
  const verdict = decideTarget({ ...settled(job), target: target() });
  t.is(verdict.reason, 'UnnamedWorkloads');
  t.is(verdict.action, undefined);
});

test('denied: content that is changed behind a mode that is Enforce already is not taken over', (t) => {
  const changed = { ...withLive(settled(), deployment(images.evil)), target: target() };
  t.false(settle(changed).done.includes('Adopted'));
});

test('denied: the label alone does not make an enforced target take over what it finds', (t) => {
  const relabelled = { ...withLive(adopted(), deployment(images.evil)), namespace: namespaceWith('warn') };
  const { done } = settle(relabelled);
  t.false(done.includes('Adopted'), done.join(', '));
  t.true(done.includes('Tampered') || decideTarget(relabelled).stalled === true);
});

test('one target that enforces makes the namespace enforced for all that hold something', (t) => {
  const end = settled();
  const api = { kind: 'Deployment', name: 'api' } as const;
  const strict = {
    ...target({ workloads: [api] }),
    metadata: { ...target().metadata, name: 'api', uid: 'api-target' },
  };
  t.is(decideTarget({ ...end, others: [strict] }).reason, 'NotEnforced', 'it holds nothing yet');
  const entry = { ...end.lock!.spec.approved[0]!, name: 'api', target: 'api' };
  const lock = { ...end.lock!, spec: { ...end.lock!.spec, approved: [entry, ...end.lock!.spec.approved] } };
  t.deepEqual(decideTarget({ ...end, others: [strict], lock }).action, { do: 'Protect', as: 'true' });
});

test('content that has no digest is a condition in mode Warn too', (t) => {
  const spec = { ...deployment(images.first).spec, minReadySeconds: 2 ** 60 } as Spec;
  t.is(decideTarget(withLive(settled(), deployment(images.first, spec))).reason, 'ContentNotCanonical');
});

const template = (changes: object): Partial<Spec> =>
  ({
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'web', image: images.first, ...changes }] },
    },
  }) as unknown as Partial<Spec>;
const lines: readonly (readonly [string, Partial<Spec>, RegExp])[] = [
  ['no old revisions', { revisionHistoryLimit: 0 }, /no way back/],
  ['service links', {}, /REDIS_PORT/],
  ['no readiness probe', {}, /no readiness probe/],
  ['images by tag of what was taken over earlier', template({ image: 'web:v1' }), /without a digest.*web:v1/],
];
for (const [what, spec, line] of lines)
  test(`a warning that says what to do: ${what}`, (t) => {
    const world = withLive(adopted(), deployment(images.first, spec));
    t.true(warningsOf(world).some((each) => line.test(each)));
  });

test('a workload that gives no reason for a warning gets none', (t) => {
  const spec = {
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        enableServiceLinks: false,
        containers: [{ name: 'web', image: images.first, readinessProbe: { httpGet: { path: '/', port: 80 } } }],
      },
    },
  } as unknown as Partial<Spec>;
  t.deepEqual(warningsOf(withLive(adopted(), deployment(images.first, spec))), []);
});

test('more pod writers than a lock holds are named as without a say', (t) => {
  const podWriters = Array.from({ length: 17 }, (_, index) => ({ user: `writer-${String(index).padStart(2, '0')}` }));
  t.true(warningsOf({ ...adopted(), podWriters }).some((line) => line.includes('writer-16')));
});
