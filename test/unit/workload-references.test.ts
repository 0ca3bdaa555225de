import test from 'ava';
import { referencesOf, withTemplate, workloadRows, type Spec } from '../../operator/workloads/index.ts';

const of = (podSpec: unknown): Spec => ({ template: { spec: podSpec } });
const names = (podSpec: unknown): readonly string[] =>
  referencesOf('Deployment', of(podSpec)).map(({ kind, name, optional }) => `${kind}/${name}${optional ? '?' : ''}`);

test('a pod refers to ConfigMaps and Secrets in its containers, init containers and volumes', (t) => {
  const containers = [
    {
      name: 'web',
      env: [
        { name: 'A', value: 'configMapKeyRef' },
        { name: 'B', valueFrom: { configMapKeyRef: { name: 'env', key: 'b' } } },
        { name: 'C', valueFrom: { secretKeyRef: { name: 'key', key: 'c' } } },
        { name: 'D', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
      envFrom: [{ configMapRef: { name: 'all' } }, { secretRef: { name: 'all' } }],
    },
  ];
  const volumes = [
    { name: 'a', configMap: { name: 'files' } },
    { name: 'b', secret: { secretName: 'tls' } },
    {
      name: 'c',
      projected: {
        sources: [
          { configMap: { name: 'part' } },
          { secret: { name: 'part' } },
          { serviceAccountToken: { path: 'token' } },
        ],
      },
    },
    { name: 'd', csi: { driver: 'x', nodePublishSecretRef: { name: 'mount' } } },
    { name: 'e', emptyDir: {} },
  ];
  const initContainers = [{ name: 'init', envFrom: [{ configMapRef: { name: 'init' } }] }];
  t.deepEqual(names({ containers, initContainers, volumes, imagePullSecrets: [{ name: 'registry' }] }), [
    'ConfigMap/all',
    'ConfigMap/env',
    'ConfigMap/files',
    'ConfigMap/init',
    'ConfigMap/part',
    'Secret/all',
    'Secret/key',
    'Secret/mount',
    'Secret/part',
    'Secret/tls',
  ]);
});

/** A variable from a ConfigMap. */
const env = (optional?: boolean): unknown => ({
  name: 'A',
  valueFrom: { configMapKeyRef: { name: 'env', key: 'a', optional } },
});

test('a name is there once, and optional only where every place says so', (t) => {
  const volumes = [{ name: 'a', configMap: { name: 'files', optional: true } }];
  t.deepEqual(names({ containers: [{ env: [env(true), env(true)] }], volumes }), [
    'ConfigMap/env?',
    'ConfigMap/files?',
  ]);
  t.deepEqual(names({ containers: [{ env: [env(true), env()] }] }), ['ConfigMap/env']);
  t.deepEqual(names({ containers: [{ env: [env(false), env(true)] }] }), ['ConfigMap/env']);
});

test('what is no template refers to nothing', (t) => {
  for (const odd of [
    undefined,
    null,
    'x',
    [],
    {},
    { containers: 'x', volumes: [null, 1] },
    { containers: [{ env: {} }] },
  ])
    t.deepEqual(names(odd), []);
  t.deepEqual(names({ volumes: [{ secret: { secretName: '' } }, { configMap: { name: 7 } }] }), []);
  t.deepEqual(referencesOf('Deployment', {}), []);
});

test('the template of each kind is looked at', (t) => {
  const template = { spec: { volumes: [{ name: 'a', secret: { secretName: 'tls' } }] } };
  for (const [kind] of workloadRows)
    t.deepEqual(
      referencesOf(kind, withTemplate(kind, {}, template)),
      [{ kind: 'Secret', name: 'tls', optional: false }],
      kind,
    );
});
