import test from 'ava';
import type { TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images, target, type Spec } from './promotion-world.ts';
import {
  adopted,
  decideTarget,
  fresh,
  neighbour,
  pod,
  present,
  running,
  settle,
  web,
  withLive,
} from './target-world.ts';

const warn = target({ mode: 'Warn' });
const warned = (changes: Partial<TargetWorld> = {}): TargetWorld =>
  settle(fresh({ target: warn, enforcement: { active: false, message: 'mode is Warn' }, ...changes })).world;
const others = (count: number): readonly { readonly kind: string; readonly name: string }[] =>
  Array.from({ length: count }, (_, index) => ({ kind: 'Job', name: `job-${index}` }));
test('what nobody names is listed, the first five of it, and looked for again', (t) => {
  const message = (count: number): string => decideTarget(fresh(running(web(), { others: others(count) }))).message;
  t.regex(
    message(1),
    /^the namespace also runs Job\/job-0, which no ProductionTarget names: name Deployments.* in a target, and move or delete everything else that makes pods$/,
  );
  t.regex(message(5), / also runs Job\/job-0, Job\/job-1, Job\/job-2, Job\/job-3, Job\/job-4, which no /);
  t.regex(message(7), /Job\/job-3, Job\/job-4 and 2 more, which no /);
  t.is(decideTarget(fresh(running(web(), { others: others(1) }))).requeueAfter, 10_000);
});

test('a paused workload is told with the command', (t) => {
  t.is(
    decideTarget(withLive(fresh(), deployment(images.first, { paused: true } as Partial<Spec>))).message,
    'Deployment/web is paused, so what it says is not what runs: kubectl rollout resume deployment/web -n shop',
  );
});

/** Pods beside the workload's own, and what is said of them. */
const foreign: readonly (readonly [string, object, string])[] = [
  ['runs', {}, 'bare (no workload that a target names made it)'],
  [
    'succeeded',
    { phase: 'Succeeded' },
    'bare (no workload that a target names made it; its status says Succeeded, which proves nothing: delete it)',
  ],
  [
    'failed',
    { phase: 'Failed' },
    'bare (no workload that a target names made it; its status says Failed, which proves nothing: delete it)',
  ],
];
for (const [what, status, words] of foreign)
  test(`a pod of nobody is told with what to do: it ${what}`, (t) => {
    const stranger = pod({ status, metadata: { name: 'bare', uid: 'bare' } }, {});
    const verdict = decideTarget(fresh(running(web(), { pods: [pod(), stranger] })));
    t.is(
      verdict.message,
      `the namespace runs pods that are not of the present template of a named workload: ${words}; delete them, move them, or let the rollout finish`,
    );
    t.deepEqual([verdict.stalled, verdict.requeueAfter], [true, 10_000]);
  });

test('a pod without a status is judged like any other', (t) => {
  const { status: _status, ...silent } = pod({ metadata: { name: 'bare', uid: 'bare' } }, {});
  t.regex(
    decideTarget(fresh(running(web(), { pods: [silent] }))).message,
    /: bare \(no workload that a target names made it\); /,
  );
});

test('in mode Warn it says what would be refused, and what to do when nothing would', (t) => {
  const rest = 'mode is Warn: nothing is refused, everything is told to who does it and to the audit log';
  const then = '; when status.warnings names nothing that stands in the way, set spec.mode: Enforce';
  t.is(decideTarget(warned()).message, `${rest}${then}`);
  const bare = pod({ metadata: { name: 'bare', uid: 'bare' } }, {});
  t.is(
    decideTarget({ ...warned(), ...running(web(), { pods: [pod(), bare] }) }).message,
    `${rest}; pods that would be refused: bare (no workload that is approved made it)${then}`,
  );
});

test('content that is taken over again is named in the record, and the lock follows with a reason', (t) => {
  const verdict = decideTarget(withLive(warned(), deployment(images.second)));
  t.deepEqual(
    [verdict.ready, verdict.reason, verdict.message],
    [false, 'Adopting', 'live content is taken over again'],
  );
  t.is(
    verdict.action?.do === 'Append' ? verdict.action.entry.message : undefined,
    'taken over again as found, while mode is Warn: Deployment/web',
  );
  const recorded = settle(withLive(warned(), deployment(images.second))).world;
  const { action } = decideTarget({ ...recorded, lock: warned().lock });
  t.is(action?.do === 'WriteLock' ? action.because : undefined, 'live content changed');
});

test('a neighbour that is not taken over yet is compared with what it is, one that is with what is approved', (t) => {
  const { running: own } = running(web());
  const workloads = [{ kind: 'Deployment' as const, name: 'more' }, neighbour.key];
  const given = fresh({
    others: [{ ...neighbour.target, spec: { ...neighbour.target.spec, workloads } }],
    running: {
      ...own,
      workloads: [web(), neighbour.live].map(present),
      owned: [...own.owned, neighbour.set],
      pods: [...(own.pods ?? []), pod({}, neighbour.owner, neighbour.live)],
    },
  });
  t.deepEqual(settle(given).done, ['WriteLock', 'Protect', 'Adopted']);
  const lock = adopted().lock!;
  const [entry] = lock.spec.approved;
  const theirs = { ...entry!, name: 'api', target: 'api', spec: { template: { spec: { containers: [] } } } };
  t.is(
    decideTarget({ ...given, lock: { ...lock, spec: { ...lock.spec, approved: [theirs] } } }).reason,
    'ForeignPods',
    'approved content is what counts',
  );
});
