import type { Deployment, Pod } from '../../kube/index.ts';

/** How far a Deployment is with the spec that it has. */
export type Progress =
  | { readonly state: 'Complete' }
  | { readonly state: 'Progressing'; readonly message: string }
  | { readonly state: 'Failed'; readonly reason: string; readonly message: string };

/**
 * Reads a Deployment's own status as `kubectl rollout status` does, with one more condition: no pod of another template
 * may be ready (`pods`: those that its labels select, others' among them), since ready pods take traffic.
 */
export function progressOf(deployment: Deployment, pods: readonly Pod[]): Progress {
  const { spec, status, metadata } = deployment;
  const wanted = spec?.replicas ?? 1;
  if ((status?.observedGeneration ?? 0) < (metadata.generation ?? 0))
    return waiting('the deployment controller has not seen the new content yet');
  const failed = status?.conditions?.find(({ type }) => type === 'Progressing');
  if (failed?.status === 'False' && failed.reason === 'ProgressDeadlineExceeded')
    return {
      state: 'Failed',
      reason: 'ProgressDeadlineExceeded',
      message: `${status?.availableReplicas ?? 0} of ${wanted} new pods became available before the Deployment's progressDeadlineSeconds passed`,
    };
  const updated = status?.updatedReplicas ?? 0;
  if (updated < wanted) return waiting(`${updated} of ${wanted} new pods exist`);
  if ((status?.replicas ?? 0) > updated)
    return waiting(`${(status?.replicas ?? 0) - updated} old pods are still there`);
  const available = status?.availableReplicas ?? 0;
  if (available < wanted) return waiting(`${available} of ${wanted} new pods are available`);
  const foreign = pods.filter((pod) => isReady(pod) && isOf(pod, deployment) && !runs(pod, deployment));
  if (foreign.length > 0)
    return waiting(`pod ${foreign.map(({ metadata }) => metadata.name).join(', ')} is ready and runs another template`);
  return { state: 'Complete' };
}

function waiting(message: string): Progress {
  return { state: 'Progressing', message };
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

/** One of its ReplicaSets made it; labels alone may be shared with the pods of another workload. */
function isOf({ metadata }: Pod, deployment: Deployment): boolean {
  const hash = metadata.labels?.['pod-template-hash'];
  return (metadata.ownerReferences ?? []).some(
    ({ controller, kind, name }) =>
      controller === true && kind === 'ReplicaSet' && name === `${deployment.metadata.name}-${hash ?? ''}`,
  );
}

/** Every container of the template is in the pod with the template's image. */
function runs(pod: Pod, deployment: Deployment): boolean {
  const images = new Map((pod.spec?.containers ?? []).map(({ name, image }) => [name, image]));
  return (deployment.spec?.template.spec?.containers ?? []).every(({ name, image }) => images.get(name) === image);
}
