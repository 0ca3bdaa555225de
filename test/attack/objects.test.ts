/**
 * Objects that a target lists, in the hands of people who may write them: whatever way they are written, they stay what was
 * approved; what Kubernetes and its tools do to them goes on.
 */
import test, { type ExecutionContext } from 'ava';
import { contentOfObject, objectDigest } from '../../operator/objects/index.ts';
import type { KubeObject } from '../../operator/kube/index.ts';
import { waitFor, type Answer } from '../harness/index.ts';
import { allowed, denied, deniedCommand } from './assert.ts';
import { openAttack, type Live, type Send, type Stage } from '../stage/attack.ts';
import { deployment, type Approved } from '../stage/objects.ts';
import { must, Production } from '../stage/production.ts';
import { bind, user, type Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(() => stage?.stop());

const of = (kind: string, apiVersion: string, body: Json, metadata: Json = {}): Json => ({
  apiVersion,
  kind,
  metadata: { name: 'web', ...metadata },
  ...body,
});
const selector = { matchLabels: { app: 'web' } };
const samples = {
  ServiceAccount: of('ServiceAccount', 'v1', { automountServiceAccountToken: false }),
  ConfigMap: of('ConfigMap', 'v1', { data: { MODE: 'live' } }, { labels: { team: 'shop' } }),
  NetworkPolicy: of('NetworkPolicy', 'networking.k8s.io/v1', {
    spec: { podSelector: selector, policyTypes: ['Ingress'] },
  }),
  PodDisruptionBudget: of('PodDisruptionBudget', 'policy/v1', { spec: { selector, minAvailable: 1 } }),
  Service: of('Service', 'v1', {
    spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  }),
  HorizontalPodAutoscaler: of('HorizontalPodAutoscaler', 'autoscaling/v2', {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 3,
    },
  }),
  Ingress: of(
    'Ingress',
    'networking.k8s.io/v1',
    { spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } } },
    { annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '1m' } },
  ),
} as const;
type Kind = keyof typeof samples;
const kinds = Object.keys(samples) as readonly Kind[];

/** What an attacker would make of each. */
const evil: Readonly<Record<Kind, Json>> = {
  ServiceAccount: { automountServiceAccountToken: true },
  ConfigMap: { data: { MODE: 'evil' } },
  NetworkPolicy: { spec: { ingress: [{}] } },
  PodDisruptionBudget: { spec: { minAvailable: 5 } },
  Service: { spec: { selector: { app: 'evil' } } },
  HorizontalPodAutoscaler: { spec: { maxReplicas: 50 } },
  Ingress: { spec: { defaultBackend: { service: { name: 'evil', port: { number: 80 } } } } },
};

const roots: Readonly<Record<Kind, string>> = {
  ServiceAccount: '/api/v1/namespaces/NS/serviceaccounts',
  ConfigMap: '/api/v1/namespaces/NS/configmaps',
  NetworkPolicy: '/apis/networking.k8s.io/v1/namespaces/NS/networkpolicies',
  PodDisruptionBudget: '/apis/policy/v1/namespaces/NS/poddisruptionbudgets',
  Service: '/api/v1/namespaces/NS/services',
  HorizontalPodAutoscaler: '/apis/autoscaling/v2/namespaces/NS/horizontalpodautoscalers',
  Ingress: '/apis/networking.k8s.io/v1/namespaces/NS/ingresses',
};
const collection = (namespace: string, kind: Kind): string => roots[kind].replace('NS', namespace);
const path = (namespace: string, kind: Kind): string => `${collection(namespace, kind)}/web`;

interface Entry {
  readonly kind: Kind;
  readonly role?: 'Current' | 'Fallback';
  /** Undefined: it is not there. */
  readonly object?: object | undefined;
  readonly rollbackUsers?: readonly string[];
}

const entryOf = ({ kind, role = 'Current', object, rollbackUsers }: Entry): Json => {
  const content = object && contentOfObject(kind, object as KubeObject);
  return {
    kind,
    name: 'web',
    role,
    target: 'web',
    record: 'web-000001',
    ...(rollbackUsers && { rollbackUsers }),
    ...(content && { digest: objectDigest(content), content }),
  };
};

/** Approves these and waits until the API server knows. */
async function approve(place: Production, entries: readonly Entry[], probe: () => Promise<boolean>): Promise<void> {
  await place.relock({ objects: entries.map(entryOf) });
  await waitFor(`the lock of ${place.namespace} is seen`, probe);
}

/** A namespace of production with one object of each kind, all of them listed. */
async function production(namespace: string, only: readonly Kind[] = kinds): Promise<Production> {
  const place = await Production.open(stage, namespace, [deployment('web')]);
  const live: Entry[] = [];
  for (const kind of only)
    live.push({ kind, object: await must(stage.admin('POST', collection(namespace, kind), samples[kind])) });
  await approve(place, live, () => refused(namespace, only[0] ?? 'ConfigMap'));
  return place;
}

const merged = (given: object, changes: Json): Json => {
  const object: Json = { ...given };
  return Object.fromEntries(
    [...new Set([...Object.keys(object), ...Object.keys(changes)])].map((key) => {
      const [a, b] = [object[key], changes[key]];
      const deep = typeof a === 'object' && typeof b === 'object' && !Array.isArray(b) && a !== null && b !== null;
      return [key, deep ? merged(a, b as Json) : key in changes ? b : a];
    }),
  );
};

async function refused(namespace: string, kind: Kind): Promise<boolean> {
  return (await stage.admin('PATCH', `${path(namespace, kind)}?dryRun=All`, evil[kind])).status === 403;
}

const apply = (send: Send, namespace: string, kind: Kind, object: Json, manager = 'argocd'): Promise<Answer> =>
  send('PATCH', `${path(namespace, kind)}?fieldManager=${manager}&force=true`, object, {
    contentType: 'application/apply-patch+yaml',
  });

const is = (t: ExecutionContext, answer: Answer, why?: RegExp, what?: string): void =>
  denied(t, answer, 'objects', why, what);

test('denied: other content of a listed object, by edit, PUT, forced apply, and labels or annotations that steer', async (t) => {
  await production('content');
  for (const kind of kinds) {
    const at = path('content', kind);
    const live = await must(stage.admin('GET', at));
    const who = stage.agent;
    is(t, await who('PATCH', at, evil[kind]), /does not match the approved content/, kind);
    is(t, await who('PUT', at, merged(live, evil[kind])), undefined, kind);
    is(t, await apply(who, 'content', kind, merged(samples[kind], evil[kind])), undefined, kind);
    for (const metadata of [
      { labels: { other: 'x' } },
      { annotations: { 'nginx.ingress.kubernetes.io/configuration-snippet': 'return 200 evil;' } },
    ])
      is(t, await who('PATCH', at, { metadata }), undefined, kind);
    // The honest twin: the same object again, whoever applies it, with the mark of who does.
    allowed(t, await apply(who, 'content', kind, samples[kind]));
    allowed(t, await who('PATCH', at, { metadata: { labels: { 'app.kubernetes.io/managed-by': 'Helm' } } }));
    allowed(
      t,
      await who('PATCH', at, {
        metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}' } },
      }),
    );
  }
  is(t, await stage.agent('PATCH', path('content', 'ConfigMap'), { metadata: { labels: { team: null } } }));
});

test('denied: deleted by name or with its collection, made again, or given an owner that does not exist', async (t) => {
  const place = await production('deleted');
  for (const kind of kinds) {
    const at = path('deleted', kind);
    is(t, await stage.agent('DELETE', at), /may not be deleted/, kind);
    is(
      t,
      await stage.agent('DELETE', `${collection('deleted', kind)}?fieldSelector=metadata.name%3Dweb`),
      /may not be deleted/,
      kind,
    );
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' };
    is(t, await stage.agent('PATCH', at, { metadata: { ownerReferences: [owner] } }), /owner/, kind);
    t.is((await stage.admin('GET', at)).status, 200, kind);
  }
  // A CREATE that names it is refused before anybody looks whether it is there.
  is(t, await stage.agent('POST', collection('deleted', 'ConfigMap'), merged(samples.ConfigMap, evil.ConfigMap)));
  // The honest twins: what nobody lists, and the namespace as a whole.
  const other = merged(samples.ConfigMap, { metadata: { name: 'other' } });
  allowed(t, await stage.agent('POST', collection('deleted', 'ConfigMap'), other));
  allowed(t, await stage.agent('PATCH', `${collection('deleted', 'ConfigMap')}/other`, { data: { a: 'b' } }));
  allowed(t, await stage.agent('DELETE', `${collection('deleted', 'ConfigMap')}/other`));
  await place.relock({ objects: kinds.map((kind) => entryOf({ kind })) });
  await waitFor('approved is that they are gone', async () => {
    const { status } = await stage.admin('DELETE', `${path('deleted', 'ConfigMap')}?dryRun=All`);
    return status === 200;
  });
  for (const kind of kinds) allowed(t, await stage.agent('DELETE', path('deleted', kind)));
  is(
    t,
    await stage.agent('POST', collection('deleted', 'ConfigMap'), samples.ConfigMap),
    /approved is that it is not there/,
  );
});

test('a Service keeps its address and the numbers of its ports, and what a cloud does to it passes', async (t) => {
  await production('service', ['Service']);
  const at = path('service', 'Service');
  const live = await must(stage.admin('GET', at));
  const { clusterIP, ports } = live.spec as { readonly clusterIP: string; readonly ports: readonly Json[] };
  const port = ports[0] ?? {};
  const nodePort = Number(port['nodePort']) === 30_123 ? 30_124 : 30_123;
  is(t, await stage.agent('PATCH', at, { spec: { ports: [{ ...port, nodePort }] } }));
  is(t, await stage.agent('PATCH', at, { spec: { ports: [{ ...port, targetPort: 9090 }] } }));
  is(t, await stage.agent('PATCH', at, { spec: { ports: [port, { name: 'more', port: 81 }] } }));
  is(t, await stage.agent('PATCH', at, { spec: { externalIPs: ['192.0.2.1'] } }));
  is(t, await stage.agent('PATCH', at, { spec: { sessionAffinity: 'ClientIP' } }));
  is(
    t,
    await stage.agent('PATCH', at, { spec: { type: 'ExternalName', externalName: 'evil.example', clusterIP: null } }),
  );
  is(t, await stage.agent('PATCH', at, { spec: { selector: null } }));
  // A load balancer's finalizer, its status, and a whole PUT of what is there.
  allowed(
    t,
    await stage.admin('PATCH', at, { metadata: { finalizers: ['service.kubernetes.io/load-balancer-cleanup'] } }),
  );
  const conditions = [
    { type: 'Checked', status: 'True', reason: 'Test', message: '', lastTransitionTime: '2026-11-21T08:00:00Z' },
  ];
  allowed(t, await stage.admin('PATCH', `${at}/status`, { status: { conditions } }));
  allowed(t, await stage.admin('PATCH', at, { metadata: { finalizers: null } }));
  allowed(t, await stage.agent('PUT', at, merged(samples.Service, { metadata: { resourceVersion: null } })));
  t.is((await must(stage.admin('GET', at))).spec['clusterIP'], clusterIP);
});

test('denied: an autoscaler through another version of its API; its controller goes on', async (t) => {
  await production('scaler', ['HorizontalPodAutoscaler']);
  const old = '/apis/autoscaling/v1/namespaces/scaler/horizontalpodautoscalers/web';
  is(t, await stage.agent('PATCH', old, { spec: { maxReplicas: 50 } }));
  allowed(t, await stage.agent('PATCH', old, { spec: { maxReplicas: 3 } }));
  allowed(
    t,
    await stage.admin('PATCH', `${path('scaler', 'HorizontalPodAutoscaler')}/status`, {
      status: { currentReplicas: 1, desiredReplicas: 2 },
    }),
  );
});

test('the fallback of an object is for who may roll back: people, and accounts that the target names', async (t) => {
  const place = await Production.open(stage, 'fallback', [deployment('web')]);
  const before = merged(samples.ConfigMap, { data: { MODE: 'before' } });
  const live = await must(stage.admin('POST', collection('fallback', 'ConfigMap'), samples.ConfigMap));
  const namedUser = 'system:serviceaccount:fallback:named';
  await stage.cluster.apply([
    bind('edit', user('oncall'), 'fallback'),
    ...['named', 'other'].flatMap((name) => [
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace: 'fallback' } },
      ...['edit', 'twinlock-oncall'].map((role) =>
        bind(role, { kind: 'ServiceAccount', name, namespace: 'fallback' }, 'fallback'),
      ),
    ]),
  ]);
  const entries: readonly Entry[] = [
    { kind: 'ConfigMap', object: live },
    { kind: 'ConfigMap', role: 'Fallback', object: before, rollbackUsers: [namedUser] },
  ];
  await approve(place, entries, () => refused('fallback', 'ConfigMap'));
  const at = path('fallback', 'ConfigMap');
  const back = { data: { MODE: 'before' } };
  is(t, await stage.agent('PATCH', at, back), /rolling back needs the verb rollback/);
  is(t, await (await stage.withToken('fallback', 'other'))('PATCH', at, back), /rollback.serviceAccounts/);
  allowed(t, await (await stage.withToken('fallback', 'named'))('PATCH', `${at}?dryRun=All`, back));
  allowed(t, await stage.oncall('PATCH', at, back));
  allowed(t, await stage.agent('PATCH', at, { data: { MODE: 'live' } }));
});

test('denied: the promotions process where nothing is listed, with a token that is bound to its pod', async (t) => {
  await production('process', ['ConfigMap']);
  const other = merged(samples.ConfigMap, { metadata: { name: 'other' } });
  is(t, await stage.promotions('POST', collection('process', 'ConfigMap'), other), /listed by no ProductionTarget/);
  is(t, await stage.promotions('POST', collection('process', 'Service'), samples.Service), /listed by no/);
  const plan = '?dryRun=All&fieldManager=twinlock-plan';
  const live = await must(stage.admin('GET', path('process', 'ConfigMap')));
  is(t, await stage.promotions('PUT', path('process', 'ConfigMap'), merged(live, evil.ConfigMap)));
  allowed(t, await stage.promotions('PUT', `${path('process', 'ConfigMap')}${plan}`, merged(live, evil.ConfigMap)));
  is(t, await stage.wildcard('PUT', `${path('process', 'ConfigMap')}${plan}`, merged(live, evil.ConfigMap)));
});

test('denied where routing is Listed: a Service or an Ingress that nobody lists, made, changed or deleted', async (t) => {
  const place = await production('routes', ['ConfigMap']);
  const made = ['Service', 'Ingress'] as const;
  for (const kind of made) await must(stage.agent('POST', collection('routes', kind), samples[kind]));
  const held = (await place.read(place.own('workloadlocks', 'lock'))).spec['objects'];
  await place.relock({ objects: held, routing: 'Listed' });
  await waitFor('it is seen', () => refused('routes', 'Service'));
  const external = of(
    'Service',
    'v1',
    { spec: { type: 'ExternalName', externalName: 'evil.example' } },
    { name: 'other' },
  );
  is(t, await stage.agent('POST', collection('routes', 'Service'), external), /routes traffic/);
  for (const kind of made) {
    const at = path('routes', kind);
    is(t, await stage.agent('PATCH', at, evil[kind]), /adds it to spec.objects/, kind);
    is(t, await stage.agent('PATCH', at, { metadata: { annotations: { a: 'b' } } }), undefined, kind);
    is(t, await stage.agent('DELETE', at), undefined, kind);
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' };
    is(t, await stage.agent('PATCH', at, { metadata: { ownerReferences: [owner] } }), undefined, kind);
    // The honest twins: what is there again, a finalizer, and what does not route.
    allowed(t, await apply(stage.agent, 'routes', kind, samples[kind]));
    allowed(t, await stage.admin('PATCH', at, { metadata: { finalizers: ['example.com/a'] } }));
    allowed(t, await stage.admin('PATCH', at, { metadata: { finalizers: null } }));
  }
  const other = merged(samples.ConfigMap, { metadata: { name: 'other' } });
  allowed(t, await stage.agent('POST', collection('routes', 'ConfigMap'), other));
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-evil', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    endpoints: [],
  };
  denied(
    t,
    await stage.wildcard('POST', '/apis/discovery.k8s.io/v1/namespaces/routes/endpointslices', slice),
    'routing',
  );
  await place.relock({ objects: held, routing: 'Free' });
  await waitFor('it is seen', async () => !(await refused('routes', 'Service')));
  for (const kind of made) allowed(t, await stage.agent('DELETE', path('routes', kind)));
});

/** The objects as the API server would store them, which are not there. */
async function approvedOnly(namespace: string, objects: readonly Json[]): Promise<readonly Live[]> {
  await Production.open(stage, namespace, [deployment('web')]);
  await must(stage.admin('POST', '/api/v1/namespaces', { metadata: { name: `${namespace}-before` } }));
  const stored: Live[] = [];
  for (const object of objects) {
    const kind = object['kind'] as Kind;
    stored.push(await must(stage.admin('POST', collection(`${namespace}-before`, kind), object)));
    await must(stage.admin('DELETE', path(`${namespace}-before`, kind)));
  }
  return stored;
}

test('denied: who is faster than the promotion that makes an object, with what nobody signed; allowed: what was signed', async (t) => {
  const stored = await approvedOnly('faster', Object.values(samples));
  await relocked('faster')(stored.map((object, index): Entry => ({ kind: kinds[index] ?? 'ConfigMap', object })));
  const { clusterIP, ports } = allocatedIn(stored);
  const spec = samples.Service['spec'] as Json;
  const port = (spec['ports'] as readonly Json[])[0] ?? {};
  const nodePort = ports[0]?.['nodePort'];
  t.truthy(nodePort);
  const unmanaged = { fieldsType: 'FieldsV1', apiVersion: 'v1', operation: 'Update', manager: 'x', fieldsV1: {} };
  const chosen: readonly (readonly [string, Kind, Json])[] = [
    ['an address', 'Service', { spec: { ...spec, clusterIP } }],
    ['addresses', 'Service', { spec: { ...spec, clusterIP, clusterIPs: [clusterIP] } }],
    ['an address, managed by nobody', 'Service', { spec: { ...spec, clusterIP }, metadata: { managedFields: [{}] } }],
    [
      'an address, managed by somebody else',
      'Service',
      { spec: { ...spec, clusterIP }, metadata: { managedFields: [unmanaged] } },
    ],
    ['no address at all', 'Service', { spec: { ...spec, type: 'ClusterIP', clusterIP: 'None' } }],
    ['a port of the nodes', 'Service', { spec: { ...spec, ports: [{ ...port, nodePort }] } }],
    ['a token of its own', 'ServiceAccount', { secrets: [{ name: 'mine' }] }],
  ];
  for (const [what, kind, change] of chosen) {
    const object = merged(samples[kind], change);
    is(t, await stage.wildcard('POST', collection('faster', kind), object), undefined, what);
    is(t, await apply(stage.wildcard, 'faster', kind, withoutManaged(object)), undefined, `${what}, applied`);
    const create = await stage.cluster.kubectl(['-n', 'faster', 'create', '-f', '-'], {
      as: stage.files.wildcard,
      check: false,
      input: JSON.stringify(object),
    });
    deniedCommand(t, create, 'objects');
  }
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' };
  for (const kind of kinds) {
    const owned = merged(samples[kind], { metadata: { ownerReferences: [owner] } });
    is(t, await stage.admin('POST', collection('faster', kind), owned), /may not be given an owner/, kind);
    const held = merged(samples[kind], { metadata: { finalizers: ['team.example/hold'] } });
    is(t, await stage.admin('POST', collection('faster', kind), held), /may not be made with finalizers/, kind);
    // The honest twin, whoever it is; what it says of its status is dropped.
    const status = kind === 'Service' ? { status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } } } : {};
    allowed(t, await stage.admin('POST', collection('faster', kind), merged(samples[kind], status)));
    const { metadata } = await must(stage.admin('GET', path('faster', kind)));
    t.deepEqual([metadata['ownerReferences'], metadata['finalizers']], [undefined, undefined], kind);
  }
  const made = (await must(stage.admin('GET', path('faster', 'Service')))) as unknown as Json;
  t.deepEqual(made['status'], { loadBalancer: {} });
});

test('denied: who is faster than the promotion that makes a workload, with an owner or a finalizer; its status is dropped', async (t) => {
  const place = await Production.open(stage, 'first', [deployment('web')]);
  await must(stage.admin('POST', '/api/v1/namespaces', { metadata: { name: 'first-before' } }));
  const before = '/apis/apps/v1/namespaces/first-before/deployments';
  const { spec } = await must(stage.admin('POST', before, deployment('fresh')));
  const { approved } = (await place.read(place.own('workloadlocks', 'lock'))).spec as {
    readonly approved: readonly Approved[];
  };
  await place.approve([...approved, { kind: 'Deployment', name: 'fresh', role: 'Current', spec }]);
  const made = deployment('fresh');
  const at = place.apps('Deployment');
  const status = { status: { readyReplicas: 9, availableReplicas: 9, observedGeneration: 9 } };
  await waitFor('the lock is seen', async () => (await stage.admin('POST', `${at}?dryRun=All`, made)).status === 201);
  const held = merged(made, { metadata: { finalizers: ['team.example/hold'] } });
  denied(t, await stage.wildcard('POST', at, held), 'workloads', /may not be made with finalizers/);
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' };
  const owned = merged(made, { metadata: { ownerReferences: [owner] } });
  denied(t, await stage.wildcard('POST', at, owned), 'workloads', /may not be given an owner/);
  const answer = await stage.wildcard('POST', at, { ...made, ...status });
  allowed(t, answer);
  t.deepEqual((answer.body as Json)['status'], {});
});

test('denied: a port of the nodes that somebody chooses while a Service becomes one that has some', async (t) => {
  const inside = merged(samples.Service, { spec: { type: 'ClusterIP' } });
  const [stored] = await approvedOnly('becoming', [samples.Service]);
  await must(stage.admin('POST', collection('becoming', 'Service'), inside));
  await relocked('becoming')([{ kind: 'Service', object: stored }]);
  const at = path('becoming', 'Service');
  const spec = samples.Service['spec'] as Json;
  const port = (spec['ports'] as readonly Json[])[0] ?? {};
  const { ports } = allocatedIn(stored === undefined ? [] : [stored]);
  const chosen = { spec: { ...spec, ports: [{ ...port, nodePort: ports[0]?.['nodePort'] }] } };
  is(t, await stage.wildcard('PATCH', at, chosen));
  is(t, await apply(stage.wildcard, 'becoming', 'Service', merged(samples.Service, chosen)));
  allowed(t, await stage.wildcard('PATCH', at, { spec }));
  allowed(t, await stage.wildcard('PATCH', at, { spec }));
});

/** Approves these beside what is approved already, and waits until the API server knows. */
function relocked(namespace: string): (entries: readonly Entry[]) => Promise<void> {
  const at = `/apis/twinlock.dev/v1alpha1/namespaces/${namespace}/workloadlocks/lock`;
  return async (entries) => {
    const lock = await must(stage.admin('GET', at));
    await must(stage.promotions('PUT', at, { ...lock, spec: { ...lock.spec, objects: entries.map(entryOf) } }));
    const [first] = entries;
    await waitFor('the lock is seen', async () => {
      const object = merged(samples[first?.kind ?? 'ConfigMap'], evil[first?.kind ?? 'ConfigMap']);
      const { status } = await stage.admin(
        'POST',
        `${collection(namespace, first?.kind ?? 'ConfigMap')}?dryRun=All`,
        object,
      );
      return status === 403;
    });
  };
}

interface Allocated {
  readonly clusterIP: string;
  readonly ports: readonly Json[];
}

/** What the API server allocated for the Service among these. */
function allocatedIn(stored: readonly Live[]): Allocated {
  const service = stored.find(({ spec }: Partial<Live>) => spec?.['clusterIP'] !== undefined);
  if (service === undefined) throw new Error('there is no Service with an address');
  return service.spec as unknown as Allocated;
}

function withoutManaged(object: Json): Json {
  const { managedFields: _none, ...metadata } = object['metadata'] as Json;
  return { ...object, metadata };
}
