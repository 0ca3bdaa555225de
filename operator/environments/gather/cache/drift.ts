import type { Cache, Cached, KubeObject, ResourceType } from '../../../kube/index.ts';
import { intern } from '../../../kube/index.ts';
import { HASH_ANNOTATION, type Child } from './slim.ts';

interface Known {
  readonly hash: string | undefined;
  readonly digest: string;
}

/**
 * What the applier reads children from. The caches hold them slimmed, so it compares hashes alone and would not see that
 * somebody edited one; here a child whose content is not as it was after the last apply loses its hash, and is sent
 * again. At first sight there is nothing to compare with: then a child counts as edited when somebody else owns a part of
 * its content, so that what was edited while no controller ran is sent again, too, once.
 */
export class DriftView implements Pick<Cache, 'lookup' | 'absorb'> {
  readonly #cache: Pick<Cache, 'lookup' | 'absorb'>;
  /** By namespace, then by place, so that an environment can be forgotten at once. */
  readonly #known = new Map<string, Map<string, Known>>();

  constructor(cache: Pick<Cache, 'lookup' | 'absorb'>) {
    this.#cache = cache;
  }

  lookup<T extends KubeObject>(type: ResourceType<T>, object: KubeObject): Cached<T> | undefined {
    const cached = this.#cache.lookup(type, object);
    const found = cached?.object;
    const place = placeOf(type, object);
    const home = this.#homeOf(object);
    if (cached === undefined || found === undefined || !isChild(found)) {
      home.delete(place);
      return cached;
    }
    const hash = found.metadata.annotations?.[HASH_ANNOTATION];
    const known = home.get(place);
    if (known === undefined || known.hash !== hash) {
      if (found.edited) return unhashed(found);
      home.set(place, { hash, digest: found.digest });
      return cached;
    }
    return known.digest === found.digest ? cached : unhashed(found);
  }

  absorb<T extends KubeObject>(type: ResourceType<T>, object: T): void {
    this.#cache.absorb(type, object);
    const found = this.#cache.lookup(type, object)?.object;
    const home = this.#homeOf(object);
    // What the server made of it is what it is to stay.
    if (found === undefined || !isChild(found)) home.delete(placeOf(type, object));
    else home.set(placeOf(type, object), { hash: found.metadata.annotations?.[HASH_ANNOTATION], digest: found.digest });
  }

  /** Forgets the children of an environment that is gone. */
  forget(namespace: string): void {
    this.#known.delete(namespace);
  }

  #homeOf({ metadata: { namespace, name } }: KubeObject): Map<string, Known> {
    const home = namespace ?? name;
    const known = this.#known.get(home) ?? new Map<string, Known>();
    this.#known.set(home, known);
    return known;
  }
}

/** Without the hash of what was applied, so that it is applied again. */
function unhashed<T extends KubeObject>(found: T): Cached<T> {
  return { slimmed: true, object: { ...found, metadata: { ...found.metadata, annotations: {} } } };
}

/** Within an environment; the same in every one, so that it is held once for all. */
function placeOf({ plural }: ResourceType, { metadata: { name } }: KubeObject): string {
  return intern(`${plural}/${name}`);
}

function isChild(object: KubeObject): object is KubeObject & Child {
  return 'digest' in object;
}
