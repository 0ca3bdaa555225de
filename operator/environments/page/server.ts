import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TwinEnvironment } from '../../api/index.ts';
import type { Lister } from '../../kube/index.ts';
import { HttpListener, type ListenAddress } from '../../runtime/index.ts';
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
}

/**
 * Answers `/environments/<namespace>/<name>/services`: HTML, or JSON for `?format=json` or a client that prefers it.
 * Pure but for the cache that it reads.
 */
export function answer(
  method: string,
  target: string,
  accept: string,
  environments: Pick<Lister<TwinEnvironment>, 'get'>,
): Answer {
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'only GET');
  const url = URL.canParse(target, 'http://page') ? new URL(target, 'http://page') : undefined;
  const match = /^\/environments\/([a-z0-9-]{1,63})\/([a-z0-9-]{1,63})\/services\/?$/.exec(url?.pathname ?? '');
  const [, namespace, name = ''] = match ?? [];
  const environment = namespace === undefined ? undefined : environments.get({ namespace, name });
  if (environment === undefined) return text(404, 'there is no such environment');
  const view = servicesView(environment);
  return prefersJSON(url?.searchParams.get('format') ?? '', accept)
    ? { status: 200, type: 'application/json; charset=utf-8', body: `${JSON.stringify(view, null, 2)}\n` }
    : { status: 200, type: 'text/html; charset=utf-8', body: servicesPage(view) };
}

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

  constructor(environments: Pick<Lister<TwinEnvironment>, 'get'>) {
    this.#environments = environments;
  }

  /** Returns the address it listens on. Rejects when the port is taken. */
  listen(address: ListenAddress): Promise<ListenAddress> {
    return this.#listener.listen(address);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  #respond({ method = '', url = '', headers: { accept = '' } }: IncomingMessage, response: ServerResponse): void {
    const { status, type, body } = answer(method, url, accept, this.#environments);
    response.writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(body) });
    response.end(method === 'HEAD' ? '' : body);
  }
}
