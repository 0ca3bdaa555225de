import test from 'ava';
import {
  Applier,
  DaemonSet,
  Deployment,
  Ingress,
  Job,
  LimitRange,
  NetworkPolicy,
  PersistentVolumeClaim,
  ResourceQuota,
  Role,
  RoleBinding,
  Secret,
  Service,
  ServiceAccount,
  StatefulSet,
  isConflict,
} from '../../operator/kube/index.ts';
import type { KubeObject, Patch, ResourceType } from '../../operator/kube/index.ts';
import { sharedApi } from '../harness/index.ts';
import { stage } from '../stage/runtime.ts';

interface Sample {
  readonly type: ResourceType;
  readonly body: object;
  /** A change by somebody else, which must be seen and undone. */
  readonly drift: Patch;
}

const merge = (body: object): Patch => ({ type: 'merge', body });
const json = (path: string, value: unknown): Patch => ({ type: 'json', body: [{ op: 'replace', path, value }] });
const labels = { app: 'web' };
const container = {
  name: 'web',
  image: 'registry.example/web@sha256:0000',
  ports: [{ containerPort: 8080 }],
  env: [
    { name: 'A', value: '1' },
    { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
  ],
  resources: { limits: { cpu: '1000m', memory: '0.5Gi' }, requests: { cpu: '0.25' } },
  readinessProbe: { httpGet: { path: '/', port: 8080 } },
  volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
  securityContext: { capabilities: { drop: ['ALL'] }, allowPrivilegeEscalation: false },
};
const template = {
  metadata: { labels },
  spec: { containers: [container], volumes: [{ name: 'tmp', emptyDir: { sizeLimit: '1024Mi' } }], securityContext: {} },
};
const selector = { matchLabels: labels };

/** Every kind that an operator makes, with what the API server rewrites, defaults and fills in. */
const samples: readonly Sample[] = [
  { type: Deployment, body: { spec: { replicas: 2, selector, template } }, drift: merge({ spec: { replicas: 0 } }) },
  {
    type: StatefulSet,
    body: {
      spec: {
        selector,
        serviceName: 'web',
        template,
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } },
          },
        ],
      },
    },
    drift: json('/spec/template/spec/containers/0/image', 'evil'),
  },
  {
    type: DaemonSet,
    body: { spec: { selector, template } },
    drift: json('/spec/template/spec/containers/0/env/0/value', '2'),
  },
  {
    type: Job,
    body: {
      spec: {
        backoffLimit: 0,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'b' }] } },
      },
    },
    drift: merge({ spec: { backoffLimit: 5 } }),
  },
  {
    type: Service,
    body: { spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] } },
    drift: merge({ spec: { selector: { app: 'other' } } }),
  },
  {
    type: NetworkPolicy,
    body: {
      spec: {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        ingress: [],
        egress: [{ to: [{ namespaceSelector: {} }], ports: [{ port: 53, protocol: 'UDP' }] }],
      },
    },
    drift: merge({ spec: { egress: [{}] } }),
  },
  {
    type: Ingress,
    body: {
      spec: {
        rules: [
          {
            host: 'a.example',
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { number: 80 } } } }],
            },
          },
        ],
      },
    },
    drift: json('/spec/rules/0/host', 'b.example'),
  },
  {
    type: ResourceQuota,
    body: { spec: { hard: { 'requests.cpu': '1000m', 'limits.memory': '2048Mi', pods: 10 } } },
    drift: merge({ spec: { hard: { pods: '1000' } } }),
  },
  {
    type: LimitRange,
    body: { spec: { limits: [{ type: 'Container', default: { cpu: '0.5' }, defaultRequest: { cpu: '100m' } }] } },
    drift: json('/spec/limits/0/default/cpu', '4'),
  },
  {
    type: ServiceAccount,
    body: { automountServiceAccountToken: false },
    drift: merge({ automountServiceAccountToken: true }),
  },
  {
    type: Role,
    body: { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    drift: json('/rules/0/verbs', ['*']),
  },
  {
    type: RoleBinding,
    body: {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'x' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'devs' }],
    },
    drift: {
      type: 'json',
      body: [
        {
          op: 'add',
          path: '/subjects/-',
          value: { kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'mallory' },
        },
      ],
    },
  },
  { type: Secret, body: { stringData: { password: 'p' } }, drift: merge({ data: { password: 'cQ==' } }) },
  {
    type: PersistentVolumeClaim,
    body: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1024Mi' } } } },
    drift: merge({ metadata: { labels: { app: 'other' } } }),
  },
];

for (const { type, body, drift } of samples) {
  test(`a ${type.kind} is applied once, and again only when somebody changes it`, async (t) => {
    const { admin, client, proxy, namespace, cache } = await stage(t, await sharedApi());
    const made = cache();
    const informer = made.informer(type, { namespace });
    await informer.whenSynced();
    const applying = (): Applier =>
      new Applier({ client, cache: made, fieldManager: 'me', hashAnnotation: 'acme.dev/applied' });
    const desired = { ...body, ...identity(type, namespace) };
    const applier = applying();
    t.is((await applier.apply(type, desired)).outcome, 'Created');
    const again = await applying().apply(type, desired);
    t.is(again.outcome, 'Unchanged', `differs at ${again.because ?? ''}`);
    t.is(proxy.requests.length, 1);
    await admin.patch(type, { namespace, name: 'web' }, drift);
    const drifted = await admin.get(type, { namespace, name: 'web' });
    made.absorb(type, drifted);
    t.is((await applier.apply(type, desired)).outcome, 'Configured');
    const repaired = await applying().apply(type, desired);
    t.is(repaired.outcome, 'Unchanged', `differs at ${repaired.because ?? ''}`);
    t.is(proxy.requests.length, 2);
  });
}

test('an object that the API server keeps in another form is not sent again and again', async (t) => {
  const { client, proxy, namespace, cache } = await stage(t, await sharedApi());
  const made = cache();
  await made.informer(Deployment, { namespace }).whenSynced();
  const applying = (): Applier =>
    new Applier({ client, cache: made, fieldManager: 'me', hashAnnotation: 'acme.dev/applied' });
  // A quantity in a place where the comparison expects none: the API server stores '1'.
  const rewritten = { ...template, spec: { ...template.spec, overhead: { cpu: '1000m' } } };
  const desired = { ...identity(Deployment, namespace), spec: { selector, template: rewritten } };
  const first = applying();
  for (let round = 0; round < 3; round++) await first.apply(Deployment, desired);
  t.is(proxy.requests.length, 1);
  const restarted = applying();
  t.is((await restarted.apply(Deployment, desired)).because, 'spec.template.spec.overhead.cpu');
  for (let round = 0; round < 3; round++) await restarted.apply(Deployment, desired);
  t.is(proxy.requests.length, 2);
});

test('without force, a field of another manager is a conflict', async (t) => {
  const { admin, client, namespace } = await stage(t, await sharedApi());
  const applier = new Applier({ client, fieldManager: 'me', hashAnnotation: 'acme.dev/applied' });
  const desired = { ...identity(Secret, namespace), stringData: { a: '1' } };
  await applier.apply(Secret, desired);
  await admin.apply(Secret, { ...identity(Secret, namespace), data: { a: 'Mg==' } } as KubeObject, {
    fieldManager: 'other',
    force: true,
  });
  const error = await t.throwsAsync(applier.apply(Secret, desired, { force: false }));
  t.true(isConflict(error));
  t.is((await applier.apply(Secret, desired)).outcome, 'Configured');
});

test('a field that is no longer desired goes away', async (t) => {
  const { admin, client, namespace } = await stage(t, await sharedApi());
  const applier = new Applier({ client, fieldManager: 'me', hashAnnotation: 'acme.dev/applied' });
  const both = { ...identity(Secret, namespace), stringData: { a: '1', b: '2' } };
  await applier.apply(Secret, both);
  const one = { ...identity(Secret, namespace), stringData: { a: '1' } };
  await applier.apply(Secret, one);
  t.deepEqual(Object.keys((await admin.get(Secret, { namespace, name: 'web' })).data ?? {}), ['a']);
});

function identity(type: ResourceType, namespace: string): KubeObject {
  return { apiVersion: type.apiVersion, kind: type.kind, metadata: { namespace, name: 'web', labels } };
}
