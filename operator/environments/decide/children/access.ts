import { accessHeaders, pagePath, TOKEN_NAME, type Owner } from '../../naming/index.ts';

type Route = Readonly<Record<string, unknown>>;
type Proxy = (dial: string, rest: Route) => Route;

/**
 * Asks the environments process before anything else is done with a request. It alone knows which links hold at this
 * moment, so one that was taken out opens nothing from then on; while it does not answer, nobody is let in. Of the request it
 * hears the token and nothing else, and an app never sees the token.
 */
export function accessRoutes(
  owner: Owner,
  scheme: 'http' | 'https',
  page: string,
  proxy: Proxy,
  text: (value: string) => string,
): readonly Route[] {
  const asking = (what: 'access' | 'open', set: Readonly<Record<string, string>>, rest: Route = {}): Route =>
    proxy(page, {
      rewrite: { method: 'GET', uri: text(pagePath(owner.namespace, owner.name, what)) },
      headers: {
        request: {
          delete: ['*'],
          set: Object.fromEntries(Object.entries(set).map(([name, value]) => [name, [value]])),
        },
      },
      ...rest,
    });
  return [
    {
      match: [{ query: { [TOKEN_NAME]: ['*'] } }],
      handle: [
        asking('open', {
          [accessHeaders.token]: `{http.request.uri.query.${TOKEN_NAME}}`,
          [accessHeaders.target]: '{http.request.uri}',
          [accessHeaders.scheme]: scheme,
        }),
      ],
      terminal: true,
    },
    {
      handle: [
        asking(
          'access',
          {
            [accessHeaders.token]: `{http.request.header.${accessHeaders.token}}`,
            [accessHeaders.cookie]: `{http.request.cookie.${TOKEN_NAME}}`,
          },
          { handle_response: [{ match: { status_code: [204] }, routes: [{ handle: [forget] }] }] },
        ),
      ],
    },
  ];
}

const forget: Route = {
  handler: 'headers',
  request: {
    delete: [accessHeaders.token],
    replace: {
      Cookie: [
        // First those after others: what begins the header may be there more than once.
        { search_regexp: `;\\s*${TOKEN_NAME}=[^;]*`, replace: '' },
        { search_regexp: `^${TOKEN_NAME}=[^;]*(;\\s*|$)`, replace: '' },
      ],
    },
  },
};
