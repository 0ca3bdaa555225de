import { quoted } from './rewritten.ts';
import { proxy, text, type Route } from './upstream.ts';

/** Somebody else's endpoint that knows who people are. */
export interface ForwardAuth {
  readonly url: URL;
  /** Headers of its answer that apps hear; those of the same names that a client sends are nobody's word. */
  readonly identityHeaders: readonly string[];
  /** Cookies by which it knows people; a `*` at the end takes all that begin so. */
  readonly cookies: readonly string[];
  /** Headers by which it knows API clients. */
  readonly headers: readonly string[];
}

/** Where environments are reached, for the endpoint. */
export interface ForwardedHosts {
  readonly scheme: 'http' | 'https';
  /** Every host of the environment, and the same as it stands in its URLs, with their port. */
  readonly hosts: readonly { readonly host: string; readonly authority: string }[];
}

/** Variable that holds as long as the endpoint is asked. */
const ASKING = 'twinlock_asking';
/** What a request says of itself by which an endpoint decides how to refuse: with a page to sign in, or a bare 401. */
const MANNERS = ['Accept', 'Accept-Language', 'User-Agent', 'X-Requested-With'];
/** Field of what a client did not send; it is taken out before anything is sent. */
const ABSENT = 'X-Twinlock-Absent';

/**
 * Asks somebody else's endpoint before anything is done with a request. A 2xx lets it pass; every other answer is the
 * client's, so that it can sign in; and where there is none, or one of the 5xx, nobody is let in.
 *
 * The endpoint hears where the request goes, by names that are this environment's own, and what it knows people by.
 * Nothing else of the request could tell it another story; and what it knows people by is heard by no app, which could
 * go to other environments with it.
 */
export function forwardRoutes(auth: ForwardAuth, { scheme, hosts }: ForwardedHosts): readonly Route[] {
  const { url, headers } = auth;
  const told = ['Cookie', ...MANNERS, ...headers].map((name, index) => ({ name, field: `twinlock.header.${index}` }));
  const set = {
    Host: text(url.host),
    'X-Forwarded-Method': '{http.request.method}',
    'X-Forwarded-Proto': scheme,
    'X-Forwarded-Host': '{twinlock.host}',
    'X-Forwarded-Uri': '{http.request.uri}',
    ...Object.fromEntries(told.map(({ name, field }) => [`{${field}}`, `{http.request.header.${name}}`])),
  };
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  const asked = proxy(`${url.hostname}:${port}`, {
    // A body is kept back only where the rewriting changes something: a GET of this very path says so in its query.
    rewrite: { method: 'GET', uri: `${text(url.pathname)}?{twinlock.again}` },
    transport: {
      protocol: 'http',
      dial_timeout: '3s',
      response_header_timeout: '10s',
      ...(url.protocol === 'https:' ? { tls: {} } : {}),
    },
    headers: {
      request: {
        delete: ['*', ABSENT],
        set: Object.fromEntries(Object.entries(set).map(([name, value]) => [name, [value]])),
      },
    },
    handle_response: [
      { match: { status_code: [2] }, routes: [{ handle: [{ handler: 'vars', [ASKING]: '' }] }, ...passed(auth)] },
      { match: { status_code: [5] }, routes: [{ handle: [{ handler: 'error', status_code: 502 }] }] },
    ],
  });
  return [
    {
      handle: [
        mapped(
          '{http.request.host}',
          'twinlock.host',
          hosts.map(({ host, authority }) => [{ input_regexp: `(?i)^${quoted(host)}[.]?$` }, authority] as const),
        ),
        mapped('{http.request.uri}', 'twinlock.again', [[{ input: url.pathname }, 'twinlock']]),
        ...told.map(({ name, field }) =>
          mapped(`{http.request.header.${name}}`, field, [[{ input: '' }, ABSENT]], text(name)),
        ),
      ],
    },
    {
      match: [{ vars: { '{twinlock.host}': [''] } }],
      handle: [{ handler: 'static_response', status_code: 404, body: 'No environment has this address.\n' }],
      terminal: true,
    },
    { handle: [{ handler: 'vars', [ASKING]: 'yes' }, asked] },
  ];
}

/** What is said where the endpoint gives no answer, or fails. */
export const unasked: Route = {
  match: [{ vars: { [ASKING]: ['yes'] } }],
  handle: [
    {
      handler: 'static_response',
      status_code: '{http.error.status_code}',
      body: 'Nobody is let in: what says who people are does not answer, or fails. It is the forwardURL in exposure.auth of the class of this environment.\n',
    },
  ],
  terminal: true,
};

/** Characters beside letters, digits and dashes that a header's name may have (RFC 9110, token). */
const ODD = [..."!#$%&'*+.^_`|~"];

/**
 * A request as an app gets it. Some servers take `_`, or any odd character, for a dash, so no header with one passes; and
 * none that `Connection` names could be taken out on the way.
 */
function passed({ identityHeaders, cookies, headers }: ForwardAuth): readonly Route[] {
  const names = cookies.map((cookie) =>
    cookie.endsWith('*') ? `${quoted(cookie.slice(0, -1))}[^=;]*` : quoted(cookie),
  );
  const ours = `(?:${names.join('|')})\\s*=[^;]*`;
  return [
    {
      handle: [
        {
          handler: 'headers',
          request: {
            delete: [...ODD.map((character) => `*${character}*`), ...[...headers, ...identityHeaders].map(text)],
            ...(names.length === 0
              ? {}
              : {
                  replace: {
                    Cookie: [
                      // First those after others: what begins the header may be there more than once.
                      { search_regexp: `;\\s*${ours}`, replace: '' },
                      { search_regexp: `^\\s*${ours}(;\\s*|$)`, replace: '' },
                    ],
                  },
                }),
          },
        },
      ],
    },
    ...identityHeaders.map((name) => {
      const answered = `{http.reverse_proxy.header.${canonical(name)}}`;
      return {
        match: [{ not: [{ vars: { [answered]: [''] } }] }],
        handle: [{ handler: 'headers', request: { set: { [text(name)]: [answered] } } }],
      };
    }),
    { match: [{ header: { Cookie: [''] } }], handle: [{ handler: 'headers', request: { delete: ['Cookie'] } }] },
    {
      group: 'connection',
      match: [{ header_regexp: { Connection: { pattern: '(?i)(?:^|[,\\s])upgrade(?:$|[,\\s])' } } }],
      handle: [{ handler: 'headers', request: { set: { Connection: ['Upgrade'] } } }],
    },
    { group: 'connection', handle: [{ handler: 'headers', request: { delete: ['Connection'] } }] },
  ];
}

/** A placeholder whose value depends on that of another one. */
function mapped(
  source: string,
  field: string,
  mappings: readonly (readonly [input: Route, output: string])[],
  otherwise = '',
): Route {
  return {
    handler: 'map',
    source,
    destinations: [`{${field}}`],
    mappings: mappings.map(([input, output]) => ({ ...input, outputs: [output] })),
    defaults: [otherwise],
  };
}

/** A header's name as Go writes it, and as Caddy's placeholders have it therefore. */
function canonical(name: string): string {
  return name
    .toLowerCase()
    .split('-')
    .map((part) => `${part.slice(0, 1).toUpperCase()}${part.slice(1)}`)
    .join('-');
}
