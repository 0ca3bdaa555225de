import { canonicalJSON, CanonicalError } from '../../canonical/index.ts';
import type { Pod } from '../../kube/index.ts';
import type { Approved } from '../../lock/index.ts';
import { approvedTemplate, workloadOf } from '../../workloads/index.ts';

const NAME = 'twinlock-canary';

/** Nothing that is approved has it. */
export const MARK = 'twinlock.dev/canary';

/** The pod that a controller would make of an approved content; undefined when the content cannot be sent as it is. */
export function approvedPod(namespace: string, { kind, spec }: Pick<Approved, 'kind' | 'spec'>): Pod | undefined {
  const template = approvedTemplate(kind, spec);
  if (template?.spec === undefined || !isExact(template)) return undefined;
  const { labels, annotations } = template.metadata ?? {};
  const { podOwner, revisionLabel, podSpec } = workloadOf(kind);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: NAME,
      namespace,
      labels: { ...labels, [revisionLabel]: 'canary' },
      ...(annotations === undefined ? {} : { annotations }),
      // Many have a rule against pods that nothing owns. It is never stored, so no owner is looked for.
      ownerReferences: [
        { apiVersion: podOwner.apiVersion, kind: podOwner.kind, name: NAME, uid: NAME, controller: true },
      ],
    },
    spec: podSpec(template.spec, spec, NAME),
  };
}

/**
 * A pod that only the lock has a reason to refuse: the shape of approved content, which every other rule here knows, and
 * one difference. Without approved content a bare one, which fits the restricted Pod Security Standard.
 */
export function forbiddenPod(namespace: string, approved: Pick<Approved, 'kind' | 'spec'> | undefined): Pod {
  const pod = (approved === undefined ? undefined : approvedPod(namespace, approved)) ?? barePod(namespace);
  return { ...pod, metadata: { ...pod.metadata, annotations: { ...pod.metadata.annotations, [MARK]: 'forbidden' } } };
}

/** Numbers beyond 2^53 are others after they were read. */
function isExact(template: unknown): boolean {
  try {
    canonicalJSON(template);
    return true;
  } catch (error) {
    if (error instanceof CanonicalError) return false;
    throw error;
  }
}

function barePod(namespace: string): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: NAME, namespace },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, runAsUser: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'canary',
          image: 'twinlock.invalid/canary',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
}
