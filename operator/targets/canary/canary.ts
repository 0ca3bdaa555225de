import type { Client, Clock, Logger } from '../../kube/index.ts';
import { sleep } from '../../kube/index.ts';
import type { Approved, ApprovedObject, WorkloadKey } from '../../lock/index.ts';
import { isKnownKind } from '../../objects/index.ts';
import { mutatorLine, type ForeignMutator } from './mutators.ts';
import { probe, type Enforcement } from './probe.ts';
import { refusedReplacement, replacementLine } from './replacement.ts';

/** What is known of a namespace that must be protected. */
export interface Watched {
  /** What its label says: in mode Warn nothing is refused, and that is meant. */
  readonly warn: boolean;
  readonly approved: readonly Approved[];
  /** Left out: none. */
  readonly objects?: readonly ApprovedObject[] | undefined;
}

export interface CanaryOptions {
  readonly client: Pick<Client, 'patch' | 'create'>;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Lines about policies that are missing or changed; empty when all are as rendered. */
  readonly drift: () => readonly string[];
  /** What may change the operator's objects on their way in. */
  readonly mutators?: (() => readonly ForeignMutator[]) | undefined;
  /** Namespaces that must be protected. */
  readonly namespaces: () => readonly string[];
  /** What is known of one of them. */
  readonly watched: (namespace: string) => Watched | undefined;
  /** Told when what is known of a namespace changes, and the first time that it is known. */
  readonly onChange: (namespace: string, now: Enforcement, before: Enforcement | undefined) => void;
  /** Told of mutators that were not there at the last look. */
  readonly onMutators?: ((found: readonly ForeignMutator[]) => void) | undefined;
  /** Milliseconds between two looks while all is well. Default 180,000. */
  readonly period?: number | undefined;
}

interface Seen {
  readonly enforcement: Enforcement;
  /** Milliseconds of the monotonic clock, when the look began. */
  readonly at: number;
}

interface Replacement {
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
  readonly refused: string | undefined;
  /** It was refused once: an API server takes a moment to see a lock that was just opened. */
  readonly suspected?: boolean | undefined;
}

const UNKNOWN: Enforcement = { active: false, message: 'it was not tried yet' };
const WARNED: Enforcement = {
  active: false,
  warn: true,
  message:
    'the namespace is in mode Warn: nothing is refused, everything is told to who did it and to the audit log; write spec.mode: Enforce to have it refused',
};
/** Milliseconds after which a namespace that is not protected is looked at again. */
const IMPATIENT = 2000;

/** Tries again and again whether the API server still refuses what is forbidden, and remembers what it answered. */
export class Canary {
  readonly name = 'canary';
  readonly #options: CanaryOptions;
  readonly #period: number;
  readonly #states = new Map<string, Seen>();
  /** What others would do to a new pod of what is approved. */
  readonly #replacements = new Map<string, Replacement>();
  readonly #told = new Map<string, Enforcement>();
  #mutators: ReadonlySet<string> = new Set();
  #wake = new AbortController();

  constructor(options: CanaryOptions) {
    this.#options = options;
    this.#period = options.period ?? 180_000;
  }

  /** What the last look saw. */
  state(namespace: string): Enforcement {
    return this.#complete(
      namespace,
      this.#known(namespace)?.enforcement ?? (this.#warns(namespace) ? WARNED : UNKNOWN),
    );
  }

  /** Looks at one namespace now. Rejects when the API server gives no answer; the last state then stays. */
  async check(namespace: string, workload: WorkloadKey | undefined): Promise<Enforcement> {
    const seen = await this.#look(namespace, workload);
    // Whoever asked may not ask again: from here on it is looked at often, until it is protected.
    if (!isCalm(seen)) this.#wake.abort();
    return seen;
  }

  /** What was seen within the last `maxAge` milliseconds, else a look now. */
  async ensure(namespace: string, workload: WorkloadKey | undefined, maxAge: number): Promise<Enforcement> {
    const known = this.#known(namespace);
    const age = this.#options.clock.monotonic() - (known?.at ?? -Infinity);
    return known !== undefined && age <= maxAge
      ? this.#complete(namespace, known.enforcement)
      : this.check(namespace, workload);
  }

  /** Rules of the cluster changed: looks at every namespace as soon as possible. */
  wake(): void {
    this.#replacements.forEach(({ refused }, namespace) =>
      this.#replacements.set(namespace, { at: -Infinity, refused }),
    );
    this.#wake.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#wake.abort();
    signal.addEventListener('abort', stop, { once: true });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const calm = await this.#round(signal);
      await sleep(this.#options.clock, calm ? this.#period : IMPATIENT, this.#wake.signal);
    }
  }

  async #look(namespace: string, workload: WorkloadKey | undefined): Promise<Enforcement> {
    const at = this.#options.clock.monotonic();
    const enforcement = await this.#see(namespace, workload);
    const before = this.#known(namespace);
    // Looks overlap: one that began earlier and ended later knows less.
    if (before === undefined || before.at <= at) this.#states.set(namespace, { enforcement, at });
    return this.#tell(namespace);
  }

  async #see(namespace: string, workload: WorkloadKey | undefined): Promise<Enforcement> {
    const { client, drift, watched } = this.#options;
    const { warn = false, approved = [], objects = [] } = watched(namespace) ?? {};
    const [drifted] = drift();
    if (drifted !== undefined)
      return {
        active: false,
        message: `${drifted}: install the admission policies of this version again`,
        drifted: true,
        ...(warn && { warn }),
      };
    if (warn) return WARNED;
    const current = approved.filter(({ role }) => role === 'Current');
    return probe(client, {
      namespace,
      workload,
      approved: current.find(({ kind, name }) => kind === workload?.kind && name === workload.name) ?? current[0],
      // Of those that the installation names it is looked whether their rule is as rendered.
      object: objects.find(
        ({ kind, role, content }) => role === 'Current' && content !== undefined && isKnownKind(kind),
      ),
    });
  }

  /** Of the mode that the namespace is in now; what was seen in the other one says nothing. */
  #known(namespace: string): Seen | undefined {
    const seen = this.#states.get(namespace);
    return (seen?.enforcement.warn ?? false) === this.#warns(namespace) ? seen : undefined;
  }

  #warns(namespace: string): boolean {
    return this.#options.watched(namespace)?.warn ?? false;
  }

  #complete(namespace: string, enforcement: Enforcement): Enforcement {
    const refused = this.#replacements.get(namespace)?.refused;
    const pods = refused === undefined ? [] : [replacementLine(refused)];
    const warnings = [...pods, ...(this.#options.mutators?.() ?? []).map(mutatorLine)];
    return {
      ...enforcement,
      ...(refused === undefined ? {} : { podsRefused: refused }),
      ...(warnings.length === 0 ? {} : { warnings }),
    };
  }

  #tell(namespace: string): Enforcement {
    const now = this.state(namespace);
    const before = this.#told.get(namespace);
    this.#told.set(namespace, now);
    if (JSON.stringify(before) !== JSON.stringify(now)) this.#options.onChange(namespace, now, before);
    return now;
  }

  /** @returns whether every namespace is as it should be */
  async #round(signal: AbortSignal): Promise<boolean> {
    this.#tellMutators();
    const namespaces = new Set(this.#options.namespaces());
    for (const map of [this.#states, this.#replacements, this.#told])
      for (const known of map.keys()) if (!namespaces.has(known)) map.delete(known);
    let calm = true;
    for (const namespace of namespaces) {
      if (signal.aborted) return true;
      try {
        const { approved = [] } = this.#options.watched(namespace) ?? {};
        const seen = await this.#look(namespace, approved[0]);
        calm = isCalm(seen) && calm;
        if (isCalm(seen)) calm = (await this.#tryReplacement(namespace, approved)) && calm;
      } catch (error) {
        calm = false;
        this.#options.logger.warn({ namespace, err: error }, 'the canary got no answer');
      }
    }
    return calm;
  }

  /** @returns whether it is known: what is refused for the first time is tried once more before it is told */
  async #tryReplacement(namespace: string, approved: readonly Approved[]): Promise<boolean> {
    const { client, clock } = this.#options;
    const at = clock.monotonic();
    const before = this.#replacements.get(namespace);
    if (at - (before?.at ?? -Infinity) < this.#period) return true;
    const refused = await refusedReplacement(client, namespace, approved);
    const known = refused === undefined || before?.refused !== undefined || before?.suspected === true;
    this.#replacements.set(namespace, known ? { at, refused } : { at: -Infinity, refused: undefined, suspected: true });
    this.#tell(namespace);
    return known;
  }

  #tellMutators(): void {
    const found = this.#options.mutators?.() ?? [];
    const fresh = found.filter((each) => !this.#mutators.has(mutatorLine(each)));
    this.#mutators = new Set(found.map(mutatorLine));
    if (fresh.length > 0) this.#options.onMutators?.(fresh);
  }
}

/** Nothing has to be waited for: the lock is enforced, or it is not meant to be. */
function isCalm({ active, warn = false, drifted = false }: Enforcement): boolean {
  return active || (warn && !drifted);
}
