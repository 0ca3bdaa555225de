import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { WorkloadLock } from '../../operator/api/index.ts';
import type { RunningProcess } from '../../operator/processes/options.ts';
import { run, waitFor, type CommandResult } from '../harness/index.ts';
import { images, Shop, type ShopOptions } from '../stage/shop.ts';
import { deploymentPath, openPromotions, path, type Person, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/roll-back.md'), 'utf8');
/** Every command of the page's code blocks. */
const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));

let stage: Stage;
let operator: RunningProcess;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  operator = await stage.startProcess();
  // A pipeline's people: rights on workloads, none to roll back.
  await stage.cluster.kubectl(['create', 'clusterrolebinding', 'dev-edit', '--clusterrole=edit', '--user=dev']);
});
test.after.always(() => stage?.stop());

/** A StatefulSet `db` and a DaemonSet `agent`, which a target names beside the Deployment. */
const sets = [
  { kind: 'StatefulSet', name: 'db', spec: { replicas: 2, serviceName: 'db' } },
  { kind: 'DaemonSet', name: 'agent', spec: {} },
] as const;

async function openSets(namespace: string): Promise<Shop> {
  const before = sets.map(({ kind, name, spec }) => ({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: images.first }] } },
      ...spec,
    },
  }));
  const workloads = [{ kind: 'Deployment', name: 'web' }, ...sets.map(({ kind, name }) => ({ kind, name }))];
  return open(namespace, { before, target: { workloads } });
}

/** Takes these images to production; names of containers are those of the workloads. */
async function startSets(place: Shop, name: string, image: string): Promise<void> {
  const running = sets.map((each) => ({ name: each.name, images: [{ container: each.name, image }], ready: true }));
  await place.environment(`env-${name}`, image, { workloads: running });
  await place.promote(name, `env-${name}`);
  await place.vote(name, stage.people.alice);
}

/** Pods of an app by name, with their image, and whether they are ready. */
async function podsOf(place: Shop, app: string): Promise<readonly (readonly [string, string, boolean])[]> {
  const { items } = (await stage.send(
    'GET',
    `/api/v1/namespaces/${place.namespace}/pods?labelSelector=app%3D${app}`,
  )) as unknown as {
    readonly items: readonly {
      readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
      readonly spec: { readonly containers: readonly { readonly image: string }[] };
      readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
    }[];
  };
  return items
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map(({ metadata, spec, status }) => [
      metadata.name,
      spec.containers[0]?.image ?? '',
      status.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True') ?? false,
    ]);
}

async function comeUp(place: Shop, app: string, image: string, count: number): Promise<void> {
  await waitFor(`${count} pods of ${app} run ${image}`, async (seen) => {
    const pods = await podsOf(place, app);
    seen(pods);
    return pods.length === count && pods.every(([, running, ready]) => running === image && ready);
  });
}

/** Runs what the page shows, in this namespace; a number after `web-` or `--to-revision=` may be another one. */
async function shown(
  place: Shop,
  pattern: RegExp,
  {
    as = stage.people.carol,
    revision,
    record,
    instead = (line) => line,
  }: { as?: Person; revision?: number; record?: string; instead?: (line: string) => string } = {},
): Promise<CommandResult> {
  const found = commands.filter((line) => pattern.test(line));
  if (found.length !== 1) throw new Error(`the page shows ${found.length} commands that match ${pattern.source}`);
  const command = instead(found[0] ?? '')
    .replaceAll('-n shop', `-n ${place.namespace}`)
    .replace(/--to-revision=\d+/, `--to-revision=${revision ?? 1}`)
    .replace(/web-\d{6}/, record ?? 'web-000000');
  const folder = join(stage.folder, place.namespace);
  await mkdir(folder, { recursive: true });
  return run('bash', ['-c', `cd ${folder}; ${command}`], {
    timeout: 30_000,
    env: { KUBECONFIG: as.kubeconfig, PATH: `${stage.folder}/bin:${process.env['PATH'] ?? ''}` },
    check: false,
  });
}

const undo = (place: Shop, as?: Person): Promise<CommandResult> =>
  shown(place, /^kubectl rollout undo deployment.*-n shop$/, as && { as });

async function open(namespace: string, { target = {}, ...options }: ShopOptions = {}): Promise<Shop> {
  // What counts as verified is looked at elsewhere; here it shall be quick.
  const rollback = { settle: '1s', ...(target['rollback'] as Json | undefined) };
  const place = await new Shop(stage, namespace).open({ ...options, target: { ...target, rollback } });
  return place.ready();
}

/** Takes a version to production, and waits until it runs. */
async function promote(place: Shop, name: string, image: string): Promise<void> {
  await start(place, name, image);
  await place.phase(name, 'Completed');
}

async function start(place: Shop, name: string, image: string): Promise<void> {
  await place.environment(`env-${name}`, image);
  await place.promote(name, `env-${name}`);
  await place.vote(name, stage.people.alice);
}

async function promoted(namespace: string, options: ShopOptions = {}): Promise<Shop> {
  const place = await open(namespace, options);
  await promote(place, 'web-42', images.second);
  return place;
}

const kubectlAs = (as: Person, ...args: readonly string[]): Promise<CommandResult> =>
  stage.cluster.kubectl(args, { as: as.kubeconfig, check: false });
const kubectl = (...args: readonly string[]): Promise<CommandResult> => kubectlAs(stage.people.carol, ...args);

/** The Deployment controller has seen the last change: only then does kubectl know it as a revision. */
async function observed(place: Shop): Promise<void> {
  await waitFor('the Deployment controller has seen the last change', async (seen) => {
    const live = await place.live();
    seen(live);
    const { status } = live as unknown as { readonly status?: { readonly observedGeneration?: number } };
    return status?.observedGeneration === live.metadata.generation;
  });
}

/** The controller has taken the version before over: of what was undone it alone is approved. */
async function takenOver(place: Shop): Promise<void> {
  await waitFor('one content is approved', async (seen) => {
    const lock = await stage.send('GET', path(place.namespace, 'workloadlocks', 'lock'));
    const { approved } = lock['spec'] as unknown as WorkloadLock['spec'];
    seen(approved.map(({ name, role }) => `${name}/${role}`));
    return approved.filter(({ name }) => name === 'web').length === 1;
  });
}

function done(t: ExecutionContext, result: CommandResult): void {
  t.is(result.code, 0, result.stderr);
}

function refused(t: ExecutionContext, result: CommandResult, why: RegExp): void {
  t.not(result.code, 0, result.stdout);
  t.regex(result.stderr, /'twinlock-workloads'/);
  t.regex(result.stderr, why);
}

const NOT_APPROVED = /does not match the approved content/;

/** One test for each row of the page's table, by its first cell. */
const ROWS: Readonly<Record<string, (t: ExecutionContext) => Promise<void>>> = {
  'nothing happened': async (t) => {
    const place = await promoted('undo-nothing');
    done(t, await undo(place));
    t.is(await place.image('web'), images.first);
    done(t, await shown(place, /rollout status/));
  },
  'it was scaled': async (t) => {
    const place = await promoted('undo-scaled');
    done(t, await kubectlAs(stage.people.dev, 'scale', 'deployment/web', '-n', place.namespace, '--replicas=3'));
    done(t, await undo(place));
    const { spec } = await place.live();
    t.is(await place.image('web'), images.first);
    t.is(spec.replicas, 3);
  },
  '`kubectl rollout restart`': async (t) => {
    const place = await promoted('undo-restarted');
    done(t, await kubectl('rollout', 'restart', 'deployment/web', '-n', place.namespace));
    await observed(place);
    done(t, await undo(place));
    t.is(await place.image('web'), images.second);
    await observed(place);
    const list = await shown(place, /get replicasets/);
    done(t, list);
    const line = setsOf('web', list).find((text) => text.includes(images.first));
    const revision = Number(/^web +(\d+) /.exec(line ?? '')?.[1]);
    t.true(revision > 0, list.stdout);
    done(t, await shown(place, /--to-revision/, { revision }));
    t.is(await place.image('web'), images.first);
  },
  'another promotion went live': async (t) => {
    const place = await promoted('undo-two');
    await promote(place, 'web-43', images.third);
    refused(t, await shown(place, /--to-revision/, { revision: 1 }), NOT_APPROVED);
    t.is(await place.image('web'), images.third);
    done(t, await undo(place));
    t.is(await place.image('web'), images.second);
  },
  'its rollout is still under way': async (t) => {
    const place = await open('undo-under-way');
    stage.pods.break(images.third);
    await start(place, 'web-42', images.third);
    await waitFor('it is applied', async () => (await place.image('web')) === images.third);
    await observed(place);
    done(t, await undo(place));
    t.is(await place.image('web'), images.first);
    await place.phase('web-42', 'RolledBack');
    t.is(await place.image('web'), images.first);
  },
  'its rollout failed and was taken back': async (t) => {
    const place = await open('undo-failed', { target: { rollback: { progressDeadline: '3s' } } });
    const broken = images.evil;
    stage.pods.break(broken);
    await start(place, 'web-42', broken);
    await place.phase('web-42', 'RolledBack');
    await takenOver(place);
    await observed(place);
    refused(t, await undo(place), NOT_APPROVED);
    t.is(await place.image('web'), images.first);
  },
  'it was undone, and the controller ran': async (t) => {
    const place = await promoted('undo-undone');
    done(t, await undo(place));
    await takenOver(place);
    await observed(place);
    refused(t, await undo(place), NOT_APPROVED);
    t.is(await place.image('web'), images.first);
  },
  'it was undone, and the controller did not run since': async (t) => {
    const place = await promoted('undo-forward');
    await operator.stop();
    try {
      done(t, await undo(place));
      t.is(await place.image('web'), images.first);
      await observed(place);
      done(t, await undo(place));
      t.is(await place.image('web'), images.second);
    } finally {
      operator = await stage.startProcess();
    }
  },
  'the operator is down': async (t) => {
    const place = await promoted('undo-down');
    await operator.stop();
    try {
      done(t, await undo(place));
      t.is(await place.image('web'), images.first);
    } finally {
      operator = await stage.startProcess();
    }
    await place.phase('web-42', 'RolledBack');
    await takenOver(place);
  },
  'the old ReplicaSet is gone (`revisionHistoryLimit`)': async (t) => {
    for (const [namespace, limit] of [
      ['undo-no-history', 0],
      ['undo-short-history', 1],
    ] as const) {
      const place = await promoted(namespace, { deployment: { revisionHistoryLimit: limit } });
      if (limit > 0)
        for (const _time of [1, 2]) {
          await settled(place);
          // kubectl refuses a second one within the same second.
          await waitFor('a restart', async (seen) => {
            const restarted = await kubectl('rollout', 'restart', 'deployment/web', '-n', namespace);
            seen(restarted.stderr);
            return restarted.code === 0;
          });
        }
      await settled(place);
      await waitFor('the old ReplicaSet is gone', async (seen) => {
        const list = await shown(place, /get replicasets/);
        seen(list.stdout);
        return !setsOf('web', list).some((line) => line.includes(images.first));
      });
      const nothing = await undo(place);
      if (limit === 0) t.regex(nothing.stderr, /no rollout history found/);
      t.is(await place.image('web'), images.second);
      const records = await shown(place, /get promotionrecords/);
      const record = /^(web-\d{6}) +Round +web-42/m.exec(records.stdout)?.[1];
      t.truthy(record, records.stdout);
      done(t, await shown(place, /^printf .*promotionrecord/, { ...(record !== undefined && { record }) }));
      done(t, await shown(place, /^kubectl patch deployment .*--patch-file/));
      t.is(await place.image('web'), images.first);
      await place.phase('web-42', 'RolledBack');
    }
  },
  'it was undone, and a GitOps tool still has it in Git': async (t) => {
    const place = await promoted('undo-gitops');
    const { spec } = await place.live();
    const manifest = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec };
    done(t, await undo(place));
    await takenOver(place);
    const apply = (body: Json): ReturnType<typeof stage.cluster.request> =>
      stage.cluster.request('PATCH', `${deploymentPath(place.namespace, 'web')}?fieldManager=flux&force=true`, {
        body,
        contentType: 'application/apply-patch+yaml',
      });
    const healed = await apply(manifest);
    t.is(healed.status, 403);
    t.regex(JSON.stringify(healed.body), NOT_APPROVED);
    t.is(await place.image('web'), images.first);
    const before = (await place.live()).spec;
    t.is((await apply({ ...manifest, spec: before })).status, 200);
  },
  'you have rights on the Deployment and not `twinlock-oncall`': async (t) => {
    const place = await promoted('undo-dev');
    refused(t, await undo(place, stage.people.dev), /rolling back needs the verb rollback/);
    t.is(await place.image('web'), images.second);
    const dry = await kubectl('rollout', 'undo', 'deployment/web', '-n', place.namespace, '--dry-run=server');
    done(t, dry);
    t.is(await place.image('web'), images.second, 'a dry run changes nothing');
  },
};

/** Of what the page's command says of ReplicaSets, the lines of one Deployment. */
const setsOf = (name: string, { stdout }: CommandResult): readonly string[] =>
  stdout.split('\n').filter((line) => line.startsWith(`${name} `));

/** Every pod is of the present template. */
async function settled(place: Shop): Promise<void> {
  await waitFor('the rollout is over', async (seen) => {
    const live = (await place.live()) as unknown as {
      readonly metadata: { readonly generation: number };
      readonly spec: { readonly replicas: number };
      readonly status?: Readonly<Record<string, number>>;
    };
    seen(live.status);
    const { status = {} } = live;
    return (
      status['observedGeneration'] === live.metadata.generation &&
      status['updatedReplicas'] === live.spec.replicas &&
      status['replicas'] === live.spec.replicas
    );
  });
}

test('each row of the page is a test here', (t) => {
  const rows = [...page.matchAll(/^\| ([^|]+?) +\|/gm)].map(([, cell = '']) => cell);
  t.deepEqual(
    rows.filter((cell) => !cell.startsWith('since ') && !cell.startsWith('---')),
    Object.keys(ROWS),
  );
});

for (const [row, body] of Object.entries(ROWS)) test.serial(row, body);

test.serial(
  'with the operator down, a StatefulSet with a broken pod and a DaemonSet come back by the page',
  async (t) => {
    const place = await openSets('undo-sets');
    const broken = `registry.example/web@sha256:${'f'.repeat(64)}`;
    stage.pods.break(broken);
    await startSets(place, 'web-42', broken);
    await waitFor('the last pod of the set is the broken one', async (seen) => {
      const pods = await podsOf(place, 'db');
      seen(pods);
      return pods.some(([name, image]) => name === 'db-1' && image === broken);
    });
    await operator.stop();
    try {
      refused(
        t,
        await kubectlAs(stage.people.dev, 'rollout', 'undo', 'statefulset/db', '-n', 'undo-sets'),
        /needs the verb rollback/,
      );
      done(t, await shown(place, /^kubectl rollout undo statefulset/));
      done(t, await shown(place, /^kubectl rollout undo daemonset/));
      await comeUp(place, 'agent', images.first, 1);
      const name = await waitFor('the set has seen its fallback', async (seen) => {
        const now = await shown(place, /updateRevision/);
        const listed = await shown(place, /controller-revision-hash/);
        seen([now.stdout, listed.stdout]);
        // The broken one is of another revision, and does not go by itself.
        return listed.stdout.split('\n').find((line) => line.startsWith('db-1 ') && !line.includes(now.stdout.trim()));
      });
      t.notRegex(name, /True/);
      t.deepEqual(
        (await podsOf(place, 'db')).find(([pod]) => pod === 'db-1'),
        ['db-1', broken, false],
      );
      done(t, await shown(place, /^kubectl delete pod\//));
      await comeUp(place, 'db', images.first, 2);
    } finally {
      operator = await stage.startProcess();
    }
    await place.phase('web-42', 'RolledBack');
  },
);

const asService = (line: string): string => line.replaceAll('ConfigMap', 'Service');
const objectsBefore = {
  ConfigMap: { data: { MODE: 'live' } },
  Service: { spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] } },
} as const;
const objectPath = (namespace: string, resource: string): string => `/api/v1/namespaces/${namespace}/${resource}/web`;

const objectOf = (kind: string, body: Json, apiVersion = 'v1'): Json => ({
  apiVersion,
  kind,
  metadata: { name: 'web' },
  ...body,
});

test.serial(
  'with the operator down, objects that a promotion changed, took away and made are put back by the page',
  async (t) => {
    const namespace = 'undo-objects';
    const budget = objectOf('PodDisruptionBudget', { spec: { maxUnavailable: 1 } }, 'policy/v1');
    const listed = ['ConfigMap', 'Service', 'PodDisruptionBudget'].map((kind) => ({ kind, name: 'web' }));
    const before = Object.entries(objectsBefore).map(([kind, body]) => ({
      ...objectOf(kind, body),
      metadata: { name: 'web', namespace },
    }));
    const place = await open(namespace, { before, target: { objects: listed } });
    await place.environment('env-web-42', images.second);
    await place.promote('web-42', 'env-web-42', {
      spec: {
        objects: [objectOf('ConfigMap', { data: { MODE: 'new' } }), budget],
        removes: [{ kind: 'Service', name: 'web' }],
      },
    });
    await place.vote('web-42', stage.people.alice);
    const over = await place.phase('web-42', 'Completed');
    t.deepEqual(
      over.status?.rollout?.objects?.map(({ kind, state }) => `${kind} ${state}`),
      ['ConfigMap Applied', 'PodDisruptionBudget Applied', 'Service Removed'],
    );
    const { status } = await place.target(({ status: now }) => now?.objects?.[0]?.promotion === 'web-42');
    t.deepEqual(
      status?.objects?.map(({ kind, digest, fallback }) => [kind, digest !== undefined, fallback]),
      [
        ['ConfigMap', true, 'Content'],
        ['Service', false, 'Content'],
        ['PodDisruptionBudget', true, 'Absent'],
      ],
    );
    await operator.stop();
    try {
      const list = await shown(place, /^kubectl get workloadlock.*\{end\}'$/);
      done(t, list);
      t.regex(list.stdout, /^ConfigMap\/web \{"data":\{"MODE":"live"\}\}$/m);
      t.regex(list.stdout, /^PodDisruptionBudget\/web $/m);
      for (const line of [/^printf .*named\.json/, /> content\.json$/, /> object\.json$/, /^kubectl replace/])
        done(t, await shown(place, line));
      // The same for what is gone, under its own kind.
      for (const line of [/^printf .*named\.json/, /> content\.json$/, /> object\.json$/, /^kubectl create .*object/])
        done(t, await shown(place, line, { instead: asService }));
      done(t, await shown(place, /^kubectl delete poddisruptionbudget/));
      t.like((await stage.send('GET', objectPath(namespace, 'configmaps'))) as Json, objectsBefore.ConfigMap);
      t.like((await stage.send('GET', objectPath(namespace, 'services'))) as Json, { spec: { ports: [{ port: 80 }] } });
    } finally {
      operator = await stage.startProcess();
    }
    await waitFor('each is recorded', async (seen) => {
      const messages = (await place.records()).flatMap(({ outcome }) =>
        outcome?.result === 'RolledBack' ? [outcome.message] : [],
      );
      seen(messages);
      return ['ConfigMap/web', 'PodDisruptionBudget/web', 'Service/web'].every((name) =>
        messages.some((message) => message.startsWith(name)),
      );
    });
    await waitFor('one state of each is approved', async () => {
      const lock = await stage.send('GET', path(namespace, 'workloadlocks', 'lock'));
      return (lock['spec'] as { readonly objects: readonly Json[] }).objects.length === 3;
    });
  },
);
