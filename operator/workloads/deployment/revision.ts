import { Deployment, type KubeObject } from '../../kube/index.ts';

const PREFIX = 'deployment.kubernetes.io/';
const REVISION = `${PREFIX}revision`;

/** Annotations of a Deployment and of its ReplicaSets that its controller keeps, and is steered by: nobody else's to write. */
export const STEERING = {
  of: Deployment.kind,
  controller: 'deployment-controller',
  /** What they start with: revision, history, and the sizes that scaling in mid-rollout is computed from. */
  prefix: PREFIX,
  /** A number that grows with every change of the template. */
  revision: REVISION,
  /** Makes the controller put back a former template, again and again where the lock refuses that. */
  rollbackTo: 'deprecated.deployment.rollback.to',
} as const;

/** The number that its controller wrote on the Deployment; undefined before it did. */
export function revision({ metadata }: Deployment): string | undefined {
  return metadata.annotations?.[REVISION];
}

/** The same of a Deployment or a ReplicaSet as a number to sort by: 0 before its controller wrote one. */
export function revisionNumber({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.[REVISION] ?? 0);
}
