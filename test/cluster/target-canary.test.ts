import test from 'ava';
import type { ProductionTarget } from '../../operator/api/index.ts';
import type { RunningProcess } from '../../operator/processes/options.ts';
import { messageOf } from '../stage/objects.ts';
import { freePorts, waitFor } from '../harness/index.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import { deploymentPath, must, openPromotions, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

const registration = 'admissionregistration.k8s.io/v1';
const policies = `/apis/${registration}`;
let stage: Stage;
let operator: RunningProcess;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  operator = await stage.startProcess();
});
test.after.always(() => stage?.stop());

/** Pods with limits, as a namespace with a LimitRange for pods demands them. */
const withLimits: Json = {
  template: {
    metadata: { labels: { app: 'web' } },
    spec: {
      containers: [{ name: 'web', image: images.first, resources: { limits: { cpu: '100m', memory: '64Mi' } } }],
    },
  },
};

async function open(namespace: string, before: readonly object[] = []): Promise<Shop> {
  const shop = await new Shop(stage, namespace).open({
    deployment: withLimits,
    target: { workloads: [{ kind: 'Deployment', name: 'web' }] },
    before,
  });
  return shop.ready();
}

const only = (namespace: string): Json => ({ matchLabels: { 'kubernetes.io/metadata.name': namespace } });

const limitRange = (namespace: string, memory: string): object => ({
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name: 'limits', namespace },
  spec: { limits: [{ type: 'Pod', max: { memory } }] },
});

/** A policy of another team that refuses all of these resources, but where `unless` (CEL) holds. */
const refusing = (namespace: string, group: string, resource: string, unless = 'false'): readonly object[] => [
  {
    apiVersion: registration,
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: `no-${resource}-${namespace}` },
    spec: {
      matchConstraints: {
        namespaceSelector: only(namespace),
        resourceRules: [
          { apiGroups: [group], apiVersions: ['*'], resources: [resource], operations: ['CREATE', 'UPDATE'] },
        ],
      },
      validations: [{ expression: unless, message: `no ${resource} today` }],
    },
  },
  {
    apiVersion: registration,
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: `no-${resource}-${namespace}` },
    spec: { policyName: `no-${resource}-${namespace}`, validationActions: ['Deny'] },
  },
];

/** A webhook of another team whose server is gone. */
async function deadWebhook(name: string, namespace: string, group: string, resource: string): Promise<object> {
  const [port = 0] = await freePorts(1);
  return {
    apiVersion: registration,
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: `${name}.example.com`,
        clientConfig: { url: `https://127.0.0.1:${port}/` },
        namespaceSelector: only(namespace),
        rules: [{ apiGroups: [group], apiVersions: ['*'], resources: [resource], operations: ['*'] }],
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Fail',
      },
    ],
  };
}

const change = (
  resourceName: string,
  expression = 'Object{metadata: Object.metadata{labels: {"a": "b"}}}',
): object => ({
  apiVersion: registration,
  kind: 'MutatingAdmissionPolicy',
  metadata: { name: `changes-${resourceName}` },
  spec: {
    reinvocationPolicy: 'Never',
    matchConstraints: {
      resourceRules: [
        {
          apiGroups: ['twinlock.dev'],
          apiVersions: ['*'],
          resources: [resourceName],
          operations: ['CREATE', 'UPDATE'],
        },
      ],
    },
    // It never changes anything: that it could is what is told.
    matchConditions: [{ name: 'never', expression: 'false' }],
    mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }],
  },
});
const bound = (resourceName: string): object => ({
  apiVersion: registration,
  kind: 'MutatingAdmissionPolicyBinding',
  metadata: { name: `changes-${resourceName}` },
  spec: { policyName: `changes-${resourceName}` },
});

async function remove(kind: string, name: string): Promise<void> {
  await stage.cluster.kubectl(['delete', kind, name]);
}

/** Any change of a policy makes the canary look again at once. */
async function lookAgain(): Promise<void> {
  await stage.cluster.apply(refusing('nowhere', 'apps', 'replicasets'));
  await remove('validatingadmissionpolicy', 'no-replicasets-nowhere');
  await remove('validatingadmissionpolicybinding', 'no-replicasets-nowhere');
}

const enforced = (target: ProductionTarget): string => conditionOf(target, 'Enforced')?.message ?? '';
/** Without what is said of the template itself, which stands as long as the template does. */
const warnings = ({ status }: ProductionTarget): string =>
  (status?.warnings ?? []).filter((line) => !line.startsWith('Deployment/web has ')).join('\n');

async function metric(name: string): Promise<string> {
  const answer = await fetch(`http://${operator.health.host}:${operator.health.port}/metrics`);
  const text = await answer.text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .join('\n');
}

async function event(namespace: string, reason: string): Promise<string> {
  return waitFor(`an event ${reason}`, async (seen) => {
    const { items } = (await stage.send('GET', `/apis/events.k8s.io/v1/namespaces/${namespace}/events`)) as {
      readonly items: readonly { readonly reason: string; readonly note: string }[];
    };
    seen(items.map((item) => `${item.reason}: ${item.note}`));
    return items.find((item) => item.reason === reason)?.note;
  });
}

test.serial(
  'a LimitRange that refuses the bare pod refuses no pod of approved shape: enforcement is active',
  async (t) => {
    const shop = await open('ranged', [limitRange('ranged', '128Mi')]);
    const bare = await stage.cluster.request('POST', '/api/v1/namespaces/ranged/pods?dryRun=All', {
      as: stage.accounts.promotions,
      body: { metadata: { name: 'bare' }, spec: { containers: [{ name: 'a', image: images.first }] } },
    });
    t.regex(messageOf(bare), /maximum memory usage per Pod/);
    const target = await shop.target(({ status }) => status?.enforcement === 'Active');
    t.is(enforced(target), 'the API server refused the last forbidden change');
    t.is(warnings(target), '');
  },
);

test.serial('what other rules refuse first is no hole: it is told, and enforcement stays active', async (t) => {
  const shop = await open('others');
  // Both answer before any policy is asked, so that the lock is heard by its third try alone.
  await stage.cluster.apply([limitRange('others', '32Mi'), await deadWebhook('dead', 'others', 'apps', 'deployments')]);
  const target = await shop.target((now) => enforced(now).includes('failed calling webhook'));
  t.is(target.status?.enforcement, 'Active');
  t.regex(
    enforced(target),
    /before twinlock-pods: .*maximum memory usage.* before twinlock-workloads: .*"dead.example/,
  );
  t.regex(await metric('twinlock_enforcement_active{target="others/web"}'), / 1$/);
  await remove('mutatingwebhookconfiguration', 'dead');
  await stage.cluster.kubectl(['delete', 'limitrange', 'limits', '-n', 'others']);
  await lookAgain();
  await shop.target((now) => enforced(now) === 'the API server refused the last forbidden change');
});

const selector = { matchLabels: { app: 'db' } };
for (const [kind, plural, group, specOf] of [
  ['StatefulSet', 'statefulsets', 'apps', (template: Json) => ({ selector, template, serviceName: 'db' })],
  ['DaemonSet', 'daemonsets', 'apps', (template: Json) => ({ selector, template })],
  [
    'CronJob',
    'cronjobs',
    'batch',
    (template: Json) => ({
      schedule: '0 3 1 1 *',
      jobTemplate: {
        spec: { template: { ...template, spec: { ...(template['spec'] as Json), restartPolicy: 'Never' } } },
      },
    }),
  ],
] as const)
  test.serial(`a ${kind} is tried like a Deployment: where others refuse first, its status is`, async (t) => {
    const template = {
      metadata: { labels: { app: 'db' } },
      spec: {
        containers: [{ name: 'db', image: images.first, resources: { limits: { cpu: '100m', memory: '64Mi' } } }],
      },
    };
    const shop = await new Shop(stage, plural).open({
      target: { workloads: [{ kind, name: 'db' }] },
      before: [
        { apiVersion: `${group}/v1`, kind, metadata: { name: 'db', namespace: plural }, spec: specOf(template) },
      ],
    });
    // Of several, the first of the lock is tried.
    await stage.cluster.kubectl(['delete', 'deployment/web', '-n', plural]);
    await shop.target((now) => enforced(now) === 'the API server refused the last forbidden change');
    await stage.cluster.apply([limitRange(plural, '32Mi'), await deadWebhook(`dead-${plural}`, plural, group, plural)]);
    await waitFor('the webhook is called', async (seen) => {
      const tried = await stage.cluster.request(
        'PATCH',
        `/apis/${group}/v1/namespaces/${plural}/${plural}/db?dryRun=All`,
        {
          body: { metadata: { labels: { tried: 'true' } } },
          contentType: 'application/merge-patch+json',
        },
      );
      seen(tried.body);
      return messageOf(tried).includes('failed calling webhook');
    });
    await lookAgain();
    const target = await shop.target((now) => enforced(now).includes('failed calling webhook'));
    t.is(target.status?.enforcement, 'Active', enforced(target));
    t.regex(enforced(target), /before twinlock-pods: .*maximum memory usage.* before twinlock-workloads: .*"dead-/);
    await remove('mutatingwebhookconfiguration', `dead-${plural}`);
  });

test.serial('policies of others that refuse everything of pods and Deployments do not hide the lock', async (t) => {
  const shop = await open('refusing');
  await stage.cluster.apply([...refusing('refusing', 'apps', 'deployments'), ...refusing('refusing', '', 'pods')]);
  // The API server names one of the policies that refuse, either one, so the other team's is seen by a user's request.
  await waitFor('both are in force', async (seen) => {
    const path = deploymentPath('refusing', 'web');
    const scaled = await stage.cluster.request('PATCH', `${path}?dryRun=All`, {
      body: { spec: { replicas: 2 } },
      contentType: 'application/merge-patch+json',
    });
    seen(scaled.body);
    return messageOf(scaled).includes('no deployments today');
  });
  for (const _round of [1, 2, 3]) {
    await lookAgain();
    const target = await shop.target((now) => warnings(now).includes('no pods today'));
    t.is(target.status?.enforcement, 'Active', enforced(target));
  }
});

test.serial(
  'a promotion goes on where others refuse what the canary tries, before the lock or beside it',
  async (t) => {
    const shop = await open('goes-on', [
      limitRange('goes-on', '128Mi'),
      ...refusing('goes-on', '', 'pods', 'has(object.metadata.ownerReferences)'),
      ...refusing('goes-on', 'apps', 'deployments', '!has(object.spec.template.metadata.finalizers)'),
    ]);
    await shop.environment('pr-42', images.second);
    await shop.promote('web-42', 'pr-42');
    await shop.vote('web-42', stage.people.alice);
    await shop.phase('web-42', 'Completed');
    t.is(await shop.image(), images.second);
  },
);

test.serial('with another rule in front, a binding that is gone is still a hole at once', async (t) => {
  const shop = await open('hole', [limitRange('hole', '128Mi')]);
  const at = `${policies}/validatingadmissionpolicybindings`;
  const saved = await stage.send('GET', `${at}/twinlock-workloads`);
  await stage.send('DELETE', `${at}/twinlock-workloads`);
  const found = await shop.target(({ status }) => status?.enforcement === 'Inactive', 'web', 5000);
  t.regex(enforced(found), /ValidatingAdmissionPolicyBinding twinlock-workloads is missing/);
  const body = {
    apiVersion: registration,
    kind: saved['kind'],
    metadata: { name: 'twinlock-workloads' },
    spec: saved['spec'],
  };
  must(await stage.cluster.request('POST', at, { body }), 'the binding');
  await shop.target(({ status }) => status?.enforcement === 'Active', 'web', 40_000);
});

test.serial('a rule that came after adoption and would refuse the next pod is told, and when it is gone', async (t) => {
  const shop = await open('refused');
  await shop.target(({ status }) => status?.enforcement === 'Active');
  await stage.cluster.apply([limitRange('refused', '32Mi')]);
  await lookAgain();
  const target = await shop.target((now) => warnings(now) !== '');
  t.regex(warnings(target), /^a pod of Deployment\/web: .*maximum memory usage per Pod.*would not come back/);
  t.is(target.status?.enforcement, 'Active');
  t.regex(await event('refused', 'PodsRefused'), /maximum memory usage/);
  t.regex(await metric('twinlock_pods_refused{target="refused/web"}'), / 1$/);
  await stage.cluster.kubectl(['delete', 'limitrange', 'limits', '-n', 'refused']);
  await lookAgain();
  await shop.target((now) => warnings(now) === '');
  await event('refused', 'PodsAdmitted');
});

test.serial('a webhook on pods that cannot be called, or changes them, is told; a full quota is not', async (t) => {
  const shop = await open('webhook');
  await stage.cluster.apply([
    {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'full', namespace: 'webhook' },
      spec: { hard: { pods: '1' } },
    },
  ]);
  await waitFor('the quota is counted', async (seen) => {
    const quota = await stage.send('GET', '/api/v1/namespaces/webhook/resourcequotas/full');
    seen(quota);
    return (quota['status'] as { readonly used?: { readonly pods?: string } }).used?.pods === '1';
  });
  await stage.cluster.apply([await deadWebhook('mesh', 'webhook', '', 'pods')]);
  t.regex(warnings(await shop.target((now) => warnings(now) !== '')), /failed calling webhook/);
  await remove('mutatingwebhookconfiguration', 'mesh');
  await shop.target((now) => warnings(now) === '');
});

test.serial('mutators of what the operator writes or runs are told to every target, and stop nothing', async (t) => {
  const shops = [await open('mutated'), await open('neighbour')];
  t.regex(await metric('twinlock_foreign_mutators'), / 0$/);
  await stage.cluster.apply([change('workloadlocks'), await deadWebhook('injector', 'twinlock-system', '', 'pods')]);
  for (const shop of shops) {
    const one = await shop.target((now) => warnings(now).includes('injector'));
    t.regex(warnings(one), /MutatingWebhookConfiguration injector .*pods in twinlock-system/);
    t.notRegex(warnings(one), /changes-workloadlocks/, 'without a binding it does nothing');
  }
  await stage.cluster.apply([bound('workloadlocks')]);
  for (const shop of shops) {
    const both = await shop.target((now) => warnings(now).includes('changes-workloadlocks'));
    t.regex(warnings(both), /MutatingAdmissionPolicy changes-workloadlocks may change .*workloadlocks\.twinlock\.dev/);
    t.is(both.status?.enforcement, 'Active');
    t.is(conditionOf(both, 'Ready')?.status, 'True');
    await event(shop.namespace, 'MutatorFound');
  }
  t.regex(await metric('twinlock_foreign_mutators'), / 2$/);
  await remove('mutatingadmissionpolicybinding', 'changes-workloadlocks');
  await remove('mutatingwebhookconfiguration', 'injector');
  for (const shop of shops) await shop.target((now) => warnings(now) === '');
  t.regex(await metric('twinlock_foreign_mutators'), / 0$/);
});
