import { printable } from '../../canonical/index.ts';
import type { Pod } from '../../kube/index.ts';
import { openApproval } from '../../records/index.ts';
import { workloadOf } from '../../workloads/index.ts';
import { shown, stall, type TargetStep } from './common.ts';
import { makerOf } from './owners.ts';
import type { PresentWorkload } from './world.ts';

/** What does not end by itself: a kubelet or a controller says that it cannot. */
const STUCK: readonly string[] = [
  'CrashLoopBackOff',
  'CreateContainerConfigError',
  'CreateContainerError',
  'ErrImageNeverPull',
  'ImageInspectError',
  'ImagePullBackOff',
  'InvalidImageName',
  'RunContainerError',
];

interface Trouble {
  readonly reason: 'NoPods' | 'PodsNotReady';
  readonly words: string;
  /** Somebody has to repair something. */
  readonly stuck: boolean;
}

/** A target whose workload serves nobody is not Ready, and says so in the words of whoever knows why. */
export const health: TargetStep = (world) => {
  const { pods } = world.running;
  if (pods === undefined)
    return { ready: false, reason: 'PodsUnknown', message: 'the pods of the namespace are being read' };
  const maker = makerOf(world);
  for (const { kind, name, live } of world.workloads) {
    if (live === undefined) continue;
    const trouble = troubleOf(
      { kind, name, live },
      pods.filter((pod) => maker(pod)?.live.metadata.uid === live.metadata.uid),
    );
    if (trouble === undefined) continue;
    const open = openApproval(world.records)?.promotion?.name;
    if (open !== undefined)
      return {
        ready: false,
        reason: trouble.reason,
        message: `promotion ${open} is being rolled out: ${trouble.words}`,
      };
    return trouble.stuck
      ? stall(trouble.reason, trouble.words)
      : { ready: false, reason: trouble.reason, message: trouble.words };
  }
  return undefined;
};

function troubleOf(workload: PresentWorkload, made: readonly Pod[]): Trouble | undefined {
  const { wanted, failure } = workloadOf(workload.kind).standing(workload.live);
  if (wanted === 0) return undefined;
  const present = made.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (present.some(isReady)) return undefined;
  if (present.length === 0)
    return {
      reason: 'NoPods',
      words: `${shown(workload)} has no pod: ${failure === undefined ? 'its controller makes one, or is not running' : `its controller says: ${printable(failure, 1000)}`}`,
      stuck: failure !== undefined,
    };
  const why = present.map(whyNotReady).find((each) => each !== undefined);
  return {
    reason: 'PodsNotReady',
    words: `${shown(workload)} has ${present.length} pod${present.length === 1 ? '' : 's'}, and none is ready: ${why?.words ?? 'they are starting'}`,
    stuck: why?.stuck ?? false,
  };
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false;
}

function whyNotReady({ metadata, status }: Pod): Pick<Trouble, 'words' | 'stuck'> | undefined {
  const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  for (const { name, state } of containers) {
    const reason = state?.waiting?.reason;
    if (reason === undefined || reason === 'PodInitializing' || reason === 'ContainerCreating') continue;
    return {
      words: printable(`pod ${metadata.name}, container ${name}: ${reason}: ${state?.waiting?.message ?? ''}`, 1000),
      stuck: STUCK.includes(reason),
    };
  }
  const unscheduled = status?.conditions?.find(
    ({ type, status: value }) => type === 'PodScheduled' && value === 'False',
  );
  if (unscheduled === undefined) return undefined;
  return {
    words: printable(`pod ${metadata.name}: ${unscheduled.reason ?? ''}: ${unscheduled.message ?? ''}`, 1000),
    stuck: false,
  };
}
