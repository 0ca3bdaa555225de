import type { TwinClass, TwinEnvironment, VendorTwin } from '../../api/index.ts';
import type { Lifetime } from './lifecycle/index.ts';
import type { Plan, PlanSettings } from './plan/index.ts';
import type { Problem } from './resolve/index.ts';

/** All that it takes to decide what happens to an environment next, as the caches have it. */
export interface EnvironmentWorld {
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
