/** The operator's own counting of votes, made to expect another namespace than its own, for vectors that others signed. */
import { registerHooks } from 'node:module';
import type * as Approvals from '../../operator/votes/index.ts';

const FOLDER = new URL('../../operator/votes/', import.meta.url).href;
const ENTRY = new URL('index.ts', FOLDER).href;

/**
 * The very code that counts votes, loaded a second time with one constant exchanged: the namespace that a signature must
 * have. Nothing else differs, and the first copy stays as it is.
 */
export async function votesOfNamespace(namespace: string): Promise<typeof Approvals> {
  const query = `?namespace=${encodeURIComponent(namespace)}`;
  let exchanged = 0;
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      const inside = resolved.url.startsWith(FOLDER) && context.parentURL?.endsWith(query) === true;
      return inside ? { ...resolved, url: resolved.url + query } : resolved;
    },
    load(url, context, next) {
      const loaded = next(url, context);
      if (!url.endsWith(`/names.ts${query}`)) return loaded;
      const source = new TextDecoder().decode(loaded.source instanceof Uint8Array ? loaded.source : undefined);
      // Up to the semicolon: under test/mutation the value has its mutants beside it.
      const declared = /(export const VOTE_NAMESPACE = )[^;]+/g;
      exchanged += source.match(declared)?.length ?? 0;
      return { ...loaded, source: source.replace(declared, `$1${JSON.stringify(namespace)}`) };
    },
  });
  try {
    // The shape is that of the module whose copy this is.
    const copy = (await import(ENTRY + query)) as typeof Approvals;
    if (exchanged !== 1 || copy.VOTE_NAMESPACE !== namespace) throw new Error('names.ts has no VOTE_NAMESPACE');
    return copy;
  } finally {
    hooks.deregister();
  }
}
