import test, { type ExecutionContext } from 'ava';
import { one, rendered, type Manifest } from '../chart/render.ts';
import { hasMutatingPolicies, waitFor } from '../harness/index.ts';
import { allowed, denied } from './assert.ts';
import { mutatingPolicy } from './mutators.ts';
import { must } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { images } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
let chart: readonly Manifest[];
const system = '/api/v1/namespaces/twinlock-system';
const names = ['twinlock-environments', 'twinlock-promotions', 'twinlock-front-door'] as const;

test.before(async () => {
  stage = await openAttack();
  // Every value that has a say in a pod.
  chart = await rendered({
    clusterName: 'production',
    logLevel: 'debug',
    imagePullPolicy: 'Always',
    'imagePullSecrets[0]': 'registry',
    networkPoliciesEnforced: 'true',
    'environments.tolerations[0].operator': 'Exists',
    'frontDoor.enabled': 'true',
    'promotions.nodeSelector.pool': 'platform',
    'promotions.replicas': '2',
  });
  await stage.cluster.apply([
    one(chart, 'ConfigMap', 'twinlock-front-door'),
    ...names.map((name) => one(chart, 'Deployment', name)),
  ]);
});
test.after.always(async () => {
  await stage?.stop();
});

/** A pod that the ReplicaSet controller made of a Deployment of the chart. */
async function podOf(name: string): Promise<Live> {
  return waitFor(`a pod of ${name}`, async (seen) => {
    seen((await stage.admin('GET', `${system}/events`)).body);
    const { body } = await stage.admin('GET', `${system}/pods?labelSelector=app.kubernetes.io/name=${name}`);
    return (body as { readonly items: readonly Live[] }).items[0];
  });
}

interface PodSpec {
  readonly containers: readonly [Json];
  readonly volumes?: readonly Json[];
}
/** The same pod as its controller sends it. */
function asMade({ metadata, spec }: Live): { readonly metadata: Json; readonly spec: PodSpec & Json } {
  const { labels, annotations, ownerReferences } = metadata as Json;
  return { metadata: { generateName: 'again-', labels, annotations, ownerReferences }, spec: spec as PodSpec & Json };
}

test("allowed: the pods of the chart as its values make them, by Kubernetes' controllers", async (t) => {
  for (const name of names) {
    const { metadata, spec } = asMade(await podOf(name));
    allowed(t, await stage.manager('POST', `${system}/pods?dryRun=All`, { metadata, spec }));
  }
  const { items } = (await must(
    stage.admin('GET', `${system}/pods?labelSelector=app.kubernetes.io/name=twinlock-promotions`),
  )) as unknown as {
    readonly items: readonly Live[];
  };
  t.is(items.length, 2);
});

test('denied: anything beside what the chart runs, in a pod that a controller makes', async (t) => {
  for (const name of names) {
    const { metadata, spec } = asMade(await podOf(name));
    const [container] = spec.containers;
    const beside = { name: 'beside', image: images.evil };
    const withContainer = (changes: Json): Json => ({ ...spec, containers: [{ ...container, ...changes }] });
    const mounts = (container['volumeMounts'] ?? []) as readonly Json[];
    const changes: Readonly<Record<string, Json>> = {
      'a container': { ...spec, containers: [container, beside] },
      'an init container': { ...spec, initContainers: [beside] },
      'another container': { ...spec, containers: [{ ...container, name: 'beside' }] },
      'a command': withContainer({ command: ['sh', '-c', 'id'] }),
      'another process': withContainer({ args: ['--import=data:text/javascript,1'] }),
      'another kubeconfig': withContainer({
        args: [...((container['args'] as readonly string[] | undefined) ?? []), '--kubeconfig=/tmp/x'],
      }),
      'a variable': withContainer({ env: [{ name: 'NODE_OPTIONS', value: '--import=/tmp/x.mjs' }] }),
      'variables of a Secret': withContainer({ envFrom: [{ secretRef: { name: 'x' } }] }),
      'a hook': withContainer({ lifecycle: { postStart: { exec: { command: ['id'] } } } }),
      'a probe that runs a command': withContainer({ livenessProbe: { exec: { command: ['id'] } } }),
      'a probe of another host': withContainer({ readinessProbe: { httpGet: { host: '203.0.113.9', port: 80 } } }),
      'an image by tag': withContainer({ image: 'registry.example/twinlock:latest' }),
      'a privileged container': withContainer({ securityContext: { privileged: true } }),
      'more capabilities': withContainer({
        securityContext: {
          ...(container['securityContext'] as Json),
          capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] },
        },
      }),
      "the node's files": {
        ...spec,
        volumes: [...(spec.volumes ?? []), { name: 'host', hostPath: { path: '/' } }],
      },
      "another account's token": {
        ...spec,
        volumes: [
          ...(spec.volumes ?? []),
          { name: 'x', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
        ],
      },
      'a file over its code': {
        ...withContainer({ volumeMounts: [...mounts, { name: 'x', mountPath: '/app' }] }),
        volumes: [...(spec.volumes ?? []), { name: 'x', emptyDir: {} }],
      },
      "the node's network": { ...spec, hostNetwork: true },
      "the node's processes": { ...spec, hostPID: true },
      'a node of its own': { ...spec, nodeName: 'mine' },
      'names of its own': { ...spec, hostAliases: [{ ip: '203.0.113.9', hostnames: ['kubernetes.default.svc'] }] },
      'a resolver of its own': { ...spec, dnsPolicy: 'None', dnsConfig: { nameservers: ['203.0.113.9'] } },
      'variables of Services': { ...spec, enableServiceLinks: true },
      'one process namespace': { ...spec, shareProcessNamespace: true },
    };
    for (const [what, changed] of Object.entries(changes)) {
      const answer = await stage.manager('POST', `${system}/pods?dryRun=All`, { metadata, spec: changed });
      denied(t, answer, 'guard-system', /not what the chart runs/, `${name}: ${what}`);
    }
    const renamed = { ...metadata, labels: { ...(metadata['labels'] as Json), 'app.kubernetes.io/name': 'other' } };
    denied(t, await stage.manager('POST', `${system}/pods?dryRun=All`, { metadata: renamed, spec }), 'guard-system');
  }
});

test("denied: the front door with the account of a process, a process with another's", async (t) => {
  const swapped: readonly (readonly [string, string])[] = [
    ['twinlock-front-door', 'twinlock-promotions'],
    ['twinlock-environments', 'twinlock-promotions'],
  ];
  for (const [name, account] of swapped) {
    const { metadata, spec } = asMade(await podOf(name));
    const changed = { ...spec, serviceAccountName: account, serviceAccount: account };
    denied(t, await stage.manager('POST', `${system}/pods?dryRun=All`, { metadata, spec: changed }), 'guard-system');
  }
});

async function addedByPolicy(t: ExecutionContext): Promise<void> {
  const before = await podOf('twinlock-environments');
  const expression =
    'Object{spec: Object.spec{containers: [Object.spec.containers{name: "beside", image: "registry.example/beside@sha256:0"}]}}';
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  const policy = mutatingPolicy('adder', 'twinlock-system', rule, {
    patchType: 'ApplyConfiguration',
    applyConfiguration: { expression },
  });
  await stage.cluster.apply(policy);
  const { metadata, spec } = asMade(before);
  await waitFor('the policy is in force', async () => {
    const answer = await stage.manager('POST', `${system}/pods?dryRun=All`, { metadata, spec });
    return answer.status === 403;
  });
  await must(stage.admin('DELETE', `${system}/pods/${before.metadata.name}?gracePeriodSeconds=0`));
  const message = await waitFor('its controller is refused', async (seen) => {
    const { body } = await stage.admin('GET', `${system}/events`);
    const messages = (body as { readonly items: readonly { readonly message?: string }[] }).items.map(
      (event) => event.message ?? '',
    );
    seen(messages);
    return messages.find((each) => each.includes("'twinlock-guard-system'"));
  });
  t.regex(message, /not what the chart runs here: keep whatever changes pods/);
  await stage.cluster.kubectl(['delete', 'mutatingadmissionpolicybinding,mutatingadmissionpolicy', 'adder']);
  t.not((await podOf('twinlock-environments')).metadata.uid, before.metadata.uid);
}
if (hasMutatingPolicies)
  test.serial(
    'denied: a container that a mutating policy adds to the pods of the operator; allowed: once it is gone',
    addedByPolicy,
  );
