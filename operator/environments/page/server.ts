import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { TwinEnvironment } from '../../api/index.ts';
import type { Lister } from '../../kube/index.ts';
import { HttpListener, type ListenAddress } from '../../runtime/index.ts';
import { accessHeaders } from '../naming/index.ts';
import { accessCookie, opens, withoutToken } from './access.ts';
import { servicesPage, STYLE } from './html.ts';
import { servicesView } from './view.ts';

const styleDigest = createHash('sha256').update(STYLE).digest('base64');
const headers = {
  'cache-control': 'no-store',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleDigest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-robots-tag': 'noindex, nofollow',
} as const;

/** An answer before it is sent. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request as far as it matters. */
export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Answers `/environments/<namespace>/<name>/services`: HTML, or JSON for `?format=json` or a client that prefers it; and to a
 * boundary, whether a token opens its environment (`access`: 204 or 401; `open`: a redirect that sets the cookie). Pure
 * but for the cache that it reads.
 */
export function answer(
  { method, target, headers: given }: Asked,
  environments: Pick<Lister<TwinEnvironment>, 'get'>,
  now: number,
): Answer {
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'only GET');
  const url = URL.canParse(target, 'http://page') ? new URL(target, 'http://page') : undefined;
  const match = /^\/environments\/([a-z0-9-]{1,63})\/([a-z0-9-]{1,63})\/(services|access|open)\/?$/.exec(
    url?.pathname ?? '',
  );
  const [, namespace, name = '', page] = match ?? [];
  const environment = namespace === undefined ? undefined : environments.get({ namespace, name });
  if (environment === undefined) return text(404, 'there is no such environment');
  const said = (header: string): string => String(given[header.toLowerCase()] ?? '');
  const token = said(accessHeaders.token);
  if (page === 'access') {
    const open = [token, said(accessHeaders.cookie)].some((each) => opens(environment, each, now));
    return open ? { status: 204, type: 'text/plain', body: '' } : closed;
  }
  if (page === 'open') {
    if (!opens(environment, token, now)) return closed;
    const cookie = accessCookie(token, said(accessHeaders.scheme));
    const location = withoutToken(said(accessHeaders.target));
    return { ...text(303, 'open'), headers: { location, 'set-cookie': cookie } };
  }
  const view = servicesView(environment);
  return prefersJSON(url?.searchParams.get('format') ?? '', said('accept'))
    ? { status: 200, type: 'application/json; charset=utf-8', body: `${JSON.stringify(view, null, 2)}\n` }
    : { status: 200, type: 'text/html; charset=utf-8', body: servicesPage(view) };
}

const closed: Answer = text(
  401,
  'This environment is open to who has a link to it (spec.boundary.shareLinks). Ask its author for one; a link that worked before has ended.',
);

function prefersJSON(format: string, accept: string): boolean {
  return format === 'json' || (format === '' && accept.includes('application/json') && !accept.includes('text/html'));
}

function text(status: number, message: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body: `${message}\n` };
}

/** Serves the pages on a port until it is closed. */
export class PageServer {
  readonly #environments: Pick<Lister<TwinEnvironment>, 'get'>;
  readonly #listener = new HttpListener((request, response) => this.#respond(request, response), {
    requestTimeout: 10_000,
    maxHeaderSize: 16_384,
  });

  readonly #now: () => number;

  constructor(environments: Pick<Lister<TwinEnvironment>, 'get'>, now: () => number = Date.now) {
    this.#environments = environments;
    this.#now = now;
  }

  /** Returns the address it listens on. Rejects when the port is taken. */
  listen(address: ListenAddress): Promise<ListenAddress> {
    return this.#listener.listen(address);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  #respond({ method = '', url = '', headers: given }: IncomingMessage, response: ServerResponse): void {
    const asked = { method, target: url, headers: given };
    const { status, type, body, headers: more } = answer(asked, this.#environments, this.#now());
    const length = status === 204 ? {} : { 'content-length': Buffer.byteLength(body) };
    response.writeHead(status, { ...headers, ...more, 'content-type': type, ...length });
    response.end(method === 'HEAD' ? '' : body);
  }
}
