import type { TwinClass, TwinEnvironment } from '../../api/index.ts';
import { keyOf } from '../../kube/index.ts';
import { requestOf, type Request } from '../../runtime/index.ts';
import type { Informers } from '../gather/cache/index.ts';
import { turnOf, type Candidate, type Turn } from '../decide/lifecycle/index.ts';
import { environmentNamespace } from '../naming/index.ts';
import { BY_CLASS, IS_QUEUED, NO_CLASS, QUEUED } from '../gather/indexes.ts';

/**
 * Room in classes. Decides and remembers in one step: the caches learn of a new namespace only after the next
 * environment has asked.
 */
export class Slots {
  readonly #informers: Pick<Informers, 'environments' | 'namespaces'>;
  /** Key to uid: a namesake gets no slot from its predecessor. */
  readonly #taken = new Map<string, string | undefined>();

  constructor(informers: Pick<Informers, 'environments' | 'namespaces'>) {
    this.#informers = informers;
  }

  /** Takes a slot if there is room and it is this environment's turn. */
  take(environment: TwinEnvironment, twinClass: TwinClass): Turn {
    if (this.#holds(environment)) return { admitted: true };
    const key = keyOf(environment);
    const candidates = this.#ofClass(twinClass).map((each) => this.#candidate(each));
    const turn = turnOf(key, candidates, twinClass.spec);
    if (turn.admitted) this.#taken.set(key, environment.metadata.uid);
    return turn;
  }

  /**
   * Gives the slot of an environment back.
   *
   * @returns those that wait: one may have its turn now, and the others move up.
   */
  release(key: string): readonly Request[] {
    this.#taken.delete(key);
    return this.#informers.environments.lister.byIndex(IS_QUEUED, QUEUED).map(requestOf);
  }

  #ofClass({ metadata, spec }: TwinClass): readonly TwinEnvironment[] {
    const { lister } = this.#informers.environments;
    const named = lister.byIndex(BY_CLASS, metadata.name);
    const all = spec.default ? [...named, ...lister.byIndex(BY_CLASS, NO_CLASS)] : named;
    return all.filter((each) => this.#counts(each));
  }

  /** What has ended or is on its way out waits for nothing, but keeps its room for as long as its namespace is there. */
  #counts(environment: TwinEnvironment): boolean {
    const ends = environment.metadata.deletionTimestamp !== undefined || environment.status?.phase === 'Expired';
    return !ends || this.#holds(environment);
  }

  #candidate(environment: TwinEnvironment): Candidate {
    const { namespace = '', creationTimestamp = '' } = environment.metadata;
    return { key: keyOf(environment), namespace, createdAt: creationTimestamp, holds: this.#holds(environment) };
  }

  /** It has its namespace, or is getting it. */
  #holds(environment: TwinEnvironment): boolean {
    const { namespace = '', name, uid = '' } = environment.metadata;
    const key = keyOf(environment);
    if (this.#taken.has(key) && this.#taken.get(key) === environment.metadata.uid) return true;
    const home = environmentNamespace({ namespace, name, uid, lifecycle: environment.spec.lifecycle });
    return this.#informers.namespaces.lister.get({ name: home }) !== undefined;
  }
}
