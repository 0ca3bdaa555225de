import type { TwinClass, TwinEnvironment } from '../../api/index.ts';
import { keyOf } from '../../kube/index.ts';
import type { Candidate, Room } from '../decide/lifecycle/index.ts';
import { belongsTo, homeOf, ownerOf } from '../naming/index.ts';
import type { Informers } from './cache/index.ts';
import { BY_CLASS, NO_CLASS } from './indexes.ts';

/**
 * Room in classes: what the caches say of it, and what was given since. Whoever takes some names the revision that was
 * decided on, so that two that saw the last room do not both get it.
 */
export class Slots {
  readonly #informers: Pick<Informers, 'environments' | 'namespaces'>;
  /** Key to uid: a namesake gets no slot from its predecessor. */
  readonly #taken = new Map<string, string | undefined>();
  #revision = 0;

  constructor(informers: Pick<Informers, 'environments' | 'namespaces'>) {
    this.#informers = informers;
  }

  /** @param twinClass undefined where it has none, hence no room */
  read(environment: TwinEnvironment, twinClass: TwinClass | undefined): Room {
    const reserved = this.#isReserved(environment);
    const held = this.#holds(environment);
    return {
      held,
      reserved,
      revision: this.#revision,
      candidates: held || twinClass === undefined ? [] : this.#candidates(environment, twinClass),
    };
  }

  /** @returns false when somebody took room or gave some back since that revision */
  reserve(environment: TwinEnvironment, revision: number): boolean {
    if (this.#holds(environment)) return true;
    if (revision !== this.#revision) return false;
    this.#taken.set(keyOf(environment), environment.metadata.uid);
    this.#revision++;
    return true;
  }

  /** Gives the room of an environment back, if it has been given any. */
  release(key: string): void {
    if (this.#taken.delete(key)) this.#revision++;
  }

  #candidates(environment: TwinEnvironment, { metadata, spec }: TwinClass): readonly Candidate[] {
    const { lister } = this.#informers.environments;
    const named = lister.byIndex(BY_CLASS, metadata.name);
    const all = spec.default ? [...named, ...lister.byIndex(BY_CLASS, NO_CLASS)] : named;
    return all.flatMap((each) => {
      const holds = this.#holds(each);
      const asks = waits(each) || each.metadata.uid === environment.metadata.uid;
      const { namespace = '', creationTimestamp = '' } = each.metadata;
      return holds || asks ? [{ key: keyOf(each), namespace, createdAt: creationTimestamp, holds }] : [];
    });
  }

  /** It has its namespace, or is getting it. One that is on its way out keeps its room for as long as that is there. */
  #holds(environment: TwinEnvironment): boolean {
    if (this.#isReserved(environment)) return true;
    const home = this.#informers.namespaces.lister.get({ name: homeOf(environment) });
    return belongsTo(home?.metadata.labels, ownerOf(environment));
  }

  #isReserved(environment: TwinEnvironment): boolean {
    const key = keyOf(environment);
    return this.#taken.has(key) && this.#taken.get(key) === environment.metadata.uid;
  }
}

/** It has asked for room and was told to wait; what is suspended or on its way out does not ask any more. */
function waits({ metadata, spec, status }: TwinEnvironment): boolean {
  return status?.queue !== undefined && metadata.deletionTimestamp === undefined && !spec.suspend;
}
