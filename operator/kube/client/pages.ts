import { isGone } from '../errors.ts';
import { resourcePath } from '../objects/index.ts';
import type { KubeList, KubeObject, ResourceType } from '../objects/index.ts';
import type { ListOptions, RawRequest } from './client.ts';
import { selectionQuery } from './query.ts';

/** Sends a request for one page. */
type Ask<T extends KubeObject> = (request: RawRequest) => Promise<KubeList<T>>;

/** Reads a list to its end, page by page, all of it at the version of the first page. */
export async function everyPage<T extends KubeObject>(
  type: ResourceType<T>,
  options: ListOptions<T>,
  ask: Ask<T>,
): Promise<KubeList<T>> {
  const { pageSize = 500, keep = (object) => object } = options;
  const items: T[] = [];
  let token: string | undefined;
  for (;;) {
    let page: KubeList<T>;
    try {
      page = await ask(requestOf(type, options, pageSize, token));
    } catch (error) {
      // The token outlived the history it reads from: a single page needs none (client-go's pager does the same).
      if (token !== undefined && isGone(error)) return everyPage(type, { ...options, pageSize: 0 }, ask);
      throw error;
    }
    for (const item of page.items ?? []) items.push(keep(typed(type, item)));
    token = page.metadata.continue;
    if (token === undefined || token === '') {
      return { metadata: { resourceVersion: page.metadata.resourceVersion }, items };
    }
  }
}

function requestOf(
  type: ResourceType,
  options: Omit<ListOptions, 'keep'>,
  pageSize: number,
  token: string | undefined,
): RawRequest {
  return {
    method: 'GET',
    path: resourcePath(type, { namespace: options.namespace }),
    query: {
      ...selectionQuery(options),
      limit: pageSize === 0 ? undefined : pageSize,
      continue: token,
      // The token fixes the version already; the server refuses both.
      resourceVersion: token === undefined ? options.resourceVersion : undefined,
      resourceVersionMatch: token === undefined ? options.resourceVersionMatch : undefined,
    },
    signal: options.signal,
  };
}

/** Items of built-in lists come without their type. */
function typed<T extends KubeObject>(type: ResourceType<T>, item: T): T {
  return item.kind === undefined ? { ...item, apiVersion: type.apiVersion, kind: type.kind } : item;
}
