import type { EnvVar } from '../plan/pod-template.ts';

/** A live pod, as far as wiring looks at it. */
export interface LivePod {
  readonly name: string;
  readonly uid: string;
  /** Condition Ready, and not on its way out. */
  readonly ready: boolean;
  /** Init containers too. */
  readonly containers: readonly LiveContainer[];
}

export interface LiveContainer {
  readonly name: string;
  readonly image: string;
  readonly env: readonly EnvVar[];
  /** It takes variables from ConfigMaps or Secrets, whose names nobody can see from here. */
  readonly envFrom: boolean;
}

/** What a container has for a variable; the last entry of a name wins, as in the kubelet. */
export function runningValue(container: LiveContainer, env: string): EnvVar | undefined {
  return container.env.findLast(({ name }) => name === env);
}
