import type { OutboundAnswer, OutboundClient, OutboundRequest } from './client.ts';
import { OutboundError } from './errors.ts';

export interface PageLimits {
  readonly maxPages: number;
  /** Bytes of all pages together; each is bounded by the request's `maxBytes` too. */
  readonly maxTotalBytes: number;
}

/**
 * Reads a list that comes in pages, one after the other.
 *
 * @param next where the answer says that the list goes on (a Link header, a cursor); undefined at its end. It stays on the
 *   first page's host and port, since credentials in headers go along.
 * @throws OutboundError `TooManyPages` when there are more than that, rather than a list that only looks whole
 */
export async function* readPages(
  client: Pick<OutboundClient, 'request'>,
  first: OutboundRequest,
  next: (answer: OutboundAnswer) => URL | undefined,
  { maxPages, maxTotalBytes }: PageLimits,
): AsyncGenerator<OutboundAnswer, void, void> {
  let url: URL | undefined = first.url;
  let left = maxTotalBytes;
  for (let page = 1; url !== undefined; page++) {
    if (page > maxPages) throw new OutboundError('TooManyPages', `the list has more than ${maxPages} pages`);
    if (url.origin !== first.url.origin) throw new OutboundError('Redirected', 'the list goes on at another host');
    const answer = await client.request({ ...first, url, maxBytes: Math.min(first.maxBytes, left) });
    left -= answer.body.byteLength;
    yield answer;
    url = next(answer);
  }
}
