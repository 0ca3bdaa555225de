import test from 'ava';
import { objectApiVersions, objectKinds } from '../../operator/api/index.ts';
import type { KubeObject } from '../../operator/kube/index.ts';
import { contentOfObject, objectDigest, objectType, withObjectContent } from '../../operator/objects/index.ts';

const live = (kind: string, members: object, metadata: object = {}): KubeObject =>
  ({
    apiVersion: 'v1',
    kind,
    metadata: { name: 'web', namespace: 'shop', uid: 'a', ...metadata },
    ...members,
  }) as KubeObject;
const spec = {
  type: 'NodePort',
  clusterIP: '10.0.0.1',
  clusterIPs: ['10.0.0.1'],
  healthCheckNodePort: 31000,
  ports: [
    { name: 'http', port: 80, protocol: 'TCP', nodePort: 30080 },
    { name: 'dns', port: 80, protocol: 'UDP', nodePort: 30081 },
  ],
};
const bare = {
  type: 'NodePort',
  ports: [
    { name: 'http', port: 80, protocol: 'TCP' },
    { name: 'dns', port: 80, protocol: 'UDP' },
  ],
};

test('each kind has the version in which it is held', (t) => {
  for (const kind of objectKinds) t.is(objectType(kind).apiVersion, objectApiVersions[kind]);
});

test('content is what users write: labels, annotations and every member, but no status and no bookkeeping', (t) => {
  const object = live(
    'ConfigMap',
    { data: { a: '1' }, immutable: true, status: { any: 1 } },
    {
      labels: { team: 'shop', 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'meta.helm.sh/release-name': 'web', 'kubectl.kubernetes.io/last-applied-configuration': '{}' },
      finalizers: ['x'],
      managedFields: [],
    },
  );
  t.deepEqual(contentOfObject('ConfigMap', object), {
    metadata: { labels: { team: 'shop' } },
    data: { a: '1' },
    immutable: true,
  });
  t.deepEqual(contentOfObject('ConfigMap', live('ConfigMap', {})), {});
  t.deepEqual(contentOfObject('ConfigMap', live('ConfigMap', {}, { annotations: { a: 'b' } })), {
    metadata: { annotations: { a: 'b' } },
  });
});

test('what the API server allocates counts only where it is written', (t) => {
  const service = live('Service', { spec });
  t.deepEqual(contentOfObject('Service', service), { spec: bare });
  const like = { spec: { clusterIP: '10.0.0.1', ports: [{ port: 80, nodePort: 30080 }] } };
  t.deepEqual(contentOfObject('Service', service, like), {
    spec: { ...bare, clusterIP: '10.0.0.1', ports: [spec.ports[0], bare.ports[1]] },
  });
  t.deepEqual(contentOfObject('Service', service, { spec }), { spec });
  t.deepEqual(contentOfObject('Service', live('Service', { spec: { type: 'ExternalName' } })), {
    spec: { type: 'ExternalName' },
  });
  t.deepEqual(contentOfObject('Service', live('Service', {})), {});
});

test('to have no address is content', (t) => {
  const headless = { clusterIP: 'None', clusterIPs: ['None'], healthCheckNodePort: 1 };
  t.deepEqual(contentOfObject('Service', live('Service', { spec: headless })), {
    spec: { clusterIP: 'None', clusterIPs: ['None'] },
  });
});

test('members of those names are content in every other kind', (t) => {
  t.deepEqual(contentOfObject('Ingress', live('Ingress', { spec })), { spec });
});

test('tokens that others add to a ServiceAccount count where they are written', (t) => {
  const account = live('ServiceAccount', { secrets: [{ name: 'a' }], automountServiceAccountToken: false });
  t.deepEqual(contentOfObject('ServiceAccount', account), { automountServiceAccountToken: false });
  t.like(contentOfObject('ServiceAccount', account, { secrets: [] }), { secrets: [{ name: 'a' }] });
  t.like(contentOfObject('ConfigMap', live('ConfigMap', { secrets: 1 })), { secrets: 1 });
});

test('a digest is over the content, whatever its order', (t) => {
  t.is(objectDigest({ a: 1, b: 2 }), objectDigest({ b: 2, a: 1 }));
  t.not(objectDigest({ a: 1 }), objectDigest({ a: 2 }));
});

test('an object that is made has its content; one that is there keeps what is none', (t) => {
  const key = { kind: 'ConfigMap', name: 'web' } as const;
  const content = { metadata: { labels: { team: 'shop' } }, data: { a: '1' } };
  t.deepEqual(withObjectContent(key, 'shop', content, undefined), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'web', namespace: 'shop', labels: { team: 'shop' }, annotations: {} },
    data: { a: '1' },
  } as KubeObject);
  const before = live(
    'ConfigMap',
    { data: { b: '2' }, immutable: true },
    {
      resourceVersion: '7',
      labels: { gone: 'x', 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'argocd.argoproj.io/tracking-id': 'web', other: 'x' },
      finalizers: ['f'],
      managedFields: [{}],
    },
  );
  t.deepEqual(withObjectContent(key, 'shop', content, before), {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'a',
      resourceVersion: '7',
      finalizers: ['f'],
      labels: { team: 'shop', 'app.kubernetes.io/managed-by': 'Helm' },
      annotations: { 'argocd.argoproj.io/tracking-id': 'web' },
    },
    data: { a: '1' },
  } as KubeObject);
  t.deepEqual(contentOfObject('ConfigMap', withObjectContent(key, 'shop', content, before)), content);
});
