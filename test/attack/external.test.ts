/**
 * The lock while somebody else applies what was signed: it is open for exactly that, for as long as it is open, and nothing
 * else of production moves.
 */
import test from 'ava';
import { contentOfObject, objectDigest } from '../../operator/objects/index.ts';
import type { KubeObject } from '../../operator/kube/index.ts';
import { allowed, denied } from './assert.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { deployment, images, template, type Approved } from '../stage/objects.ts';
import { must, Production } from '../stage/production.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(() => stage?.stop());

const MARK = 'twinlock.dev/removed-by';
const deletion = (propagationPolicy: string): Json => ({ kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy });
const marked = (value: string | null): Json => ({ metadata: { labels: { [MARK]: value } } });

interface Window {
  readonly shop: Production;
  readonly approved: Readonly<Record<'web' | 'worker' | 'other', Approved>>;
  /** What was signed for web. */
  readonly signed: Json;
  /** Approves, and waits until the API server answers so to this change of web. */
  readonly approve: (entries: readonly Approved[], open: boolean) => Promise<void>;
}

/** Production of three in the window of a promotion: new content for web, and worker goes. */
async function window(namespace: string): Promise<Window> {
  const names = ['web', 'worker', 'other'] as const;
  const shop = await Production.open(
    stage,
    namespace,
    names.map((name) => deployment(name)),
  );
  const entries = (await shop.read(shop.own('workloadlocks', 'lock'))).spec['approved'] as readonly Approved[];
  const entry = (name: string): Approved => entries.find((each) => each.name === name)!;
  const approved = { web: entry('web'), worker: entry('worker'), other: entry('other') };
  const containers = (approved.web.spec['template'] as { readonly spec: { readonly containers: readonly Json[] } }).spec
    .containers;
  const signed = { spec: { template: { spec: { containers: [{ ...containers[0], image: images.second }] } } } };
  const approve = async (given: readonly Approved[], open: boolean): Promise<void> => {
    await shop.approve(given);
    await shop.until('the lock has reached admission', async () => {
      const { status } = await stage.agent('PATCH', `${shop.apps('Deployment', 'web')}?dryRun=All`, signed);
      return open ? status === 200 : status === 403;
    });
  };
  return { shop, approved, signed, approve };
}

/** The lock as it is open: what ran is the fallback, and of worker that alone is left. */
function opened(
  { web, worker, other }: Window['approved'],
  signed: Json,
  changes: Partial<Approved> = {},
): readonly Approved[] {
  const { containers } = (signed['spec'] as { readonly template: { readonly spec: { readonly containers: Json } } })
    .template.spec;
  const of = web.spec['template'] as { readonly spec: Json };
  const spec = { ...web.spec, template: { ...of, spec: { ...of.spec, containers } } };
  return [
    { ...web, spec, ...changes },
    { ...web, role: 'Fallback' },
    { ...worker, role: 'Fallback', ...(changes.closed && { closed: changes.closed }) },
    other,
  ];
}

test('denied: anything but the signed content in the window, by whatever way; allowed: exactly that, by anybody who may write', async (t) => {
  const { shop, approved, signed, approve } = await window('window');
  const at = shop.apps('Deployment', 'web');
  denied(t, await stage.agent('PATCH', at, signed), 'workloads', /sign the one that waits \(kubectl get promotions\)/);
  await approve(opened(approved, signed), true);
  const live = await shop.read(at);
  const containers = (
    signed['spec'] as { readonly template: { readonly spec: { readonly containers: readonly Json[] } } }
  ).template.spec.containers;
  const evil = (changes: Json): Json => ({
    spec: { template: { spec: { containers: [{ ...containers[0], ...changes }] } } },
  });
  for (const change of [
    evil({ image: images.evil }),
    evil({ env: [{ name: 'MODE', value: 'evil' }] }),
    evil({ command: ['sh'] }),
    { spec: { ...(signed['spec'] as Json), paused: true } },
    { spec: { ...(signed['spec'] as Json), minReadySeconds: 60 } },
    { ...signed, metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'x' }] } },
  ])
    denied(t, await stage.wildcard('PATCH', at, change), 'workloads', undefined, JSON.stringify(change));
  const apply = { contentType: 'application/apply-patch+yaml' };
  const forced = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    ...evil({ image: images.evil }),
  };
  denied(
    t,
    await stage.wildcard('PATCH', `${at}?fieldManager=kustomize-controller&force=true`, forced, apply),
    'workloads',
  );
  denied(t, await stage.agent('PATCH', `${at}/scale`, { spec: { replicas: 0 } }), 'scale');
  denied(t, await stage.wildcard('PATCH', `${at}/status`, { status: { observedGeneration: 99 } }), 'workload-status');
  // What belongs to another promotion or target stays as it was, and nothing is made under a new name.
  for (const name of ['other', 'worker'])
    denied(t, await stage.wildcard('PATCH', shop.apps('Deployment', name), signed), 'workloads', undefined, name);
  denied(t, await stage.wildcard('POST', shop.apps('Deployment'), deployment('more')), 'workloads');
  // A tool's account that still has the old version in Git rolls nothing back.
  const sent = await stage.agent('PATCH', at, {
    ...signed,
    metadata: { labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop' } },
  });
  allowed(t, sent);
  denied(
    t,
    await stage.agent('PUT', at, { ...live, metadata: { name: 'web' } }),
    'workloads',
    /needs the verb rollback/,
  );
});

test('denied: a deletion that is not signed, or not yet, or of what stays; allowed: of what left, once the process says so', async (t) => {
  const { shop, approved, signed, approve } = await window('leaving');
  const [worker, other] = [shop.apps('Deployment', 'worker'), shop.apps('Deployment', 'other')];
  const impostor = await stage.withToken('twinlock-system', 'twinlock-promotions');
  await approve(opened(approved, signed), true);
  const anybody = { agent: stage.agent, wildcard: stage.wildcard, impostor };
  for (const [who, send] of Object.entries(anybody)) {
    denied(t, await send('DELETE', worker), 'delete', /may not be deleted/, who);
    denied(t, await send('PATCH', worker, marked('web-42')), 'workloads', /by the promotions process only/, who);
  }
  denied(
    t,
    await stage.wildcard('POST', shop.apps('Deployment'), {
      ...deployment('more'),
      metadata: { name: 'more', labels: { [MARK]: 'x' } },
    }),
    'workloads',
  );
  await mark(shop, 'worker');
  denied(t, await stage.agent('PATCH', worker, marked('other')), 'workloads', /by the promotions process only/);
  // What is marked and not signed away: the lock says no.
  await mark(shop, 'other');
  denied(t, await stage.agent('DELETE', other), 'removal', /is approved to run here/);
  denied(t, await stage.agent('DELETE', worker, deletion('Orphan')), 'delete');
  allowed(t, await stage.agent('DELETE', `${worker}?dryRun=All`));
  // It came too late, or the rest failed.
  for (const closed of ['Late', 'TakenBack'] as const) {
    await approve(opened(approved, signed, { closed }), false);
    denied(t, await stage.wildcard('DELETE', worker), 'removal', undefined, closed);
  }
  await approve(opened(approved, signed), true);
  allowed(t, await stage.agent('DELETE', worker, deletion('Foreground')));
  // Whoever takes the mark away takes the right away.
  allowed(t, await stage.agent('PATCH', other, marked(null)));
  denied(t, await stage.agent('DELETE', other), 'delete');
});

test('denied: what was signed, once it is closed; allowed: what has it stays, restarts and scales', async (t) => {
  const { shop, approved, signed, approve } = await window('closed');
  const at = shop.apps('Deployment', 'web');
  await approve(opened(approved, signed, { closed: 'Late' }), false);
  for (const send of [stage.agent, stage.wildcard])
    denied(t, await send('PATCH', at, signed), 'workloads', /was signed, and is closed/);
  await approve(opened(approved, signed), true);
  allowed(t, await stage.agent('PATCH', at, signed));
  await shop.approve(opened(approved, signed, { closed: 'TakenBack' }));
  allowed(t, await stage.agent('PATCH', at, signed));
  allowed(t, await stage.agent('PATCH', at, { spec: { replicas: 2 } }));
  const restart = { 'kubectl.kubernetes.io/restartedAt': '2026-11-21T08:00:00Z' };
  allowed(t, await stage.agent('PATCH', at, { spec: { template: { metadata: { annotations: restart } } } }));
  await shop.pods(1);
});

const of = (mode: string): Json => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'web' },
  data: { MODE: mode },
});
const entry = (role: string, object: object, closed?: string): Json => {
  const content = contentOfObject('ConfigMap', object as KubeObject);
  const held = {
    kind: 'ConfigMap',
    name: 'web',
    role,
    target: 'web',
    record: 'web-000001',
    ...(closed && { closed }),
  };
  return { ...held, digest: objectDigest(content), content };
};

test('denied: an object that is not what was signed, or is closed; allowed: exactly what was signed', async (t) => {
  const shop = await Production.open(stage, 'objects-window');
  const at = shop.core('configmaps', 'web');
  const live = await must(stage.admin('POST', shop.core('configmaps'), of('old')));
  const hold = async (closed: string | undefined, status: number): Promise<void> => {
    await shop.relock({ objects: [entry('Current', of('new'), closed), entry('Fallback', live)] });
    await shop.until(
      'the lock has reached admission',
      async () => (await stage.agent('PATCH', `${at}?dryRun=All`, { data: { MODE: 'new' } })).status === status,
    );
  };
  await hold('Late', 403);
  denied(t, await stage.agent('PATCH', at, { data: { MODE: 'new' } }), 'objects', /was signed, and is closed/);
  await hold(undefined, 200);
  denied(t, await stage.wildcard('PATCH', at, { data: { MODE: 'evil' } }), 'objects');
  denied(t, await stage.wildcard('DELETE', at), 'objects', /may not be deleted/);
  const annotations = { 'meta.helm.sh/release-name': 'web', 'argocd.argoproj.io/tracking-id': 'shop:/ConfigMap:a/web' };
  allowed(
    t,
    await stage.agent('PATCH', at, {
      metadata: { annotations, labels: { 'app.kubernetes.io/managed-by': 'Helm' } },
      data: { MODE: 'new' },
    }),
  );
  await shop.relock({ objects: [entry('Current', of('new'), 'TakenBack'), entry('Fallback', live)] });
  allowed(t, await stage.agent('PATCH', at, { data: { MODE: 'new' } }));
});

test('allowed: a namespace that was given up goes with what people signed away, marked or not', async (t) => {
  const { shop } = await window('given-up');
  const other = shop.apps('Deployment', 'other');
  await mark(shop, 'other');
  const path = `/api/v1/namespaces/${shop.namespace}`;
  allowed(t, await stage.admin('PATCH', path, { metadata: { annotations: { 'twinlock.dev/unprotect': 'given-up' } } }));
  allowed(t, await stage.admin('DELETE', path));
  await shop.until('its workloads are gone', async () => (await stage.admin('GET', other)).status === 404);
});

/** The promotions process marks it: it replaces what it read, so the controllers' own writes may come between. */
async function mark(shop: Production, name: string, kind = 'Deployment'): Promise<void> {
  const at = shop.apps(kind, name);
  await shop.until(`${name} is marked`, async () => {
    const { status } = await stage.promotions('PUT', at, withLabel(await shop.read(at), 'web-42'));
    return status === 200;
  });
}

function withLabel(live: { readonly metadata: Json; readonly spec: Json }, value: string): Json {
  return { ...live, metadata: { ...live.metadata, labels: { ...(live.metadata['labels'] as Json), [MARK]: value } } };
}

test('denied: a CronJob whose signed content is closed, marked or deleted by anybody; allowed: it as signed, and its deletion', async (t) => {
  const pod = { ...(template('nightly')['spec'] as Json), restartPolicy: 'Never' };
  const shop = await Production.open(stage, 'cron-window', [
    deployment('web'),
    {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'nightly' },
      spec: {
        schedule: '0 3 * * *',
        jobTemplate: { spec: { template: { metadata: { labels: { app: 'nightly' } }, spec: pod } } },
      },
    },
  ]);
  const at = shop.apps('CronJob', 'nightly');
  const held = (await shop.read(shop.own('workloadlocks', 'lock'))).spec['approved'] as readonly Approved[];
  const [web, nightly] = ['web', 'nightly'].map((name) => held.find((entry) => entry.name === name)!);
  const fallback: Approved = { ...nightly!, role: 'Fallback' };
  const later: Approved = { ...nightly!, spec: { ...nightly!.spec, schedule: '0 4 * * *' } };
  const change = { spec: { schedule: '0 4 * * *' } };
  const knows = (status: number): Promise<void> =>
    shop.until(
      'the lock has reached admission',
      async () => (await stage.agent('PATCH', `${at}?dryRun=All`, change)).status === status,
    );
  await shop.approve([web!, later, fallback]);
  await knows(200);
  await shop.approve([web!, { ...later, closed: 'Late' }, fallback]);
  await knows(403);
  denied(t, await stage.wildcard('PATCH', at, change), 'cron-jobs', /was signed, and is closed/);
  await shop.approve([web!, later, fallback]);
  await knows(200);
  allowed(t, await stage.agent('PATCH', at, change));
  denied(t, await stage.wildcard('PATCH', at, marked('web-42')), 'cron-jobs', /by the promotions process only/);
  await shop.approve([web!, { ...later, role: 'Fallback' }]);
  denied(t, await stage.agent('DELETE', at), 'delete');
  await mark(shop, 'nightly', 'CronJob');
  await shop.until('it may go', async () => (await stage.agent('DELETE', `${at}?dryRun=All`)).status === 200);
  allowed(t, await stage.agent('DELETE', at));
});
