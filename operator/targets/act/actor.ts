import { annotations, apiVersion, fieldManagers, labels, WorkloadLock, workloadLockName } from '../../api/index.ts';
import { Namespace, RoleBinding, type Client, type EventRecorder } from '../../kube/index.ts';
import type { RecordEntry, RecordStore } from '../../records/index.ts';
import { sameLock } from '../../lock/index.ts';
import { readerBinding } from '../gather/reader-binding.ts';
import { answeredOtherwise, type TargetAction, type TargetVerdict, type TargetWorld } from '../decide/index.ts';

export interface TargetActorOptions {
  readonly client: Client;
  readonly records: RecordStore;
  readonly events: EventRecorder;
  /** The operator's own. */
  readonly systemNamespace: string;
  /** Content that nobody approved was found and recorded. */
  readonly onTampered: () => void;
}

/** Does what was decided for a target, one write at a time. */
export class TargetActor {
  readonly #options: TargetActorOptions;
  /** Namespaces whose lock the API server stored otherwise than it was sent: not before then is it written again. */
  readonly #refused = new Map<string, { readonly until: number; readonly verdict: TargetVerdict }>();

  constructor(options: TargetActorOptions) {
    this.#options = options;
  }

  /** @returns a verdict when it could not be done, and trying again at once would not help */
  async act(world: TargetWorld, action: TargetAction, signal: AbortSignal): Promise<TargetVerdict | undefined> {
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
      case 'Bind':
        await client.apply(RoleBinding, readerBinding(namespace, this.#options.systemNamespace), {
          fieldManager: fieldManagers.promotions,
          signal,
        });
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

  /** @throws a conflict when somebody wrote the lock in between: then the world is gathered anew */
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
    const written =
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
    if (sameLock(written.spec, action.lock)) {
      this.#refused.delete(namespace);
      return undefined;
    }
    const { verdict, entry } = answeredOtherwise(world, action.lock, written.spec);
    this.#refused.set(namespace, { until: now + (verdict.requeueAfter ?? 0), verdict });
    if (entry !== undefined) await this.#append(world, entry);
    return verdict;
  }

  #event({ target }: TargetWorld, type: 'Normal' | 'Warning', reason: string, action: string, note: string): void {
    this.#options.events.record({ regarding: target, type, reason, action, note });
  }
}
