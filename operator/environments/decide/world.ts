import type { TwinClass, TwinEnvironment, VendorTwin } from '../../api/index.ts';
import type { ObjectKey } from '../../kube/index.ts';
import type { Lifetime } from './lifecycle/index.ts';
import type { Plan, PlanSettings } from './plan/index.ts';
import type { Problem } from './resolve/index.ts';

/** A namespace that an environment left behind: its labels and name say for which it was made, and that is gone. */
export interface Orphan {
  readonly name: string;
  readonly uid: string | undefined;
}

interface Named {
  readonly key: ObjectKey;
  /** Left by namesakes. */
  readonly orphans: readonly Orphan[];
}

/** There is no TwinEnvironment of that name. */
export interface GoneWorld extends Named {
  readonly environment: undefined;
}

/** All that it takes to decide what happens to an environment next, as the caches have it. */
export interface EnvironmentWorld extends Named {
  readonly environment: TwinEnvironment;
  /** Wall clock, milliseconds since the epoch. */
  readonly now: number;
  readonly classes: readonly TwinClass[];
  /** Labels of the namespace that the TwinEnvironment is in; undefined when it is not known. */
  readonly namespaceLabels: Readonly<Record<string, string>> | undefined;
  /** The environment's own namespace, with its children, is there. */
  readonly homeExists: boolean;
  /** Children may be there that have to go before it can. */
  readonly hasFinalizer: boolean;
  readonly catalogue: (name: string) => VendorTwin | undefined;
  readonly settings: PlanSettings;
}

/** A world whose environment has a class and time left, with what it is to be. */
export interface PlannedWorld extends EnvironmentWorld {
  readonly twinClass: TwinClass;
  readonly lifetime: Lifetime;
  readonly plan: Plan | { readonly problems: readonly Problem[] };
}

export type World = GoneWorld | EnvironmentWorld;
