import { parseTime } from '../../canonical/index.ts';
import { ApiError, KubeEvent, type Client, type Clock } from '../../kube/index.ts';
import { said } from '../../workloads/index.ts';
import type { PodChild, WorkloadChild } from '../decide/live.ts';

/** A pod that starts as it should says nothing for a while. Milliseconds. */
const PATIENCE = 10_000;
/** Asked again after so many milliseconds, twice as long each time, up to two minutes: the kubelet does not say it oftener. */
const INTERVAL = 10_000;
const MAX_INTERVAL = 120_000;
/** What was said last so long ago is over: the kubelet repeats what holds, every two minutes at the least. */
const FRESH = 5 * 60_000;
/** A controller that may not make a pod tries again, and says so again, after a quarter of an hour at the most. */
const FRESH_OF_MAKER = 20 * 60_000;
const POD = 'Pod';

/** What may have something said of it. */
interface Subjects {
  readonly pods: readonly PodChild[];
  readonly workloads: readonly WorkloadChild[];
}

interface Known {
  /** Uids of what was asked about: others have other reasons. */
  readonly asked: string;
  readonly said: ReadonlyMap<string, string>;
  readonly times: number;
  /** Wall clock. */
  readonly due: number;
}

/**
 * What is said of pods that are not ready while their own status does not say why: a volume that cannot be mounted, a
 * sandbox that cannot be made, a probe that fails. The kubelet tells that in Events only, so they are asked for: never
 * of pods that are ready or have only just been made, and more seldom each time. The same of what makes pods and may not,
 * where its status does not say why.
 */
export class KubeletWords {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();

  constructor(client: Client, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  /**
   * @param environment key of the TwinEnvironment
   * @param namespace where its pods are
   * @returns both with what was said of them, and in how many milliseconds to ask again; undefined when there is nothing
   *   to ask
   */
  async of(
    environment: string,
    namespace: string,
    { pods, workloads }: Subjects,
    signal: AbortSignal,
  ): Promise<Subjects & { readonly dueIn: number | undefined }> {
    const quiet = [...pods, ...workloads].filter((each) => each.quiet !== undefined);
    if (quiet.length === 0) {
      this.#known.delete(environment);
      return { pods, workloads, dueIn: undefined };
    }
    const now = this.#clock.now();
    const old = quiet.filter((each) => !((each.quiet ?? now) > now - PATIENCE));
    if (old.length === 0) return { pods, workloads, dueIn: PATIENCE };
    const asked = JSON.stringify(old.map(uidOf).toSorted());
    const before = this.#known.get(environment);
    const fresh = before?.asked === asked && before.due > now;
    const onlyPods = workloads.every((each) => each.quiet === undefined);
    const known = fresh ? before : await this.#ask(namespace, { asked, onlyPods }, before, signal);
    this.#known.set(environment, known);
    return {
      pods: pods.map((pod) => withWords(pod, known.said.get(uidOf(pod)))),
      workloads: workloads.map((workload) => withFailure(workload, known.said.get(uidOf(workload)))),
      dueIn: Math.max(1, known.due - now),
    };
  }

  /** Forgets an environment that is gone. */
  forget(environment: string): void {
    this.#known.delete(environment);
  }

  async #ask(
    namespace: string,
    { asked, onlyPods }: { readonly asked: string; readonly onlyPods: boolean },
    before: Known | undefined,
    signal: AbortSignal,
  ): Promise<Known> {
    const now = this.#clock.now();
    const times = before?.asked === asked ? before.times : 0;
    const due = now + Math.min(INTERVAL * 2 ** times, MAX_INTERVAL);
    const said = newestWords(await this.#warnings(namespace, onlyPods, signal), before?.said ?? new Map(), now);
    return { asked, said, times: times + 1, due };
  }

  /** None where the API server does not tell: words are a kindness, and nothing waits for them. */
  async #warnings(namespace: string, onlyPods: boolean, signal: AbortSignal): Promise<readonly KubeEvent[]> {
    try {
      const selection = { namespace, fieldSelector: `type=Warning${onlyPods ? `,regarding.kind=${POD}` : ''}` };
      return (await this.#client.list(KubeEvent, { ...selection, signal })).items;
    } catch (error) {
      if (error instanceof ApiError) return [];
      throw error;
    }
  }
}

/**
 * The newest words of each pod, by uid. What was told before stays as long as it is still being said: several things may
 * be said in turns, and a status is not to go back and forth between them. It is over once something else has begun to be
 * said after it was said last.
 */
function newestWords(
  events: readonly KubeEvent[],
  before: ReadonlyMap<string, string>,
  now: number,
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const begun = new Map<string, number>();
  const newestFirst = events
    .map((event) => ({ event, at: lastSaid(event) }))
    .filter(({ event, at }) => at > now - (event.regarding?.kind === POD ? FRESH : FRESH_OF_MAKER))
    .toSorted((a, b) => b.at - a.at);
  for (const { event, at } of newestFirst) {
    const uid = event.regarding?.uid ?? '';
    // Where a pod runs was decided before it had anything else to say.
    if (event.reason === 'FailedScheduling') continue;
    // Of what makes pods nothing else says that it cannot.
    if (event.regarding?.kind !== POD && event.reason !== 'FailedCreate') continue;
    const words = said(event.reason ?? 'Warning', event.note);
    const newest = begun.get(uid);
    if (newest === undefined) begun.set(uid, firstSaid(event, at));
    if (newest === undefined || (before.get(uid) === words && at >= newest)) found.set(uid, words);
  }
  return found;
}

function firstSaid({ deprecatedFirstTimestamp, eventTime }: KubeEvent, last: number): number {
  const times = [deprecatedFirstTimestamp, eventTime].map((time) => parseTime(time ?? '')).filter(Number.isFinite);
  return times.length === 0 ? last : Math.min(...times);
}

function lastSaid({ series, deprecatedLastTimestamp, eventTime }: KubeEvent): number {
  const times = [series?.lastObservedTime, deprecatedLastTimestamp, eventTime].map((time) => parseTime(time ?? ''));
  return Math.max(...times.filter(Number.isFinite), 0);
}

function withWords(pod: PodChild, words: string | undefined): PodChild {
  return words === undefined || pod.quiet === undefined ? pod : { ...pod, trouble: { words, final: false } };
}

function withFailure(workload: WorkloadChild, failure: string | undefined): WorkloadChild {
  return failure === undefined || workload.quiet === undefined ? workload : { ...workload, failure };
}

function uidOf({ metadata }: Pick<PodChild, 'metadata'>): string {
  return metadata.uid ?? '';
}
