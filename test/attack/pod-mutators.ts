/**
 * What is installed in real clusters does to a pod, as the patch of its webhook, and what a target has to say so that
 * these pods are let in. The shapes are those of the tools' own manifests (Istio 1.29, amazon-eks-pod-identity-webhook
 * 0.6, azure-workload-identity 1.5, VPA 1.4), shortened where a field has no rule of its own.
 */
import type { Operation } from './mutators.ts';
import type { Json } from '../stage/stage.ts';

export interface PodMutator {
  readonly patch: readonly Operation[];
  readonly mutations: readonly Json[];
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
    injected: [
      { container: 'istio-init', imagePrefix: istioImage },
      { container: 'istio-proxy', imagePrefix: istioImage },
    ],
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
