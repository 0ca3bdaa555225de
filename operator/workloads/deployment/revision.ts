import { deploymentAnnotations } from '../../api/workload-kinds.ts';
import { Deployment, type KubeObject } from '../../kube/index.ts';

const REVISION = `${deploymentAnnotations.prefix}revision`;

/** Annotations of a Deployment and of its ReplicaSets that its controller keeps, and is steered by: nobody else's to write. */
export const STEERING = {
  of: Deployment.kind,
  controller: 'deployment-controller',
  ...deploymentAnnotations,
  /** A number that grows with every change of the template. */
  revision: REVISION,
} as const;

/** The number that its controller wrote on the Deployment; undefined before it did. */
export function revision({ metadata }: Deployment): string | undefined {
  return metadata.annotations?.[REVISION];
}

/** The same of a Deployment or a ReplicaSet as a number to sort by: 0 before its controller wrote one. */
export function revisionNumber({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.[REVISION] ?? 0);
}
