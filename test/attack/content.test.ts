import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import type { WorkloadKind } from '../../operator/api/index.ts';
import { membersOf } from '../../operator/canonical/index.ts';
import { isNewest, waitFor } from '../harness/index.ts';
import { allowed, denied, deniedCommand } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images, namespace, template, workload } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';
import { PARTS } from './content-samples.ts';
import { fieldsOf, groupVersionOf, schemasOf } from './openapi.ts';
import { sampleOf } from './pod-samples.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const containerChange = (change: Json): Json => ({
  spec: {
    template: {
      spec: { containers: [{ ...(template('web')['spec'] as { containers: Json[] }).containers[0], ...change }] },
    },
  },
});

const KINDS = ['Deployment', 'StatefulSet', 'DaemonSet', 'CronJob'] as const satisfies readonly WorkloadKind[];

/** A workload of a kind with all parts that are changed one by one. */
function sample(kind: WorkloadKind): Json {
  if (kind !== 'CronJob') return workload(kind, 'web');
  const jobs = { template: template('web', { restartPolicy: 'OnFailure' }) };
  const spec = { schedule: '0 3 * * *', jobTemplate: { metadata: { labels: { app: 'web' } }, spec: jobs } };
  return { apiVersion: 'batch/v1', kind, metadata: { name: 'web' }, spec };
}

for (const kind of KINDS)
  test(`denied: another value in any field of an approved ${kind} that the server stores`, async (t) => {
    const namespaces = { plain: `plain-${kind.toLowerCase()}`, shut: `fields-${kind.toLowerCase()}` };
    const shop = await Production.open(stage, namespaces.shut, [sample(kind)]);
    const path = shop.apps(kind, 'web');
    const elsewhere = path.replace(namespaces.shut, namespaces.plain);
    await must(stage.admin('POST', '/api/v1/namespaces', namespace(namespaces.plain)));
    await must(stage.admin('POST', elsewhere.slice(0, -'/web'.length), sample(kind)));
    const send = (to: string, spec: unknown): ReturnType<typeof stage.agent> =>
      stage.agent('PUT', `${to}?dryRun=All`, { ...sample(kind), spec });
    const { spec } = await shop.read(path);
    allowed(t, await send(path, spec));
    const unchanged = (await must(send(elsewhere, spec))).spec;
    const notStored: (readonly [path: string, fields: readonly string[]])[] = [];
    for (const { type, at, samples, lets = {} } of PARTS[kind]) {
      const schemas = await schemasOf(stage, groupVersionOf(type));
      const fields = fieldsOf(schemas, type);
      const served = Object.entries(samples).filter(([field]) => isNewest || fields.includes(field));
      t.deepEqual(served.map(([field]) => field).toSorted(), fields, `every field of ${type}, and no other`);
      const kept: string[] = [];
      for (const [field, one] of served) {
        const what = [...at, field].join('.');
        const changed = changedAt(spec, at.slice(1), (before) => ({
          ...before,
          ...sampleOf(field, one).fields(before),
        }));
        const stored = await send(elsewhere, changed);
        if (stored.status >= 300 || isDeepStrictEqual((stored.body as Live).spec, unchanged)) {
          kept.push(field);
          continue;
        }
        const answer = await send(path, changed);
        if (field in lets) allowed(t, answer);
        else denied(t, answer, 'workloads|cron-jobs', undefined, what);
      }
      notStored.push([at.join('.'), kept.toSorted()]);
    }
    const expected = PARTS[kind].map(({ at, unstored = [] }) => [at.join('.'), unstored.toSorted()] as const);
    if (isNewest) t.deepEqual(notStored, expected, 'what the server refuses or drops');
    t.deepEqual((await shop.read(path)).spec, spec);
  });

/** The object with another value at a path. */
function changedAt(
  at: unknown,
  [member, ...rest]: readonly (string | number)[],
  change: (before: Json) => Json,
): unknown {
  if (member === undefined) return change(membersOf(at));
  if (Array.isArray(at)) return at.map((one, index) => (index === member ? changedAt(one, rest, change) : one));
  return { ...membersOf(at), [member]: changedAt(membersOf(at)[member], rest, change) };
}

test('allowed: scale, restart, labels, annotations and a replace with the same content', async (t) => {
  const shop = await Production.open(stage, 'harmless');
  const path = shop.apps('Deployment', 'web');
  const restart = { 'kubectl.kubernetes.io/restartedAt': '2026-11-21T08:00:00Z' };
  allowed(t, await stage.agent('PATCH', path, { spec: { replicas: 3 } }));
  allowed(t, await stage.agent('PATCH', path, { metadata: { labels: { team: 'a' }, annotations: { note: 'b' } } }));
  allowed(t, await stage.agent('PATCH', path, { spec: { template: { metadata: { annotations: restart } } } }));
  // Before Kubernetes 1.36 nobody keeps the revision that the controller has written in between.
  const live = await waitFor('the controller to have seen the restart', async (seen) => {
    const read = (await shop.read(path)) as Live & { readonly status?: { readonly observedGeneration?: number } };
    seen(read.status);
    return read.status?.observedGeneration === read.metadata['generation'] && read;
  });
  const { resourceVersion: _, ...metadata } = live.metadata;
  allowed(t, await stage.agent('PUT', path, { ...live, metadata }));
});

test('denied: the ways of stock kubectl', async (t) => {
  const shop = await Production.open(stage, 'stock-kubectl');
  const run = (...args: string[]) =>
    stage.cluster.kubectl(['-n', shop.namespace, ...args], { as: stage.files.agent, check: false });
  const live = await shop.read(shop.apps('Deployment', 'web'));
  const evil = {
    ...deployment('web'),
    metadata: { name: 'web', namespace: shop.namespace },
    spec: { ...live.spec, template: template('web', { hostNetwork: true }) },
  };
  const send = (args: string[]) =>
    stage.cluster.kubectl(['-n', shop.namespace, ...args, '-f', '-'], {
      as: stage.files.agent,
      check: false,
      input: JSON.stringify(evil),
    });
  deniedCommand(
    t,
    await run('set', 'image', 'deployment/web', `web=${images.evil}`),
    'workloads',
    /create a Promotion/,
  );
  deniedCommand(t, await run('set', 'env', 'deployment/web', 'A=b'), 'workloads');
  deniedCommand(t, await run('rollout', 'pause', 'deployment/web'), 'workloads');
  deniedCommand(t, await send(['apply', '--server-side', '--force-conflicts']), 'workloads');
  deniedCommand(t, await send(['apply']), 'workloads');
  deniedCommand(t, await send(['replace']), 'workloads');
  const restarted = await run('rollout', 'restart', 'deployment/web');
  t.is(restarted.code, 0, restarted.stderr);
});

test('denied: a workload that no target names, of every kind', async (t) => {
  const shop = await Production.open(stage, 'strangers');
  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'] as const) {
    denied(
      t,
      await stage.agent('POST', shop.apps(kind), workload(kind, 'second', { template: template('second') })),
      'workloads',
      /is not a workload of a ProductionTarget/,
    );
  }
});

test('denied: StatefulSet and DaemonSet with other content; allowed with the approved one', async (t) => {
  const kinds = ['StatefulSet', 'DaemonSet'] as const;
  const shop = await Production.open(
    stage,
    'other-kinds',
    kinds.map((kind) => workload(kind, 'web')),
  );
  for (const kind of kinds) {
    denied(
      t,
      await stage.agent('PATCH', shop.apps(kind, 'web'), containerChange({ image: images.evil })),
      'workloads',
      /pod template differs/,
    );
    denied(
      t,
      await stage.agent('PATCH', shop.apps(kind, 'web'), {
        spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: null } },
      }),
      'workloads',
      /spec differs/,
    );
    allowed(t, await stage.agent('PATCH', shop.apps(kind, 'web'), { metadata: { labels: { team: 'a' } } }));
  }
  const keep = { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Delete' } };
  denied(t, await stage.agent('PATCH', shop.apps('StatefulSet', 'web'), { spec: keep }), 'workloads', /spec differs/);
});

test('allowed: whoever applies what was approved; denied: anything else at the same time', async (t) => {
  const shop = await Production.open(stage, 'promoted');
  const path = shop.apps('Deployment', 'web');
  const live = await shop.read(path);
  denied(t, await stage.agent('PATCH', path, containerChange({ image: images.second })), 'workloads');
  const planned = await stage.promotions(
    'PATCH',
    `${path}?dryRun=All&fieldManager=twinlock-plan`,
    containerChange({ image: images.second }),
  );
  allowed(t, planned);
  const desired = (planned.body as { readonly spec: Json }).spec;
  await shop.approve([
    { kind: 'Deployment', name: 'web', role: 'Current', spec: desired },
    { kind: 'Deployment', name: 'web', role: 'Fallback', spec: live.spec },
  ]);
  denied(t, await stage.agent('PATCH', path, containerChange({ image: images.second, args: ['x'] })), 'workloads');
  allowed(t, await stage.agent('PATCH', path, containerChange({ image: images.second })));
});

test('denied: a dry run of the plan by anybody but the promotions process, or for real', async (t) => {
  const shop = await Production.open(stage, 'plan');
  const [path, change] = [shop.apps('Deployment', 'web'), containerChange({ image: images.second })];
  const planned = `${path}?dryRun=All&fieldManager=twinlock-plan`;
  denied(t, await stage.agent('PATCH', planned, change), 'workloads');
  denied(t, await stage.admin('PATCH', planned, change), 'workloads');
  denied(t, await stage.promotions('PATCH', `${path}?fieldManager=twinlock-plan`, change), 'workloads');
  denied(t, await stage.promotions('PATCH', `${path}?dryRun=All&fieldManager=twinlock-canary`, change), 'workloads');
  allowed(t, await stage.promotions('PATCH', planned, change));
});

test('denied: rollback without its verb; allowed: rollout undo by the on-call, with nothing else running', async (t) => {
  const shop = await Production.open(stage, 'undo');
  const path = shop.apps('Deployment', 'web');
  const first = await shop.read(path);
  const change = { spec: { ...(containerChange({ image: images.second })['spec'] as Json), minReadySeconds: 5 } };
  const planned = await must(stage.promotions('PATCH', `${path}?dryRun=All&fieldManager=twinlock-plan`, change));
  await shop.approve([
    { kind: 'Deployment', name: 'web', role: 'Current', spec: planned.spec },
    { kind: 'Deployment', name: 'web', role: 'Fallback', spec: first.spec },
  ]);
  // The Deployment controller must have seen the first template, else there is nothing to go back to.
  await shop.pods(1);
  allowed(t, await stage.agent('PATCH', path, change));
  await shop.pods(2);
  const undo = (as: string) =>
    stage.cluster.kubectl(['-n', shop.namespace, 'rollout', 'undo', 'deployment/web'], { as, check: false });
  deniedCommand(t, await undo(stage.files.agent), 'workloads', /rolling back needs the verb rollback/);
  const undone = await undo(stage.files.oncall);
  t.is(undone.code, 0, undone.stderr);
  const after = await shop.read(path);
  t.deepEqual(after.spec['template'], first.spec['template']);
  t.is(after.spec['minReadySeconds'], 5, 'undo puts back the template alone');
  const forward = await undo(stage.files.agent);
  t.is(forward.code, 0, `back to Current needs no verb: ${forward.stderr}`);
});

test('denied: everything in a protected namespace whose lock is gone', async (t) => {
  await must(
    stage.admin('POST', '/api/v1/namespaces', {
      metadata: { name: 'no-lock', labels: { 'twinlock.dev/protected': 'true' } },
    }),
  );
  const answer = await stage.agent('POST', '/apis/apps/v1/namespaces/no-lock/deployments', deployment('web'));
  t.is(answer.status, 422);
  t.regex(JSON.stringify(answer.body), /twinlock-workloads.*no params found/);
});

const claim = (name: string, storage = '1Gi', metadata: Json = {}): Json => ({
  metadata: { name, ...metadata },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
});
const database = (...volumeClaimTemplates: readonly Json[]): Json =>
  workload('StatefulSet', 'db', volumeClaimTemplates.length > 0 ? { volumeClaimTemplates } : {});

test('denied: a StatefulSet that is made with other claims than the approved ones; allowed: with these', async (t) => {
  const signed = database(claim('data'), claim('log'));
  const spec = (await must(stage.admin('POST', '/apis/apps/v1/namespaces/default/statefulsets?dryRun=All', signed)))
    .spec;
  const shop = await Production.open(stage, 'claims', [], {
    also: [{ kind: 'StatefulSet', name: 'db', role: 'Current', spec }],
  });
  const make = (made: Json): ReturnType<typeof stage.agent> =>
    stage.agent('POST', `${shop.apps('StatefulSet')}?dryRun=All`, made);
  const forged: readonly (readonly [what: string, claims: readonly Json[]])[] = [
    ['a larger one', [claim('data', '2Gi'), claim('log')]],
    [
      'another class',
      [{ ...claim('data'), spec: { ...(claim('data')['spec'] as Json), storageClassName: 'mine' } }, claim('log')],
    ],
    ['a label', [claim('data', '1Gi', { labels: { backup: 'no' } }), claim('log')]],
    ['one less', [claim('data')]],
    ['one more', [claim('data'), claim('log'), claim('more')]],
    ['another name', [claim('data'), claim('logs')]],
    ['another order', [claim('log'), claim('data')]],
    ['none', []],
  ];
  for (const [what, claims] of forged)
    denied(t, await make(database(...claims)), 'workloads', /\(spec differs\)/, what);
  allowed(t, await make(signed));
});
