import {
  annotations,
  apiVersion,
  fieldManagers,
  labels,
  ProductionTarget,
  WorkloadLock,
  workloadLockName,
} from '../../api/index.ts';
import {
  isAlreadyExists,
  isConflict,
  Namespace,
  StatusWriter,
  type Client,
  type EventRecorder,
  type Informer,
} from '../../kube/index.ts';
import type { Reconcile, Result } from '../../runtime/index.ts';
import type { RecordEntry, RecordStore } from '../../records/index.ts';
import { sameLock } from '../../lock/index.ts';
import {
  answeredOtherwise,
  decideTarget,
  type TargetAction,
  type TargetVerdict,
  type TargetWorld,
} from '../decide/index.ts';
import type { TargetReader } from '../gather/world.ts';
import { targetStatus } from '../status/target.ts';

export interface TargetReconcilerOptions {
  readonly client: Client;
  readonly reader: TargetReader;
  readonly records: RecordStore;
  readonly targets: Informer<ProductionTarget>;
  readonly events: EventRecorder;
  /** Content that nobody approved was found and recorded. */
  readonly onTampered: () => void;
}

const MAX_TURNS = 16;

/** read -> decide -> act, until nothing is left to do; then one status. */
export class TargetReconciler {
  readonly #options: TargetReconcilerOptions;
  readonly #statuses: StatusWriter<ProductionTarget>;
  /** Namespaces whose lock the API server stored otherwise than it was sent: not before then is it written again. */
  readonly #refused = new Map<string, { readonly until: number; readonly verdict: TargetVerdict }>();

  constructor(options: TargetReconcilerOptions) {
    this.#options = options;
    const { client, targets: informer } = options;
    this.#statuses = new StatusWriter({
      client,
      type: ProductionTarget,
      fieldManager: fieldManagers.promotions,
      informer,
    });
  }

  readonly reconcile: Reconcile = async (key, signal) => {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const world = await this.#options.reader.read(key, signal);
      // A namespace that goes takes everything with it and accepts nothing new.
      if (world === undefined || world.namespace?.metadata.deletionTimestamp !== undefined) return undefined;
      const verdict = decideTarget(world);
      if (verdict.action === undefined) return this.#report(world, verdict);
      const failed = await this.#act(world, verdict.action, signal);
      if (failed !== undefined) return this.#report(world, failed);
    }
    throw new Error(
      `${key.namespace ?? ''}/${key.name} took ${MAX_TURNS} steps and is not done: the world changes under it`,
    );
  };

  /** @returns a verdict when it could not be done, and trying again at once would not help */
  async #act(world: TargetWorld, action: TargetAction, signal: AbortSignal): Promise<TargetVerdict | undefined> {
    const { client } = this.#options;
    const { namespace = '' } = world.target.metadata;
    switch (action.do) {
      case 'WriteLock':
        return this.#writeLock(world, action, signal);
      case 'Protect':
        await client.patch(
          Namespace,
          { name: namespace },
          {
            type: 'merge',
            // One that is left from before must not let the next prune through.
            body: {
              metadata: { labels: { [labels.protected]: action.as }, annotations: { [annotations.unprotect]: null } },
            },
          },
          { fieldManager: fieldManagers.promotions, signal },
        );
        this.#event(
          world,
          'Normal',
          'Protected',
          'Protect',
          `the namespace is labelled as production: ${labels.protected}=${action.as}`,
        );
        return undefined;
      case 'Append':
        await this.#append(world, action.entry);
        return undefined;
    }
  }

  async #append(world: TargetWorld, entry: RecordEntry): Promise<void> {
    const { namespace = '', name, uid = '' } = world.target.metadata;
    if (!(await this.#options.records.append({ namespace, name, uid }, world.records, entry))) return;
    const { type, outcome, tampered, message } = entry;
    if (type === 'Tampered') this.#options.onTampered();
    const note =
      outcome?.message ??
      message ??
      (type === 'Adopted'
        ? 'live content was taken over, signed by nobody'
        : `content that nobody approved: ${(tampered ?? []).map((each) => `${each.kind}/${each.name} ${each.message ?? each.to ?? ''}`).join(', ')}`);
    this.#event(world, type === 'Adopted' ? 'Normal' : 'Warning', outcome?.result ?? type, 'Record', note);
  }

  /** Whoever wrote the lock in between wins; the world is read again. */
  async #writeLock(
    world: TargetWorld,
    action: Extract<TargetAction, { do: 'WriteLock' }>,
    signal: AbortSignal,
  ): Promise<TargetVerdict | undefined> {
    const { client } = this.#options;
    const { target, lock, now } = world;
    const { namespace = '' } = target.metadata;
    const refused = this.#refused.get(namespace);
    if (refused !== undefined && now < refused.until) return { ...refused.verdict, requeueAfter: refused.until - now };
    const options = { fieldManager: fieldManagers.promotions, signal };
    let written: WorkloadLock;
    try {
      written =
        lock !== undefined
          ? await client.replace(WorkloadLock, { ...lock, spec: action.lock }, options)
          : await client.create(
              WorkloadLock,
              {
                apiVersion,
                kind: 'WorkloadLock',
                metadata: { name: workloadLockName, namespace },
                spec: action.lock,
              },
              options,
            );
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error)) throw error;
      return undefined;
    }
    if (sameLock(written.spec, action.lock)) {
      this.#refused.delete(namespace);
      return undefined;
    }
    const { verdict, entry } = answeredOtherwise(world, action.lock, written.spec);
    this.#refused.set(namespace, { until: now + (verdict.requeueAfter ?? 0), verdict });
    if (entry !== undefined) await this.#append(world, entry);
    return verdict;
  }

  async #report(world: TargetWorld, verdict: TargetVerdict): Promise<Result | undefined> {
    const status = targetStatus(world, verdict);
    const before = readyReason(world.target);
    if (verdict.reason !== before && (verdict.ready || verdict.stalled === true))
      this.#event(world, verdict.ready ? 'Normal' : 'Warning', verdict.reason, 'Reconcile', verdict.message);
    await this.#statuses.write(world.target, status);
    return verdict.requeueAfter === undefined ? undefined : { requeueAfter: verdict.requeueAfter };
  }

  #event({ target }: TargetWorld, type: 'Normal' | 'Warning', reason: string, action: string, note: string): void {
    this.#options.events.record({ regarding: target, type, reason, action, note });
  }
}

function readyReason({ status }: ProductionTarget): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
}
