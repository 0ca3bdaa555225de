import { imageDigest, printable } from '../../../canonical/index.ts';
import type { PlannedWorkload } from '../plan/terms.ts';
import { allContainers } from '../resolve/index.ts';
import type { LiveContainer, LivePod } from './running.ts';

/** What is known about the images that a workload's Ready pods run. */
export interface ImageProof {
  /** Containers of the plan whose image every Ready pod ran, by digest. Only these can be promoted. */
  readonly images: readonly { readonly container: string; readonly image: string }[];
  /** True: all of them. False: a pod has another image. Unknown: it could not be seen (yet). */
  readonly verdict: 'True' | 'False' | 'Unknown';
  /** What differs or is missing; undefined when the verdict is True. */
  readonly reason: string | undefined;
}

/**
 * Whether what was planned is what ran. A pod's spec proves nothing by itself: its images can be edited while the pod is
 * Ready, and it stays Ready until the kubelet has looked. So an image counts when it is the plan's in the spec of every
 * Ready pod and each kubelet says that the container is ready (an init container: that it succeeded) and of that digest.
 * Containers that the plan does not have (injected, or of a pod that somebody put beside) are never named.
 *
 * @param settled whether the workload's rollout has ended; before, pods of the former spec are no surprise.
 */
export function proveImages(plan: PlannedWorkload, pods: readonly LivePod[], settled: boolean): ImageProof {
  const ready = pods.filter((pod) => pod.ready);
  if (ready.length === 0) {
    return { images: [], verdict: 'Unknown', reason: 'it has no Ready pod that could be looked at' };
  }
  const images: { container: string; image: string }[] = [];
  const doubts: { readonly differs: boolean; readonly reason: string }[] = [];
  for (const { name: container, image = '' } of allContainers(plan.template)) {
    const found = ready.map((pod) => doubt(pod, container, image)).filter((each) => each !== undefined);
    if (found.length === 0) images.push({ container, image });
    doubts.push(...found);
  }
  const worst = doubts.find(({ differs }) => differs) ?? doubts[0];
  if (worst === undefined) return { images, verdict: 'True', reason: undefined };
  return { images, verdict: worst.differs && settled ? 'False' : 'Unknown', reason: worst.reason };
}

function doubt(
  pod: LivePod,
  name: string,
  image: string,
): { readonly differs: boolean; readonly reason: string } | undefined {
  const place = `container ${name} of pod ${pod.name}`;
  const container = pod.containers.find((each) => each.name === name);
  if (container === undefined) return { differs: true, reason: `pod ${pod.name} has no container ${name}` };
  if (container.image !== image) {
    return { differs: true, reason: `${place} has image ${printable(container.image, 200)}, not the planned one` };
  }
  if (!container.ready) return { differs: false, reason: `${place} has not been seen to run yet` };
  return confirmed(container, image)
    ? undefined
    : {
        differs: false,
        reason: `the node of pod ${pod.name} does not confirm the digest of container ${name}: it says ${printable(container.reported.join(', '), 300) || 'nothing'}; if it has the same content under that digest, use that digest`,
      };
}

/**
 * The kubelet repeats what its container runtime says. containerd: `imageID` is `<repository>@<digest>` with the digest
 * that the reference was resolved by, for a multi-platform image that of the index; when a node knows the same content
 * by several digests, it is one of them. CRI-O: the reference that was asked for is in `image`. A digest of the image's
 * configuration, which is what runtimes say of images that were loaded rather than pulled, is never that of a reference,
 * so those are not confirmed.
 */
function confirmed(container: LiveContainer, image: string): boolean {
  const digest = imageDigest(image);
  return digest !== undefined && container.reported.some((reported) => imageDigest(reported) === digest);
}
