import { digestOfBytes } from '../../../canonical/index.ts';
import type { EnvVar } from '../resolve/index.ts';

/** A live pod, as far as wiring looks at it. */
export interface LivePod {
  readonly name: string;
  readonly uid: string;
  /** Condition Ready, and not on its way out; of what runs to its end, that it did. */
  readonly ready: boolean;
  /** Init containers too. */
  readonly containers: readonly LiveContainer[];
}

export interface LiveContainer {
  readonly name: string;
  /** As its pod's spec has it; that is what it should run, not what it does run. */
  readonly image: string;
  /** As the kubelet says; of an init container and of a pod that ran to its end, that it succeeded. */
  readonly ready: boolean;
  /** What the kubelet says that it runs: `imageID` and `image` of its status. */
  readonly reported: readonly string[];
  /** As {@link keptEnv} keeps them. */
  readonly env: readonly EnvVar[];
  /** It takes variables from ConfigMaps or Secrets, or has more than are kept: which ones cannot be seen from here. */
  readonly envFrom: boolean;
}

/** Longer values are kept as their digest: enough to compare them with what was rendered. */
const MAX_VALUE = 2048;
/** Variables of one container that are kept. */
const MAX_VARIABLES = 512;

/**
 * The part of a container's variables that is kept in memory, whatever its author wrote: the last so many, since the last
 * of a name wins, without what references refer to.
 */
export function keptEnv(env: readonly EnvVar[]): { readonly env: readonly EnvVar[]; readonly complete: boolean } {
  return { env: env.slice(-MAX_VARIABLES).map(keptVariable), complete: env.length <= MAX_VARIABLES };
}

function keptVariable({ name, value, valueFrom }: EnvVar): EnvVar {
  if (valueFrom !== undefined) return { name, valueFrom: true };
  return { name, value: keptValue(value ?? '') };
}

/** What is kept of a value. */
export function keptValue(value: string): string {
  return value.length <= MAX_VALUE ? value : digestOfBytes(value);
}

/** What a container has for a variable; the last entry of a name wins, as in the kubelet. */
export function runningValue(container: LiveContainer, env: string): EnvVar | undefined {
  return container.env.findLast(({ name }) => name === env);
}
