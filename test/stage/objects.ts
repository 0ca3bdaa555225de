/** Objects that attacks are about, and what the API server answers them. */
import { workloadKinds, type WorkloadKind } from '../../operator/api/index.ts';
import { approvedSpec, referencesOf, specDigest } from '../../operator/workloads/index.ts';
import type { Answer } from '../harness/index.ts';
import type { Json } from './stage.ts';

/** The denial of a Status answer. */
export function messageOf({ body }: Answer): string {
  const { message } = (body ?? {}) as { readonly message?: string };
  return message ?? JSON.stringify(body);
}

/** An object of one of Twinlock's kinds. */
export function own(kind: string, name: string, spec: Json, metadata: Json = {}): object {
  return { apiVersion: 'twinlock.dev/v1alpha1', kind, metadata: { name, ...metadata }, spec };
}

export function namespace(name: string, labels: Readonly<Record<string, string>> = {}): object {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

const image = (letter: string): string => `registry.example/web@sha256:${letter.repeat(64)}`;
export const images = { first: image('a'), second: image('b'), third: image('c'), evil: image('e') };

/** A pod template of the app `name`. */
export function template(name: string, changes: Json = {}): Json {
  const container = {
    name,
    image: images.first,
    env: [{ name: 'MODE', value: 'live' }],
    ports: [{ containerPort: 8080 }],
    resources: { limits: { cpu: '100m', memory: '64Mi' } },
    volumeMounts: [{ name: 'config', mountPath: '/etc/app' }],
  };
  return {
    metadata: { labels: { app: name } },
    spec: { containers: [container], volumes: [{ name: 'config', emptyDir: {} }], ...changes },
  };
}

export function deployment(name: string, spec: Json = {}): Json {
  return workload('Deployment', name, spec);
}

export function workload(
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'ReplicaSet',
  name: string,
  spec: Json = {},
): Json {
  const selector = { matchLabels: { app: name } };
  const own = kind === 'StatefulSet' ? { serviceName: name } : {};
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: { selector, template: template(name), ...own, ...spec },
  };
}

export function replicaSet(name: string): Json {
  return workload('ReplicaSet', name);
}

export function pod(name: string, changes: Json = {}): Json {
  const { metadata, spec } = template('web', changes) as { readonly metadata: Json; readonly spec: Json };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name }, spec };
}

export function promotionOf(name: string): Json {
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'Promotion',
    metadata: { name },
    spec: { environmentRef: { namespace: 'shop-dev', name: 'pr-42' }, targetRef: { name: 'web' } },
  };
}

export interface Approved {
  readonly kind: string;
  readonly name: string;
  readonly role: 'Current' | 'Fallback';
  readonly spec: Json;
  readonly minReplicas?: number;
  readonly injected?: readonly { readonly container: string; readonly imagePrefix: string }[];
  readonly mutations?: readonly Json[];
  readonly rollbackUsers?: readonly string[];
  readonly closed?: 'Late' | 'TakenBack';
}

/** Who writes into running pods, beside kubelets and Kubernetes' controllers. */
export interface PodWriter {
  readonly user: string;
  readonly annotations?: readonly string[];
  readonly conditions?: readonly string[];
  readonly resizes?: boolean;
}

/** Attacks are about other kinds too, whose template is where that of a Deployment is. */
function rowOf(kind: string): WorkloadKind {
  return workloadKinds.find((each) => each === kind) ?? 'Deployment';
}

export function lock(
  namespaceName: string,
  approved: readonly Approved[],
  liveAccess: 'Deny' | 'Allow' = 'Deny',
  podWriters: readonly PodWriter[] = [],
): Json {
  const references = approved.flatMap(({ kind, spec }) => referencesOf(rowOf(kind), spec));
  const frozen = new Map(references.map(({ kind, name }) => [`${kind}/${name}`, { kind, name }]));
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'WorkloadLock',
    metadata: { name: 'lock', namespace: namespaceName },
    spec: {
      frozen: [...frozen.values()],
      liveAccess,
      podWriters,
      approved: approved.map((entry) => ({
        minReplicas: 1,
        target: 'web',
        record: 'web-000001',
        ...entry,
        spec: approvedSpec(rowOf(entry.kind), entry.spec),
        digest: specDigest(rowOf(entry.kind), entry.spec),
      })),
    },
  };
}
