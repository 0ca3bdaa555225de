import test from 'ava';
import type { ProductionTarget } from '../../operator/api/index.ts';
import type { TargetWorld } from '../../operator/targets/decide/index.ts';
import { deployment, images, target } from './promotion-world.ts';
import { adopted, after, decideTarget, fresh, namespaceWith, running, settle, web, withLive } from './target-world.ts';

const named = (name: string, createdAt: string | undefined, workloads = ['web'], uid = name): ProductionTarget => {
  const { creationTimestamp: _at, ...metadata } = target().metadata;
  return {
    ...target({ workloads: workloads.map((each) => ({ kind: 'Deployment' as const, name: each })) }),
    metadata: {
      ...metadata,
      name,
      uid,
      ...(createdAt === undefined ? {} : { creationTimestamp: createdAt }),
    },
  };
};
const EARLIER = '2026-11-19T09:00:00Z';
const LATER = '2026-11-21T09:00:00Z';
const reasonBeside = (other: ProductionTarget, own = target()): string => {
  const { reason, message } = decideTarget(fresh({ others: [other], target: own }));
  return reason === 'WorkloadTaken' ? message : reason;
};
const taken = (by: string): string =>
  `Deployment/web belongs to ProductionTarget ${by} already: name it in one target only`;

test('of two targets that name a workload the older gets it', (t) => {
  t.is(reasonBeside(named('older', EARLIER)), taken('older'));
  t.is(reasonBeside(named('older', EARLIER, ['api', 'web'])), taken('older'), 'be it among others');
  t.is(reasonBeside(named('younger', LATER)), 'Adopting');
  t.is(reasonBeside(named('older', EARLIER, ['api'])), 'Adopting', 'it names another workload');
});

test('of two of one second the uid decides', (t) => {
  const at = target().metadata.creationTimestamp;
  t.is(reasonBeside(named('first', at, ['web'], 'a')), taken('first'));
  t.is(reasonBeside(named('second', at, ['web'], 'z')), 'Adopting');
  t.is(reasonBeside(named('same', at, ['web'], target().metadata.uid)), 'Adopting', 'nobody is older than themselves');
  const { uid: _uid, ...metadata } = named('without', at).metadata;
  t.is(reasonBeside({ ...named('without', at), metadata }), taken('without'));
  t.is(reasonBeside(named('without', undefined)), taken('without'), 'one without a time comes first');
});

test('who has a workload keeps it, also against an older target', (t) => {
  const { lock } = adopted();
  const own = named('older', EARLIER);
  const holder = named('web', LATER, ['web'], 'target-uid');
  const given = fresh({ target: own, others: [holder], lock });
  t.is(decideTarget(given).message, taken('web'));
  const third = named('third', LATER);
  t.is(
    decideTarget({ ...given, others: [third, holder] }).message,
    taken('web'),
    'who holds it has it, not who is first',
  );
});

test('a workload that was there before is asked for with what it has to be', (t) => {
  const deleted = decideTarget(withLive(adopted(), undefined));
  t.deepEqual([deleted.reason, deleted.stalled], ['WorkloadMissing', true]);
  t.is(
    deleted.message,
    'Deployment/web was deleted: create it again with exactly its approved content (record web-000001)',
  );
});

const unenforced = (drifted?: boolean): TargetWorld => ({
  ...after(after(fresh())),
  enforcement: { active: false, message: 'the binding is gone', ...(drifted === undefined ? {} : { drifted }) },
});

test('a lock that is not enforced yet is looked at again soon, one whose policy is another is not', (t) => {
  const { reason, message, requeueAfter, ready } = decideTarget(unenforced());
  t.deepEqual(
    { reason, message, ready, requeueAfter },
    {
      reason: 'EnforcementInactive',
      message: 'the API server does not enforce the lock yet: the binding is gone',
      ready: false,
      requeueAfter: 250,
    },
  );
  t.is(decideTarget(unenforced(false)).requeueAfter, 250);
  t.is(decideTarget(unenforced(true)).requeueAfter, undefined);
});

test('while it takes over it says so, and why it writes', (t) => {
  const first = decideTarget(fresh());
  t.deepEqual([first.ready, first.reason, first.message], [false, 'Adopting', 'live content is being taken over']);
  t.is(first.action?.do === 'WriteLock' ? first.action.because : undefined, 'live content is taken over');
  const second = decideTarget(after(fresh()));
  t.deepEqual([second.reason, second.action], ['Adopting', { do: 'Protect', as: 'true' }]);
});

test('an adopted target that is not enforced stalls in words', (t) => {
  const verdict = decideTarget(adopted({}));
  t.true(verdict.ready);
  const inactive = decideTarget({ ...adopted(), enforcement: { active: false, message: 'the binding is gone' } });
  t.deepEqual(
    [inactive.ready, inactive.stalled, inactive.reason, inactive.message],
    [false, true, 'EnforcementInactive', 'the API server does not enforce the lock: the binding is gone'],
  );
});

test('what runs is taken over for each workload that is new, and what another has taken stays', (t) => {
  const api = deployment(images.first, {}, '1', 'api');
  const both = named('web', EARLIER, ['web', 'api'], 'target-uid');
  const before = adopted();
  const live = { ...api, metadata: { ...api.metadata, uid: 'api-uid' } } as ReturnType<typeof web>;
  const given: TargetWorld = {
    ...before,
    target: both,
    workloads: [...before.workloads, { kind: 'Deployment', name: 'api', live }],
    ...running(web(), {
      workloads: [web(), live].map((each) => ({ kind: 'Deployment' as const, name: each.metadata.name, live: each })),
    }),
  };
  const { world: end, done } = settle(given);
  t.deepEqual(done, ['WriteLock', 'Adopted']);
  t.deepEqual(
    end.lock?.spec.approved.map(({ name, record }) => `${name} ${record}`),
    ['api web-000002', 'web web-000001'],
  );
  t.deepEqual(
    end.records.at(-1)?.currentSpecs?.map(({ name }) => name),
    ['api'],
  );
});

test('a chain of another target takes nothing over, be it of the same name', (t) => {
  const before = adopted();
  const own = { ...target(), metadata: { ...target().metadata, uid: 'made-anew' } };
  const verdict = decideTarget({ ...before, target: own });
  t.is(verdict.action?.do, 'Append');
  t.is(verdict.reason, 'Adopting');
  t.is(settle({ ...before, namespace: namespaceWith('true'), target: own }).done.at(-1), 'Adopted');
});
