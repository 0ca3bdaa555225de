/**
 * What is installed in real clusters does to a pod, as the patch of its webhook, and what a target has to say so that
 * these pods are let in. The shapes are those of the tools' own manifests (Istio 1.29, amazon-eks-pod-identity-webhook
 * 0.6, azure-workload-identity 1.5, VPA 1.4, Linkerd 2.19), shortened where a field has no rule of its own.
 */
import type { Operation } from './mutators.ts';
import type { Json } from '../stage/stage.ts';

export interface PodMutator {
  readonly patch: readonly Operation[];
  readonly mutations: readonly Json[];
  /** The row of docs/cluster-life.md whose words refuse it where the target names nothing. */
  readonly row?: string;
  readonly injected?: readonly { readonly container: string; readonly imagePrefix: string }[];
}

const add = (path: string, value: unknown): Operation => ({ op: 'add', path, value });
const replace = (path: string, value: unknown): Operation => ({ op: 'replace', path, value });
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const istioImage = 'registry.example/istio/proxyv2';
const istioVolumes = [
  { name: 'workload-socket', emptyDir: {} },
  { name: 'credential-socket', emptyDir: {} },
  { name: 'workload-certs', emptyDir: {} },
  { name: 'istio-envoy', emptyDir: { medium: 'Memory' } },
  { name: 'istio-data', emptyDir: {} },
  {
    name: 'istio-podinfo',
    downwardAPI: {
      items: [
        { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
        { path: 'annotations', fieldRef: { fieldPath: 'metadata.annotations' } },
      ],
    },
  },
  {
    name: 'istio-token',
    projected: {
      sources: [{ serviceAccountToken: { path: 'istio-token', expirationSeconds: 43200, audience: 'istio-ca' } }],
    },
  },
  { name: 'istiod-ca-cert', configMap: { name: 'istio-ca-root-cert' } },
];
const istioProxy = {
  name: 'istio-proxy',
  image: `${istioImage}:1.29.0`,
  args: ['proxy', 'sidecar', '--domain', '$(POD_NAMESPACE).svc.cluster.local'],
  env: [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'ISTIO_KUBE_APP_PROBERS', value: '{"/app-health/web/readyz":{"httpGet":{"path":"/ready","port":8080}}}' },
  ],
  ports: [{ containerPort: 15090, name: 'http-envoy-prom', protocol: 'TCP' }],
  readinessProbe: { httpGet: { path: '/healthz/ready', port: 15021 } },
  resources: { limits: { cpu: '2', memory: '1Gi' }, requests: { cpu: '100m', memory: '128Mi' } },
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsGroup: 1337,
    runAsNonRoot: true,
    runAsUser: 1337,
  },
  volumeMounts: [
    { name: 'workload-socket', mountPath: '/var/run/secrets/workload-spiffe-uds' },
    { name: 'credential-socket', mountPath: '/var/run/secrets/credential-uds' },
    { name: 'workload-certs', mountPath: '/var/run/secrets/workload-spiffe-credentials' },
    { name: 'istiod-ca-cert', mountPath: '/var/run/secrets/istio' },
    { name: 'istio-data', mountPath: '/var/lib/istio/data' },
    { name: 'istio-envoy', mountPath: '/etc/istio/proxy' },
    { name: 'istio-token', mountPath: '/var/run/secrets/tokens' },
    { name: 'istio-podinfo', mountPath: '/etc/istio/pod' },
  ],
};
const istioInit = {
  name: 'istio-init',
  image: `${istioImage}:1.29.0`,
  args: ['istio-iptables', '-p', '15001', '-z', '15006', '-u', '1337'],
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
    privileged: false,
    readOnlyRootFilesystem: false,
    runAsGroup: 0,
    runAsNonRoot: false,
    runAsUser: 0,
  },
};
const istioLabels = { 'security.istio.io/tlsMode': 'istio', 'service.istio.io/canonical-name': 'web' };
const istioAnnotations = {
  'istio.io/rev': 'default',
  'kubectl.kubernetes.io/default-container': 'web',
  'kubectl.kubernetes.io/default-logs-container': 'web',
  'prometheus.io/path': '/stats/prometheus',
  'prometheus.io/scrape': 'true',
  'sidecar.istio.io/status': '{"initContainers":["istio-init"],"containers":["istio-proxy"]}',
};

const health = (path: string): Json => ({ path, port: 15020, scheme: 'HTTP' });

/** @param native the proxy is an init container that restarts, as since Istio 1.27 */
function istio(native: boolean): PodMutator {
  return {
    patch: [
      replace('/spec/containers/0/readinessProbe/httpGet', health('/app-health/web/readyz')),
      { op: 'remove', path: '/spec/containers/0/livenessProbe/tcpSocket' },
      add('/spec/containers/0/livenessProbe/httpGet', health('/app-health/web/livez')),
      ...(native
        ? [add('/spec/initContainers', [istioInit, { ...istioProxy, restartPolicy: 'Always' }])]
        : [add('/spec/containers/-', istioProxy), add('/spec/initContainers', [istioInit])]),
      ...istioVolumes.toReversed().map((volume) => add('/spec/volumes/0', volume)),
      add('/spec/securityContext/fsGroup', 1337),
      add('/metadata/annotations', istioAnnotations),
      ...Object.entries(istioLabels).map(([key, value]) => add(`/metadata/labels/${escaped(key)}`, value)),
    ],
    mutations: [
      { by: 'istio-sidecar-injector', field: 'Probes' },
      { by: 'istio-sidecar-injector', field: 'PodSecurityContext' },
    ],
    row: 'Istio',
    injected: [
      { container: 'istio-init', imagePrefix: istioImage },
      { container: 'istio-proxy', imagePrefix: istioImage },
    ],
  };
}

const linkerdImage = 'registry.example/linkerd/proxy';
const seccompProfile = { type: 'RuntimeDefault' };
const linkerdInit = {
  name: 'linkerd-init',
  image: `${linkerdImage}:edge-25.11.1`,
  imagePullPolicy: 'IfNotPresent',
  command: ['/usr/lib/linkerd/linkerd2-proxy-init'],
  args: ['--incoming-proxy-port', '4143', '--outgoing-proxy-port', '4140', '--proxy-uid', '2102'],
  securityContext: {
    allowPrivilegeEscalation: false,
    capabilities: { add: ['NET_ADMIN', 'NET_RAW'] },
    privileged: false,
    readOnlyRootFilesystem: true,
    runAsGroup: 65534,
    runAsNonRoot: true,
    runAsUser: 65534,
    seccompProfile,
  },
  terminationMessagePolicy: 'FallbackToLogsOnError',
  volumeMounts: [{ mountPath: '/run', name: 'linkerd-proxy-init-xtables-lock' }],
};
const linkerdProxy = {
  name: 'linkerd-proxy',
  image: `${linkerdImage}:edge-25.11.1`,
  imagePullPolicy: 'IfNotPresent',
  env: [
    { name: '_pod_uid', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
    { name: 'LINKERD2_PROXY_IDENTITY_TOKEN_FILE', value: '/var/run/secrets/tokens/linkerd-identity-token' },
  ],
  ports: [
    { containerPort: 4143, name: 'linkerd-proxy' },
    { containerPort: 4191, name: 'linkerd-admin' },
  ],
  livenessProbe: { httpGet: { path: '/live', port: 4191 }, initialDelaySeconds: 10, timeoutSeconds: 1 },
  readinessProbe: { httpGet: { path: '/ready', port: 4191 }, initialDelaySeconds: 2, timeoutSeconds: 1 },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    runAsNonRoot: true,
    runAsUser: 2102,
    seccompProfile,
  },
  terminationMessagePolicy: 'FallbackToLogsOnError',
  volumeMounts: [
    { mountPath: '/var/run/linkerd/identity/end-entity', name: 'linkerd-identity-end-entity' },
    { mountPath: '/var/run/secrets/tokens', name: 'linkerd-identity-token' },
  ],
};
const linkerdToken = { audience: 'identity.l5d.io', expirationSeconds: 86400, path: 'linkerd-identity-token' };
const linkerdVolumes = [
  { name: 'linkerd-proxy-init-xtables-lock', emptyDir: {} },
  { name: 'linkerd-identity-end-entity', emptyDir: { medium: 'Memory' } },
  { name: 'linkerd-identity-token', projected: { sources: [{ serviceAccountToken: linkerdToken }] } },
];

/** @param native the proxy is an init container that restarts (`config.linkerd.io/proxy-enable-native-sidecar`) */
function linkerd(native: boolean): PodMutator {
  const startupProbe = { httpGet: { path: '/ready', port: 4191 }, periodSeconds: 1, failureThreshold: 120 };
  const lifecycle = {
    postStart: { exec: { command: ['/usr/lib/linkerd/linkerd-await', '--timeout=2m', '--port=4191'] } },
  };
  return {
    patch: [
      add('/metadata/annotations', {
        'linkerd.io/created-by': 'linkerd/proxy-injector edge-25.11.1',
        'linkerd.io/inject': 'enabled',
        'linkerd.io/proxy-version': 'edge-25.11.1',
        'linkerd.io/trust-root-sha256': '5090806bcf2daff5d54739ba02a8e7b919f7e62b2a46757e11089c916ec97fc2',
        'config.linkerd.io/opaque-ports': '25,587,3306',
      }),
      ...Object.entries({ 'control-plane-ns': 'linkerd', 'proxy-deployment': 'web', 'workload-ns': 'shop' }).map(
        ([key, value]) => add(`/metadata/labels/linkerd.io~1${key}`, value),
      ),
      ...linkerdVolumes.map((volume) => add('/spec/volumes/-', volume)),
      ...(native
        ? [add('/spec/initContainers', [linkerdInit, { ...linkerdProxy, restartPolicy: 'Always', startupProbe }])]
        : [add('/spec/initContainers', [linkerdInit]), add('/spec/containers/0', { ...linkerdProxy, lifecycle })]),
    ],
    mutations: [],
    row: 'Linkerd',
    injected: ['linkerd-init', 'linkerd-proxy'].map((container) => ({ container, imagePrefix: linkerdImage })),
  };
}

/** An identity webhook: variables, a projected token, and its mount, in every container. */
function identity(
  by: string,
  volume: string,
  audience: string,
  mountPath: string,
  env: Readonly<Record<string, string>>,
): PodMutator {
  const token = { serviceAccountToken: { audience, expirationSeconds: 86400, path: 'token' } };
  return {
    patch: [
      ...Object.entries(env).map(([name, value]) => add('/spec/containers/0/env/-', { name, value })),
      add('/spec/volumes/0', { name: volume, projected: { sources: [token] } }),
      add('/spec/containers/0/volumeMounts/-', { name: volume, mountPath, readOnly: true }),
    ],
    mutations: [
      { by, field: 'Env', names: Object.keys(env) },
      { by, field: 'Volumes', names: [volume] },
    ],
  };
}

export const POD_MUTATORS: Readonly<Record<string, PodMutator>> = {
  istio: istio(false),
  'istio-native': istio(true),
  linkerd: linkerd(false),
  'linkerd-native': linkerd(true),
  irsa: identity(
    'pod-identity-webhook',
    'aws-iam-token',
    'sts.amazonaws.com',
    '/var/run/secrets/eks.amazonaws.com/serviceaccount',
    {
      AWS_STS_REGIONAL_ENDPOINTS: 'regional',
      AWS_DEFAULT_REGION: 'eu-central-1',
      AWS_REGION: 'eu-central-1',
      AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/web',
      AWS_WEB_IDENTITY_TOKEN_FILE: '/var/run/secrets/eks.amazonaws.com/serviceaccount/token',
    },
  ),
  azure: identity(
    'azure-wi-webhook-mutating-webhook',
    'azure-identity-token',
    'api://AzureADTokenExchange',
    '/var/run/secrets/azure/tokens',
    {
      AZURE_CLIENT_ID: '00000000-0000-0000-0000-000000000000',
      AZURE_TENANT_ID: '00000000-0000-0000-0000-000000000000',
      AZURE_FEDERATED_TOKEN_FILE: '/var/run/secrets/azure/tokens/azure-identity-token',
      AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com/',
    },
  ),
  vpa: {
    patch: [
      add('/spec/containers/0/resources', {
        requests: { cpu: '587m', memory: '262144k' },
        limits: { cpu: '1174m', memory: '524288k' },
      }),
      add('/metadata/annotations', { vpaUpdates: 'Pod resources updated by web: container 0: cpu request' }),
    ],
    mutations: [
      { by: 'vpa-webhook-config', field: 'Resources', container: 'web' },
      { by: 'vpa-webhook-config', field: 'Annotations', names: ['vpaUpdates', 'vpaObservedContainers'] },
    ],
  },
  gates: {
    patch: [add('/spec/readinessGates', [{ conditionType: 'target-health.elbv2.k8s.aws/k8s-shop-web-0123456789' }])],
    mutations: [{ by: 'aws-load-balancer-webhook', field: 'ReadinessGates', names: ['target-health.elbv2.k8s.aws/*'] }],
  },
};
