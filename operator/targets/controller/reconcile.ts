import {
  apiVersion,
  fieldManagers,
  labels,
  ProductionTarget,
  WorkloadLock,
  workloadLockName,
} from '../../api/index.ts';
import { canonicalJSON } from '../../canonical/index.ts';
import {
  isAlreadyExists,
  isConflict,
  isNotFound,
  Namespace,
  type Client,
  type EventRecorder,
  type Informer,
} from '../../kube/index.ts';
import type { Reconcile, Result } from '../../runtime/index.ts';
import type { RecordStore } from '../../records/index.ts';
import { decideTarget, type TargetAction, type TargetVerdict, type TargetWorld } from '../decide/index.ts';
import type { FollowedWorkloads } from './followed.ts';
import type { TargetReader } from './read.ts';
import { targetStatus } from './status.ts';

export interface TargetReconcilerOptions {
  readonly client: Client;
  readonly reader: TargetReader;
  readonly records: RecordStore;
  readonly targets: Informer<ProductionTarget>;
  readonly followed: FollowedWorkloads;
  readonly events: EventRecorder;
  /** Content that nobody approved was found and recorded. */
  readonly onTampered: () => void;
}

const MAX_TURNS = 16;

/** read -> decide -> act, until nothing is left to do; then one status. */
export class TargetReconciler {
  readonly #options: TargetReconcilerOptions;

  constructor(options: TargetReconcilerOptions) {
    this.#options = options;
  }

  readonly reconcile: Reconcile = async (key, signal) => {
    for (let turn = 0; turn < MAX_TURNS; turn++) {
      const world = await this.#options.reader.read(key, signal);
      // A namespace that goes takes everything with it and accepts nothing new.
      if (world === undefined || world.namespace?.metadata.deletionTimestamp !== undefined) return undefined;
      this.#options.followed.follow(key.namespace ?? '');
      const verdict = decideTarget(world);
      if (verdict.action === undefined) return this.#report(world, verdict);
      await this.#act(world, verdict.action, signal);
    }
    throw new Error(
      `${key.namespace ?? ''}/${key.name} took ${MAX_TURNS} steps and is not done: the world changes under it`,
    );
  };

  async #act(world: TargetWorld, action: TargetAction, signal: AbortSignal): Promise<void> {
    const { client, records } = this.#options;
    const { metadata } = world.target;
    const namespace = metadata.namespace ?? '';
    switch (action.do) {
      case 'WriteLock':
        await this.#writeLock(world, action, signal);
        return;
      case 'Protect':
        await client.patch(
          Namespace,
          { name: namespace },
          { type: 'merge', body: { metadata: { labels: { [labels.protected]: 'true' } } } },
          { fieldManager: fieldManagers.promotions, signal },
        );
        this.#event(world, 'Normal', 'Protected', 'Protect', 'the namespace is labelled as production');
        return;
      case 'Append': {
        const at = { namespace, name: metadata.name, uid: metadata.uid ?? '' };
        if (!(await records.append(at, world.records, action.entry))) return;
        const { type, outcome, tampered } = action.entry;
        if (type === 'Tampered') this.#options.onTampered();
        const note =
          outcome?.message ??
          (type === 'Adopted'
            ? 'live content was taken over, signed by nobody'
            : `content that nobody approved: ${(tampered ?? []).map(({ kind, name, to }) => `${kind}/${name} ${to ?? ''}`).join(', ')}`);
        this.#event(world, type === 'Adopted' ? 'Normal' : 'Warning', outcome?.result ?? type, 'Record', note);
      }
    }
  }

  /** Whoever wrote the lock in between wins; the world is read again. */
  async #writeLock(
    { target, lock }: TargetWorld,
    action: Extract<TargetAction, { do: 'WriteLock' }>,
    signal: AbortSignal,
  ): Promise<void> {
    const { client } = this.#options;
    const options = { fieldManager: fieldManagers.promotions, signal };
    try {
      if (lock !== undefined) await client.replace(WorkloadLock, { ...lock, spec: action.lock }, options);
      else
        await client.create(
          WorkloadLock,
          {
            apiVersion,
            kind: 'WorkloadLock',
            metadata: { name: workloadLockName, namespace: target.metadata.namespace },
            spec: action.lock,
          },
          options,
        );
    } catch (error) {
      if (!isConflict(error) && !isAlreadyExists(error)) throw error;
    }
  }

  async #report(world: TargetWorld, verdict: TargetVerdict): Promise<Result | undefined> {
    const { client, targets } = this.#options;
    const { namespace, name, uid } = world.target.metadata;
    const status = targetStatus(world, verdict);
    const before = readyReason(world.target);
    if (verdict.reason !== before && (verdict.ready || verdict.stalled === true))
      this.#event(world, verdict.ready ? 'Normal' : 'Warning', verdict.reason, 'Reconcile', verdict.message);
    if (canonicalJSON(world.target.status ?? null) !== canonicalJSON(status))
      try {
        const written = await client.patch(
          ProductionTarget,
          { namespace, name },
          {
            type: 'json',
            body: [
              { op: 'test', path: '/metadata/uid', value: uid },
              { op: 'add', path: '/status', value: status },
            ],
          },
          { subresource: 'status', fieldManager: fieldManagers.promotions },
        );
        targets.absorb(written);
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    return verdict.requeueAfter === undefined ? undefined : { requeueAfter: verdict.requeueAfter };
  }

  #event({ target }: TargetWorld, type: 'Normal' | 'Warning', reason: string, action: string, note: string): void {
    this.#options.events.record({ regarding: target, type, reason, action, note });
  }
}

function readyReason({ status }: ProductionTarget): string | undefined {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.reason;
}
