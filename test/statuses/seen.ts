/** Statuses that tests pass through: each is held against the table of rules, and all of them against the real kstatus. */
import { kstatusOf } from '../harness/index.ts';
import { faultsOf, promisedOf, type Reported } from './rules.ts';

export class SeenStatuses {
  /** By what kstatus looks at: the same outcome again is no news. */
  readonly #distinct = new Map<string, Reported>();
  readonly #faults = new Set<string>();

  /** @returns the rules that this status breaks */
  add(object: Reported): readonly string[] {
    const faults = faultsOf(object);
    for (const fault of faults) this.#faults.add(fault);
    const said = (object.status?.conditions ?? []).map(({ type, status, reason }) => `${type}=${status}/${reason}`);
    const key = [object.kind, promisedOf(object), ...said].join(' ');
    if (!this.#distinct.has(key)) this.#distinct.set(key, object);
    return faults;
  }

  /** How many different outcomes there were. */
  get size(): number {
    return this.#distinct.size;
  }

  /** What is wrong with all of them, kstatus' own answers included. */
  async faults(): Promise<readonly string[]> {
    const objects = [...this.#distinct.values()];
    const answers = objects.length === 0 ? [] : await kstatusOf(objects);
    const other = objects.flatMap((object, index) => {
      const [promised, answer] = [promisedOf(object), answers[index]];
      const { kind, metadata } = object;
      return answer?.status === promised
        ? []
        : [`${kind} ${metadata.name} promises ${promised}, kstatus: ${answer?.status ?? ''} ${answer?.message ?? ''}`];
    });
    return [...this.#faults, ...other];
  }

  /** @throws Error that says what is wrong */
  async verify(): Promise<void> {
    const faults = await this.faults();
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }
}
