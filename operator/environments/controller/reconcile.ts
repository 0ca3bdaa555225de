import { annotations, type TwinClass, type TwinEnvironment } from '../../api/index.ts';
import { isConflict, keyOf, type KubeObject } from '../../kube/index.ts';
import type { Reconcile, Request, Result } from '../../runtime/index.ts';
import { lifetimeOf, type Lifetime } from '../decide/lifecycle/index.ts';
import { classOf, namespaceProblem, planEnvironment, type Plan } from '../decide/plan/index.ts';
import { problem, type Problem } from '../decide/resolve/index.ts';
import type { Situation } from '../status/index.ts';
import { activeSituation } from '../gather/active.ts';
import { applyPlan, isNamespaceGone, type ApplyOutcome } from '../act/apply.ts';
import type { Context } from './context.ts';
import { ensureFinalizer, hasFinalizer, removeFinalizer } from '../act/finalizer.ts';
import { removeOrphans } from '../act/orphans.ts';
import { removeChildren } from '../act/removal.ts';
import { latestOf, reportStatus } from '../act/report.ts';
import type { Slots } from './slots.ts';

/** Volumes have no watch here, so an environment that waits for them looks again after so many milliseconds. */
const VOLUME_INTERVAL_MS = 5000;
/** What the API server refused may pass later (a quota): tried again after so many milliseconds. */
const REJECTED_INTERVAL_MS = 30_000;

/** After a lost race, milliseconds. */
const CONFLICT_INTERVAL_MS = 50;

/** Asks for reconciles of other environments. */
export type Wake = (requests: readonly Request[]) => void;

/** The reconcile of one TwinEnvironment: gather, plan, apply, one status at the end. */
export function environmentReconcile(context: Context, slots: Slots, wake: Wake): Reconcile {
  return async (request, signal) => {
    await removeOrphans(context, request, signal);
    const environment = context.informers.environments.lister.get(request);
    if (environment === undefined) {
      context.reports.forget(keyOf(request));
      wake(slots.release(keyOf(request)));
      return undefined;
    }
    const step = new Step(context, slots, wake, environment, signal);
    try {
      return await (environment.metadata.deletionTimestamp === undefined ? step.keep() : step.finalize());
    } catch (error) {
      // Somebody wrote in between: with the next event the cache has it.
      if (!isConflict(error)) throw error;
      return { requeueAfter: CONFLICT_INTERVAL_MS };
    }
  };
}

/** One reconcile of one environment, as it was when the reconcile began. */
class Step {
  readonly #context: Context;
  readonly #slots: Slots;
  readonly #wake: Wake;
  readonly #environment: TwinEnvironment;
  readonly #signal: AbortSignal;
  readonly #now: number;

  constructor(context: Context, slots: Slots, wake: Wake, environment: TwinEnvironment, signal: AbortSignal) {
    this.#context = context;
    this.#slots = slots;
    this.#wake = wake;
    this.#environment = environment;
    this.#signal = signal;
    this.#now = context.clock.now();
  }

  /** The environment is to be there. */
  async keep(): Promise<Result | undefined> {
    const environment = this.#environment;
    const twinClass = classOf(environment, this.#context.informers.classes.lister.list());
    if ('reason' in twinClass) return this.#withoutClass(twinClass);
    const extendAt = environment.metadata.annotations?.[annotations.extendAt];
    const lifetime = lifetimeOf(environment, twinClass.spec.ttl, extendAt, this.#now);
    if (lifetime.expired) return this.#expire(lifetime);
    const plan = this.#plan(twinClass);
    if ('problems' in plan) {
      await this.#report({ kind: 'Refused', problems: plan.problems, lifetime });
      return this.#until(lifetime);
    }
    if (!environment.spec.suspend || this.#exists(plan)) return this.#run(plan, twinClass, lifetime);
    await this.#report({ kind: 'Suspended', lifetime });
    return this.#until(lifetime);
  }

  /** The environment is to go. */
  async finalize(): Promise<Result | undefined> {
    const environment = this.#environment;
    if (!hasFinalizer(environment)) {
      this.#leave();
      return undefined;
    }
    const { left, blockers, retained } = await removeChildren(this.#context, environment, this.#signal);
    if (left.length > 0) {
      await this.#report({ kind: 'Terminating', blockers, left });
      return left.some(({ kind }) => kind === 'Namespace') ? undefined : { requeueAfter: VOLUME_INTERVAL_MS };
    }
    this.#tellRetained(retained);
    await removeFinalizer(this.#context, environment, this.#signal);
    this.#leave();
    return undefined;
  }

  /** Without a class nothing can be decided anew, but what was decided before still ends. */
  async #withoutClass(problem: Problem): Promise<Result | undefined> {
    const { expiresAt } = this.#environment.status ?? {};
    const end = expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);
    if (end <= this.#now) {
      const { lastActivityAt, lastHandledExtendAt } = this.#environment.status ?? {};
      return this.#expire({
        lastActivityAt: Date.parse(lastActivityAt ?? '') || this.#now,
        expiresAt: end,
        expired: true,
        handledExtendAt: lastHandledExtendAt,
        extended: false,
      });
    }
    await this.#report({ kind: 'Refused', problems: [problem], lifetime: undefined });
    return Number.isFinite(end) ? { requeueAfter: end - this.#now } : undefined;
  }

  async #expire(lifetime: Lifetime): Promise<Result | undefined> {
    const environment = this.#environment;
    const removal = hasFinalizer(environment)
      ? await removeChildren(this.#context, environment, this.#signal)
      : { left: [], blockers: [], retained: [] };
    const { left, blockers, retained } = removal;
    const gone = left.length === 0;
    await this.#report({ kind: 'Expired', blockers, left, lifetime });
    if (!gone) return left.some(({ kind }) => kind === 'Namespace') ? undefined : { requeueAfter: VOLUME_INTERVAL_MS };
    if (hasFinalizer(environment)) {
      this.#tellRetained(retained);
      await removeFinalizer(this.#context, latestOf(this.#context, environment), this.#signal);
    }
    this.#leave();
    return undefined;
  }

  #plan(twinClass: TwinClass): Plan | { readonly problems: readonly Problem[] } {
    const { informers, settings } = this.#context;
    const { namespace = '' } = this.#environment.metadata;
    const found = informers.namespaces.lister.get({ name: namespace })?.metadata.labels;
    const refused = namespaceProblem(namespace, found, twinClass);
    if (refused !== undefined) return { problems: [refused] };
    return planEnvironment({
      environment: this.#environment,
      twinClass,
      catalogue: (name) => informers.catalogue.lister.get({ name }),
      settings,
    });
  }

  async #run(plan: Plan, twinClass: TwinClass, lifetime: Lifetime): Promise<Result | undefined> {
    const environment = this.#environment;
    const { suspend } = environment.spec;
    if (!suspend) {
      const turn = this.#slots.take(environment, twinClass);
      if (!turn.admitted) {
        const className = twinClass.metadata.name;
        await this.#report({ kind: 'Queued', position: turn.position, className, lifetime });
        return this.#until(lifetime);
      }
      await ensureFinalizer(this.#context, environment, this.#signal);
    }
    const outcome = suspend ? nothingApplied : await this.#apply(plan);
    if (outcome.kind === 'Blocked') {
      await this.#report({ kind: 'Blocked', problem: outcome.problem, final: outcome.final, lifetime });
      return this.#until(lifetime, REJECTED_INTERVAL_MS);
    }
    await this.#report(activeSituation(this.#context, environment, plan, lifetime, outcome.rejected));
    const asksApp = plan.workloads.some(({ reportPath }) => reportPath !== undefined);
    return this.#until(
      lifetime,
      ...(outcome.rejected.length > 0 ? [REJECTED_INTERVAL_MS] : []),
      ...(asksApp ? [this.#context.reports.dueIn(keyOf(environment))] : []),
    );
  }

  async #apply(plan: Plan): Promise<ApplyOutcome> {
    try {
      return await applyPlan(this.#context, plan, this.#signal);
    } catch (error) {
      if (!isNamespaceGone(error)) throw error;
      const { namespace } = plan.home;
      const gone = problem('NamespaceTerminating', `namespace ${namespace} went away; it is made again`);
      return { kind: 'Blocked', final: false, problem: gone };
    }
  }

  #exists(plan: Plan): boolean {
    return this.#context.informers.namespaces.lister.get({ name: plan.home.namespace }) !== undefined;
  }

  #report(situation: Situation): Promise<void> {
    return reportStatus(this.#context, this.#environment, situation, this.#now, this.#signal);
  }

  #tellRetained(volumes: readonly string[]): void {
    if (volumes.length === 0) return;
    const regarding: KubeObject = this.#environment;
    const note = `Volumes ${volumes.join(', ')} stay, since their StorageClass retains them: delete them once nobody needs the data`;
    this.#context.events.record({ regarding, type: 'Warning', reason: 'VolumeRetained', action: 'Remove', note });
  }

  /** Gives room to those that wait. */
  #leave(): void {
    const key = keyOf(this.#environment);
    this.#context.reports.forget(key);
    this.#wake(this.#slots.release(key));
  }

  #until({ expiresAt }: Lifetime, ...intervals: readonly number[]): Result | undefined {
    const delays = [...intervals, ...(expiresAt === undefined ? [] : [expiresAt - this.#now])];
    return delays.length === 0 ? undefined : { requeueAfter: Math.max(1, Math.min(...delays)) };
  }
}

const nothingApplied: ApplyOutcome = { kind: 'Applied', rejected: [] };
