import type { TwinEnvironment } from '../../api/index.ts';
import { keyOf } from '../../kube/index.ts';
import type { Request } from '../../runtime/index.ts';
import type { Context } from '../gather/context.ts';
import {
  until,
  type EnvironmentAction,
  type EnvironmentDecision,
  type EnvironmentWorld,
  type ObservedParts,
  type World,
} from '../decide/index.ts';
import type { Lifetime } from '../decide/lifecycle/index.ts';
import type { Plan } from '../decide/plan/index.ts';
import { activeSituation, partsOf, reportTargets } from '../gather/active.ts';
import { applyPlan, isNamespaceGone, type ApplyOutcome } from './apply.ts';
import { ensureFinalizer, removeFinalizer } from './finalizer.ts';
import { removeOrphans } from './orphans.ts';
import { removeChildren } from './removal.ts';
import { latestOf } from '../gather/latest.ts';
import type { Slots } from './slots.ts';

/** Volumes have no watch here, so an environment that waits for them looks again after so many milliseconds. */
const VOLUME_INTERVAL_MS = 5000;
/** What the API server refused may pass later (a quota): tried again after so many milliseconds. */
const REJECTED_INTERVAL_MS = 30_000;

/** Asks for reconciles of other environments. */
export type Wake = (requests: readonly Request[]) => void;

/** Does what was decided for an environment, and says what came of it. */
export class EnvironmentActor {
  readonly #context: Context;
  readonly #slots: Slots;
  readonly #wake: Wake;

  constructor(context: Context, slots: Slots, wake: Wake) {
    this.#context = context;
    this.#slots = slots;
    this.#wake = wake;
  }

  /** @returns what it came to; undefined when the world is to be looked at again */
  async act(world: World, action: EnvironmentAction, signal: AbortSignal): Promise<EnvironmentDecision | undefined> {
    if (action.do === 'RemoveOrphans') {
      await removeOrphans(this.#context, world.key, action.orphans, signal);
      return undefined;
    }
    if (action.do === 'Leave') {
      this.#leave(keyOf(world.key));
      return {};
    }
    if (world.environment === undefined)
      throw new TypeError(`nothing is to ${action.do} where there is no environment`);
    switch (action.do) {
      case 'Remove':
        return this.#remove(world, action.expired, signal);
      case 'Run':
        return this.#run(world, action, signal);
      case 'Look':
        return this.#observed(world, action, []);
    }
  }

  /** Forgets an environment that has nothing any more, and gives room to those that wait. */
  #leave(key: string): void {
    this.#context.reports.forget(key);
    this.#wake(this.#slots.release(key));
  }

  async #remove(
    { environment, hasFinalizer }: EnvironmentWorld,
    expired: Lifetime | undefined,
    signal: AbortSignal,
  ): Promise<EnvironmentDecision> {
    const { left, blockers, retained } = hasFinalizer
      ? await removeChildren(this.#context, environment, signal)
      : { left: [], blockers: [], retained: [] };
    const situation =
      expired === undefined
        ? ({ kind: 'Terminating', blockers, left } as const)
        : ({ kind: 'Expired', blockers, left, lifetime: expired } as const);
    if (left.length > 0)
      return {
        situation,
        requeueAfter: left.some(({ kind }) => kind === 'Namespace') ? undefined : VOLUME_INTERVAL_MS,
      };
    if (hasFinalizer) {
      this.#tellRetained(environment, retained);
      await removeFinalizer(this.#context, latestOf(this.#context, environment), signal);
    }
    this.#leave(keyOf(environment));
    // With the last finalizer the object goes, unless it ended by itself.
    return expired === undefined ? {} : { situation };
  }

  async #run(
    world: EnvironmentWorld,
    action: Extract<EnvironmentAction, { do: 'Run' }>,
    signal: AbortSignal,
  ): Promise<EnvironmentDecision> {
    const { environment, now } = world;
    const { plan, twinClass, lifetime } = action;
    const turn = this.#slots.take(environment, twinClass);
    if (!turn.admitted) {
      const className = twinClass.metadata.name;
      return {
        situation: { kind: 'Queued', position: turn.position, className, lifetime },
        requeueAfter: until(lifetime, now),
      };
    }
    await ensureFinalizer(this.#context, environment, signal);
    const outcome = await this.#apply(plan, signal);
    if (outcome.kind === 'Applied') return this.#observed(world, action, outcome.rejected);
    const { problem, final } = outcome;
    return {
      situation: { kind: 'Blocked', problem, final, lifetime },
      requeueAfter: until(lifetime, now, REJECTED_INTERVAL_MS),
    };
  }

  #observed(
    { environment, now }: EnvironmentWorld,
    { plan, lifetime }: { readonly plan: Plan; readonly lifetime: Lifetime },
    rejected: Extract<ApplyOutcome, { kind: 'Applied' }>['rejected'],
  ): EnvironmentDecision {
    const parts = partsOf(this.#context, plan);
    const asksApp = this.#askApps(environment, plan, parts);
    const situation = activeSituation(this.#context, environment, plan, lifetime, rejected, parts);
    return {
      situation,
      requeueAfter: until(
        lifetime,
        now,
        ...(rejected.length > 0 ? [REJECTED_INTERVAL_MS] : []),
        ...(asksApp ? [this.#context.reports.dueIn(keyOf(environment))] : []),
      ),
    };
  }

  /** Asks, in the background, for the reports that are missing or old. @returns whether an app reports at all */
  #askApps(environment: TwinEnvironment, plan: Plan, { pods }: ObservedParts): boolean {
    const { reports } = this.#context;
    const targets = reportTargets(plan);
    for (const target of targets) {
      const ready = (pods.get(target.workload) ?? []).filter((pod) => pod.ready);
      const uids = ready.map(({ metadata }) => metadata.uid ?? '');
      reports.refresh(keyOf(environment), target, uids);
    }
    return targets.length > 0;
  }

  async #apply(plan: Plan, signal: AbortSignal): Promise<ApplyOutcome> {
    try {
      return await applyPlan(this.#context, plan, signal);
    } catch (error) {
      if (!isNamespaceGone(error)) throw error;
      const { namespace } = plan.home;
      const message = `namespace ${namespace} went away; it is made again`;
      return { kind: 'Blocked', final: false, problem: { reason: 'NamespaceTerminating', message } };
    }
  }

  #tellRetained(regarding: TwinEnvironment, volumes: readonly string[]): void {
    if (volumes.length === 0) return;
    const note = `Volumes ${volumes.join(', ')} stay, since their StorageClass retains them: delete them once nobody needs the data`;
    this.#context.events.record({ regarding, type: 'Warning', reason: 'VolumeRetained', action: 'Remove', note });
  }
}
