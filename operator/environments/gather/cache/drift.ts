import type { Cache, Cached, KubeObject, ResourceType } from '../../../kube/index.ts';
import type { Child } from '../../decide/live.ts';
import { HASH_ANNOTATION } from '../../naming/index.ts';

/**
 * What the applier reads children from. It compares hashes alone and would not see that somebody edited
 * one; here a child whose content is not as it was after the last apply loses its hash, and is sent
 * again. At first sight there is nothing to compare with: then a child counts as edited when somebody else owns a part of
 * its content, so that what was edited while no controller ran is sent again, too, once.
 */
export class DriftView implements Pick<Cache, 'lookup' | 'absorb'> {
  readonly #cache: Pick<Cache, 'lookup' | 'absorb'>;
  /**
   * Children as they are to stay, by namespace, so that an environment can be forgotten at once. They are the cache's own
   * objects and in a list: an environment has a dozen, and anything else would weigh as much as what it holds.
   */
  readonly #known = new Map<string, readonly (KubeObject & Child)[]>();

  constructor(cache: Pick<Cache, 'lookup' | 'absorb'>) {
    this.#cache = cache;
  }

  lookup<T extends KubeObject>(type: ResourceType<T>, object: KubeObject): Cached<T> | undefined {
    const cached = this.#cache.lookup(type, object);
    const found = cached?.object;
    if (cached === undefined || found === undefined || !isChild(found)) {
      this.#unlearn(type, object);
      return cached;
    }
    const known = this.#known.get(homeOf(object))?.find((each) => isAt(each, type, object));
    if (known === found) return cached;
    const asApplied =
      known === undefined || hashIn(known) !== hashIn(found) ? !found.edited : known.digest === found.digest;
    if (!asApplied) return unhashed(found);
    this.#learn(type, found);
    return cached;
  }

  absorb<T extends KubeObject>(type: ResourceType<T>, object: T): void {
    this.#cache.absorb(type, object);
    const found = this.#cache.lookup(type, object)?.object;
    // What the server made of it is what it is to stay.
    if (found === undefined || !isChild(found)) this.#unlearn(type, object);
    else this.#learn(type, found);
  }

  /** Forgets the children of an environment that is gone. */
  forget(namespace: string): void {
    this.#known.delete(namespace);
  }

  #learn<T extends KubeObject>(type: ResourceType<T>, child: KubeObject & Child): void {
    const home = homeOf(child);
    const others = (this.#known.get(home) ?? []).filter((each) => !isAt(each, type, child));
    // Not a spread: V8 leaves room for sixteen more behind what is spread.
    this.#known.set(home, others.concat([child]));
  }

  #unlearn<T extends KubeObject>(type: ResourceType<T>, object: KubeObject): void {
    const home = homeOf(object);
    const left = (this.#known.get(home) ?? []).filter((each) => !isAt(each, type, object));
    if (left.length === 0) this.#known.delete(home);
    else this.#known.set(home, left);
  }
}

function homeOf({ metadata: { namespace, name } }: KubeObject): string {
  return namespace ?? name;
}

function isAt<T extends KubeObject>(child: KubeObject, { kind }: ResourceType<T>, { metadata }: KubeObject): boolean {
  return child.kind === kind && child.metadata.name === metadata.name;
}

function hashIn({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.[HASH_ANNOTATION];
}

/** Without the hash of what was applied, so that it is applied again. */
function unhashed<T extends KubeObject>(found: T): Cached<T> {
  return { object: { ...found, metadata: { ...found.metadata, annotations: {} } } };
}

function isChild(object: KubeObject): object is KubeObject & Child {
  return 'digest' in object;
}
