import type { Frozen, TwinEnvironmentSpec } from '../../../api/index.ts';
import type { PodTemplate } from '../../../workloads/index.ts';

type Volume = NonNullable<NonNullable<PodTemplate['spec']>['volumes']>[number];
type Service = Frozen<NonNullable<TwinEnvironmentSpec['services']>[number]>;
type State = Pick<NonNullable<Service['state']>, 'persistence' | 'size' | 'storageClassName'>;

/** What a claim asks for. */
export interface Claim {
  readonly size: string;
  readonly storageClassName: string | undefined;
}

/** The volume that a part of an environment has its state on. */
export const STATE_VOLUME = 'state';
/** Group that may write there, whatever user the image has. */
export const STATE_GROUP = 65_532;

/** A user other than root may write nowhere in most images: Ephemeral state needs a volume as well, gone with the pod. */
export function stateVolume(claimName: string | undefined): Volume {
  const source = claimName === undefined ? { emptyDir: {} } : { persistentVolumeClaim: { claimName } };
  return { name: STATE_VOLUME, ...source };
}

/** The claim of a state that outlives its pod. */
export function claimOf(state: State | undefined): Claim | undefined {
  return state?.persistence === 'Durable'
    ? { size: String(state.size), storageClassName: state.storageClassName }
    : undefined;
}
