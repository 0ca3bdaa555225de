import type { TwinEnvironment } from '../../api/index.ts';
import { keyOf, type ObjectKey } from '../../kube/index.ts';
import { requestOf, type Request } from '../../runtime/index.ts';
import {
  hasFinalizer,
  type ApplyOutcome,
  type EnvironmentAction,
  type EnvironmentWorld,
  type Orphan,
  type World,
} from '../decide/index.ts';
import { childTypes } from '../gather/cache/index.ts';
import type { Context } from '../gather/context.ts';
import { IS_QUEUED, QUEUED } from '../gather/indexes.ts';
import { homeOf } from '../naming/index.ts';
import { applyPlan } from './apply.ts';
import { bringCopies } from './copy.ts';
import { addFinalizer, removeFinalizer } from './finalizer.ts';

/** Asks for reconciles of other environments. */
export type Wake = (requests: readonly Request[]) => void;

/** Does what was decided for an environment, and decides nothing. */
export class EnvironmentActor {
  readonly #context: Context;
  readonly #wake: Wake;

  constructor(context: Context, wake: Wake) {
    this.#context = context;
    this.#wake = wake;
  }

  /**
   * @returns what came of sending a plan
   * @throws a lost race where somebody wrote in between: then the world is gathered anew
   */
  async act(world: World, action: EnvironmentAction, signal: AbortSignal): Promise<ApplyOutcome | undefined> {
    const { client } = this.#context;
    const { key, environment } = world;
    switch (action.do) {
      case 'RemoveOrphans':
        return this.#removeOrphans(key, action.orphans, signal);
      case 'Leave':
        return this.#leave(keyOf(key));
      case 'GiveBack':
        return this.#giveBack(keyOf(key));
      case 'RemoveNamespace':
        await client.delete(childTypes.Namespace, { name: action.name }, { uid: action.uid, signal });
        return undefined;
    }
    if (environment === undefined) throw new TypeError(`nothing is to ${action.do} where there is no environment`);
    switch (action.do) {
      case 'LetGo':
        return this.#letGo(environment, action.retained, signal);
      case 'Admit':
        return this.#admit(environment, action.revision, signal);
      case 'Apply':
        return this.#apply(world, action, signal);
      case 'Copy':
        await this.#context.copies.keep(keyOf(key), () =>
          bringCopies(this.#context, key.namespace ?? '', action, signal),
        );
        return undefined;
      case 'AskApps':
        for (const { target, pods } of action.apps) this.#context.reports.ask(keyOf(key), target, pods);
        return undefined;
      case 'TryReach':
        for (const { target, pods } of action.ways) this.#context.reach.ask(keyOf(key), target, pods);
        return undefined;
    }
  }

  /** Those very namespaces, or none. */
  async #removeOrphans(key: ObjectKey, orphans: readonly Orphan[], signal: AbortSignal): Promise<undefined> {
    const { client, drift, logger } = this.#context;
    for (const { name, uid } of orphans) {
      await client.delete(childTypes.Namespace, { name }, { uid, signal });
      drift.forget(name);
      logger.warn({ namespace: name, environment: keyOf(key) }, 'removed the namespace of an environment that is gone');
    }
  }

  /** Forgets an environment that has nothing any more. */
  #leave(key: string): undefined {
    this.#context.reports.forget(key);
    this.#context.reach.forget(key);
    this.#context.words.forget(key);
    this.#context.copies.forget(key);
    this.#giveBack(key);
  }

  /** Those that wait are looked at again: one may have its turn now, and the others move up. */
  #giveBack(key: string): undefined {
    const { slots, informers } = this.#context;
    slots.release(key);
    this.#wake(informers.environments.lister.byIndex(IS_QUEUED, QUEUED).map(requestOf));
  }

  async #letGo(environment: TwinEnvironment, retained: readonly string[], signal: AbortSignal): Promise<undefined> {
    this.#context.drift.forget(homeOf(environment));
    this.#tellRetained(environment, retained);
    await removeFinalizer(this.#context, environment, signal);
    this.#leave(keyOf(environment));
  }

  async #admit(environment: TwinEnvironment, revision: number, signal: AbortSignal): Promise<undefined> {
    if (!this.#context.slots.reserve(environment, revision)) return;
    if (!hasFinalizer(environment)) await addFinalizer(this.#context, environment, signal);
  }

  async #apply(
    world: World & Pick<EnvironmentWorld, 'home'>,
    action: Extract<EnvironmentAction, { do: 'Apply' }>,
    signal: AbortSignal,
  ): Promise<ApplyOutcome> {
    try {
      return await applyPlan(this.#context, world, action, signal);
    } catch (error) {
      // Whoever cannot have its namespace keeps nobody from room; it asks again when it is tried again.
      const { namespaces } = this.#context.informers;
      if (namespaces.lister.get({ name: action.plan.home.namespace }) === undefined) this.#giveBack(keyOf(world.key));
      throw error;
    }
  }

  #tellRetained(regarding: TwinEnvironment, volumes: readonly string[]): void {
    if (volumes.length === 0) return;
    const note = `Volumes ${volumes.join(', ')} stay, since their StorageClass retains them: delete them once nobody needs the data`;
    this.#context.events.record({ regarding, type: 'Warning', reason: 'VolumeRetained', action: 'Remove', note });
  }
}
