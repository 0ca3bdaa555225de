/** Replacements of one response header, as Caddy runs them one after the other. */
interface Replacement {
  readonly search_regexp: string;
  readonly replace: string;
}

/** Where a twin is reached from outside, and what it may call itself. */
export interface Outside {
  readonly scheme: 'http' | 'https';
  /** Host on which the request came. */
  readonly host: string;
  /** Path below which the twin is, or nothing. */
  readonly prefix: string;
  readonly name: string;
  readonly port: number;
}

/** Headers with a URL that a client is to go on with: redirects, and where an upload continues. */
const URLS = ['Location', 'Content-Location', 'X-Goog-Upload-Url'];

/**
 * A twin knows neither its prefix nor its name outside. What its answers point to is rewritten: a path gets the prefix, and
 * so does a URL of the host on which it was asked; a URL of the name and port that it has inside, or of the address that
 * it listens on, becomes one of the host outside. URLs of others stay, and so does a prefix that is there already.
 */
export function rewrittenHeaders(outside: Outside): Readonly<Record<string, readonly Replacement[]>> {
  const { scheme, prefix } = outside;
  const [host, name, below] = [outside.host, outside.name, prefix].map(quoted);
  const here = `${scheme}://{http.request.hostport}${prefix}`;
  const inside = `(?:${name}(?:[.][-a-z0-9.]+)?|localhost|127[.]0[.]0[.]1|0[.]0[.]0[.]0|\\[::1?\\]):${outside.port}`;
  const rest = '([/?#].*)?$';
  const urls: readonly Replacement[] = [
    { search_regexp: `(?i)^(?:https?:)?//${inside}(?:${below}([/?#].*|$)|${rest})`, replace: `${here}$1$2` },
    ...(scheme === 'https'
      ? [{ search_regexp: `(?i)^http://(${host}[.]?(?::[0-9]+)?)${rest}`, replace: 'https://$1$2' }]
      : []),
    ...(prefix === ''
      ? []
      : [
          // Taken off where it is there, so that it is put on once.
          { search_regexp: `(?i)^((?:https?:)?//${host}[.]?(?::[0-9]+)?)?${below}(?:([/?#].*)|$)`, replace: '$1$2' },
          { search_regexp: `(?i)^((?:https?:)?//${host}[.]?(?::[0-9]+)?)${rest}`, replace: `$1${prefix}$2` },
          { search_regexp: `^(/(?:[^/\\\\].*)?|)$`, replace: `${prefix}$1` },
        ]),
  ];
  return {
    ...Object.fromEntries(URLS.map((header) => [header, urls])),
    ...(prefix === ''
      ? {}
      : {
          'Set-Cookie': [
            {
              search_regexp: `(?i)(;\\s*path=)(?:${below}((?:/[^;]*)?)|(/[^;]*))\\s*(;|$)`,
              replace: `$1${prefix}$2$3$4`,
            },
          ],
        }),
  };
}

/** Text as a regular expression, without a brace that Caddy would take for a placeholder. */
export function quoted(text: string): string {
  return text.replaceAll(
    /[^A-Za-z0-9/-]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
