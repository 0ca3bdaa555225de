import type { Deployment, KubeObject } from '../../kube/index.ts';

/** What annotations start with that the deployment controller keeps: revision, history, sizes of a rollout under way. */
export const CONTROLLERS_PREFIX = 'deployment.kubernetes.io/';
/** Annotation of a Deployment and of its ReplicaSets: a number that grows with every change of the template. */
export const REVISION = `${CONTROLLERS_PREFIX}revision`;
/** Annotation that makes an old deployment controller put back a former template, again and again. */
export const ROLLBACK_TO = 'deprecated.deployment.rollback.to';

export function revision({ metadata }: Deployment): string | undefined {
  return metadata.annotations?.[REVISION];
}

export function revisionNumber({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.[REVISION] ?? 0);
}
