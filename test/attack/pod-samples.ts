/**
 * One valid change per field of a pod, by the names of the API server's own OpenAPI document: a field that a later
 * Kubernetes adds has no sample here, and the test that walks the document says so.
 */
import type { Json } from '../stage/stage.ts';

export interface PodLike {
  readonly metadata: Json;
  readonly spec: PodSpecLike;
}
export interface PodSpecLike {
  readonly [field: string]: unknown;
  readonly containers: readonly Json[];
  readonly initContainers: readonly Json[];
  readonly volumes: readonly Json[];
}

/** What becomes of a change that is sent where nobody locks anything. */
type Fate = 'Stored' | 'Refused' | 'Dropped';

export interface Sample {
  readonly fate: Fate;
  /** The fields that are changed, given the object that they are in. */
  readonly fields: (before: Json) => Json;
}

/** Field by field, a value or a {@link Sample}. */
export type Samples = Readonly<Record<string, unknown>>;

/** The sample of a field. */
export function sampleOf(field: string, sample: unknown): Sample {
  return isSample(sample) ? sample : { fate: 'Stored', fields: () => ({ [field]: sample }) };
}

function isSample(value: unknown): value is Sample {
  return typeof value === 'object' && value !== null && 'fate' in value && 'fields' in value;
}

const with_ =
  (fate: Fate) =>
  (fields: Json): Sample => ({ fate, fields: () => fields });
/** The API server takes no pod with such a value. */
const refused = with_('Refused');
/** The API server drops the field without a word: its feature is off. */
const dropped = with_('Dropped');
/** The field needs another one. */
export const together = with_('Stored');
/** Added to the list of the field. */
const plus = (field: string, value: Json): Sample => ({
  fate: 'Stored',
  fields: (before) => ({ [field]: [...((before[field] ?? []) as readonly Json[]), value] }),
});

const exec = { exec: { command: ['id'] } };
const other = 'registry.example/other@sha256:0';
const term = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: 'zone' };

export const POD_SAMPLES: Samples = {
  activeDeadlineSeconds: 60,
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } },
  automountServiceAccountToken: false,
  containers: plus('containers', { name: 'beside', image: other }),
  dnsConfig: { nameservers: ['203.0.113.9'] },
  dnsPolicy: 'Default',
  enableServiceLinks: false,
  ephemeralContainers: refused({ ephemeralContainers: [{ name: 'e', image: other }] }),
  hostAliases: [{ ip: '203.0.113.9', hostnames: ['api.example'] }],
  hostIPC: true,
  hostNetwork: true,
  hostPID: true,
  hostUsers: false,
  hostname: 'other',
  hostnameOverride: 'other.example',
  imagePullSecrets: [{ name: 'mine' }],
  initContainers: plus('initContainers', { name: 'before', image: other }),
  nodeName: 'mine',
  nodeSelector: { mine: 'yes' },
  os: { name: 'linux' },
  overhead: refused({ overhead: { cpu: '1' } }),
  preemptionPolicy: refused({ preemptionPolicy: 'Never' }),
  priority: refused({ priority: 2000 }),
  priorityClassName: 'usual',
  readinessGates: [{ conditionType: 'mine.example/open' }],
  resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }],
  resources: { limits: { cpu: '2', memory: '2Gi' } },
  restartPolicy: 'Never',
  runtimeClassName: 'sandboxed',
  schedulerName: 'mine',
  schedulingGates: [{ name: 'mine.example/wait' }],
  schedulingGroup: dropped({ schedulingGroup: { podGroupName: 'x' } }),
  securityContext: { runAsUser: 0 },
  serviceAccount: 'other',
  serviceAccountName: 'other',
  setHostnameAsFQDN: true,
  shareProcessNamespace: true,
  subdomain: 'other',
  terminationGracePeriodSeconds: 1000,
  tolerations: [{ key: 'mine', operator: 'Exists' }],
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app: 'web' } },
      topologyKey: 'z',
    },
  ],
  volumes: plus('volumes', { name: 'beside', emptyDir: {} }),
};

export const CONTAINER_SAMPLES: Samples = {
  args: ['--evil'],
  command: ['sh'],
  env: plus('env', { name: 'LD_PRELOAD', value: '/evil.so' }),
  envFrom: [{ secretRef: { name: 'other' } }],
  image: other,
  imagePullPolicy: 'Never',
  lifecycle: { postStart: exec },
  livenessProbe: exec,
  name: 'renamed',
  ports: [{ containerPort: 9999 }],
  readinessProbe: exec,
  resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }],
  resources: { limits: { cpu: '900m' } },
  restartPolicy: 'Never',
  restartPolicyRules: together({
    restartPolicy: 'Never',
    restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }],
  }),
  securityContext: { runAsUser: 0 },
  startupProbe: exec,
  stdin: true,
  stdinOnce: true,
  terminationMessagePath: '/dev/other',
  terminationMessagePolicy: 'FallbackToLogsOnError',
  tty: true,
  volumeDevices: refused({ volumeDevices: [{ name: 'config', devicePath: '/dev/x' }] }),
  volumeMounts: plus('volumeMounts', { name: 'config', mountPath: '/app' }),
  workingDir: '/evil',
};

/** Of a sidecar, which is an init container that restarts. */
export const SIDECAR_SAMPLES: Samples = {
  ...CONTAINER_SAMPLES,
  restartPolicy: refused({ restartPolicy: 'Sometimes' }),
  restartPolicyRules: refused({ restartPolicyRules: [{ action: 'Restart' }] }),
};

export const POD_CONTEXT_SAMPLES: Samples = {
  appArmorProfile: { type: 'Unconfined' },
  fsGroup: 0,
  fsGroupChangePolicy: 'Always',
  runAsGroup: 0,
  runAsNonRoot: false,
  runAsUser: 0,
  seLinuxChangePolicy: 'Recursive',
  seLinuxOptions: { type: 'spc_t' },
  seccompProfile: { type: 'Unconfined' },
  supplementalGroups: [0],
  supplementalGroupsPolicy: 'Strict',
  sysctls: [{ name: 'net.core.somaxconn', value: '1' }],
  windowsOptions: { runAsUserName: 'ContainerAdministrator' },
};

export const CONTEXT_SAMPLES: Samples = {
  allowPrivilegeEscalation: true,
  appArmorProfile: { type: 'Unconfined' },
  capabilities: { add: ['SYS_ADMIN'] },
  privileged: true,
  procMount: refused({ procMount: 'Unmasked' }),
  readOnlyRootFilesystem: false,
  runAsGroup: 0,
  runAsNonRoot: false,
  runAsUser: 0,
  seLinuxOptions: { type: 'spc_t' },
  seccompProfile: { type: 'Unconfined' },
  windowsOptions: { runAsUserName: 'ContainerAdministrator' },
};

/** Kinds of volumes, as an added one. */
export const VOLUME_SAMPLES: Samples = {
  name: refused({ name: 'Not A Name' }),
  awsElasticBlockStore: { volumeID: 'x' },
  azureDisk: { diskName: 'x', diskURI: 'https://disk.example/x' },
  azureFile: { secretName: 'x', shareName: 'x' },
  cephfs: { monitors: ['x'] },
  cinder: { volumeID: 'x' },
  configMap: { name: 'x' },
  csi: { driver: 'csi.example' },
  downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.name' } }] },
  emptyDir: {},
  ephemeral: {
    volumeClaimTemplate: {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
  },
  fc: { targetWWNs: ['x'], lun: 1 },
  flexVolume: { driver: 'x/y' },
  flocker: { datasetName: 'x' },
  gcePersistentDisk: { pdName: 'x' },
  gitRepo: { repository: 'https://git.example/x' },
  glusterfs: { endpoints: 'x', path: 'x' },
  hostPath: { path: '/' },
  image: { reference: 'registry.example/x:1' },
  iscsi: { targetPortal: '203.0.113.1', iqn: 'iqn.2026-01.example:x', lun: 0 },
  nfs: { server: 'nfs.example', path: '/' },
  persistentVolumeClaim: { claimName: 'x' },
  photonPersistentDisk: { pdID: 'x' },
  portworxVolume: { volumeID: 'x' },
  projected: { sources: [{ serviceAccountToken: { audience: 'cloud.example', path: 'token' } }] },
  quobyte: { registry: '203.0.113.1:1', volume: 'x' },
  rbd: { monitors: ['x'], image: 'x' },
  scaleIO: { gateway: 'x', system: 'x', volumeName: 'x', secretRef: { name: 'x' } },
  secret: { secretName: 'x' },
  storageos: { volumeName: 'x' },
  vsphereVolume: { volumePath: 'x' },
};

/** Sources of a projected volume. */
export const PROJECTION_SAMPLES: Samples = {
  clusterTrustBundle: { name: 'x', path: 'x' },
  configMap: { name: 'x' },
  downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.name' } }] },
  podCertificate: {
    signerName: 'kubernetes.io/kube-apiserver-client-pod',
    keyType: 'ED25519',
    credentialBundlePath: 'x',
  },
  secret: { name: 'x' },
  serviceAccountToken: { path: 'token' },
};

/** Sources of a variable. */
export const ENV_SAMPLES: Samples = {
  configMapKeyRef: { name: 'x', key: 'x' },
  fieldRef: { fieldPath: 'metadata.name' },
  fileKeyRef: { volumeName: 'scratch', path: 'x', key: 'X' },
  resourceFieldRef: { resource: 'limits.cpu' },
  secretKeyRef: { name: 'x', key: 'x' },
};
