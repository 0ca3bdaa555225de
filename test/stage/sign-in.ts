/** People who sign in by OpenID Connect: a provider that nobody here wrote, oauth2-proxy as docs/exposure.md has it, and a browser. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { shownObjects } from '../chart/docs.ts';
import { freePorts, run, tools, waitFor } from '../harness/index.ts';
import { built, recipe } from '../harness/cache.ts';
import { get, startProgram, type Got } from './boundary.ts';

const definition = join(import.meta.dirname, 'sign-in');
const secret = 'secret-of-the-client';

/** What asks people who they are, on ports of this machine. */
export interface SignIn {
  /** Origins by which people reach them, and their ports. */
  readonly origins: Readonly<Record<string, number>>;
  readonly proxy: number;
  readonly stop: () => Promise<void>;
}

/** Starts oidc-provider, and before it oauth2-proxy with the arguments that the page shows. */
export async function startSignIn(): Promise<SignIn> {
  const [login = 0, proxy = 0] = await freePorts(2);
  const issuer = `http://127.0.0.1:${login}`;
  const shown = await shownArguments();
  const redirect = shown.find((arg) => arg.startsWith('--redirect-url='))?.slice('--redirect-url='.length) ?? '';
  const provider = await startProgram(process.execPath, [await providerFile(), `${login}`, redirect, secret]);
  await answering('oidc-provider', login, '/.well-known/openid-configuration');
  const args = shown
    .map((arg) => arg.replace(/^(--http-address)=.*/, `$1=127.0.0.1:${proxy}`))
    .map((arg) => arg.replace(/^(--oidc-issuer-url)=.*/, `$1=${issuer}`));
  const guard = await startProgram(await tools.oauth2Proxy(), args, {
    OAUTH2_PROXY_CLIENT_SECRET: secret,
    OAUTH2_PROXY_COOKIE_SECRET: '0123456789abcdef0123456789abcdef',
  });
  await answering('oauth2-proxy', proxy, '/ping');
  return {
    origins: { [issuer]: login, [new URL(redirect).origin]: proxy },
    proxy,
    stop: async () => {
      await guard.stop();
      await provider.stop();
    },
  };
}

async function answering(name: string, port: number, path: string): Promise<void> {
  await waitFor(`${name} answers`, () =>
    get(port, 'x', path).then(
      ({ status }) => status === 200,
      () => false,
    ),
  );
}

async function shownArguments(): Promise<readonly string[]> {
  for (const { page, object } of await shownObjects()) {
    if (page !== 'docs/exposure.md' || object.kind !== 'Deployment') continue;
    // As the page writes it: a Deployment of one container.
    const { spec } = object as unknown as {
      readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { args: string[] }[] } } };
    };
    return spec.template.spec.containers[0]?.args ?? [];
  }
  throw new Error('docs/exposure.md shows no Deployment');
}

/** The provider's program; installed from its own lock file into the cache once. */
async function providerFile(): Promise<string> {
  const names = ['package.json', 'package-lock.json', 'provider.mjs'];
  const key = await recipe(
    [],
    names.map((name) => join(definition, name)),
  );
  const folder = await built('oidc-provider', key, async (into) => {
    await Promise.all(names.map((name) => copyFile(join(definition, name), join(into, name))));
    await run('npm', ['ci', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error'], { cwd: into });
  });
  return join(folder, 'provider.mjs');
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly domain: string;
  readonly exact: boolean;
}

/** Cookies and redirects, as a browser has them. */
export class Browser {
  readonly #ports: (origin: string) => number;
  readonly cookies: Cookie[] = [];

  /**
   * @param ports port of this machine for an origin
   */
  constructor(ports: (origin: string) => number) {
    this.#ports = ports;
  }

  /** One request and its answer, by whatever scheme the URL names. */
  async ask(url: URL, form?: Readonly<Record<string, string>>): Promise<Got> {
    const cookie = this.#cookies(url.hostname);
    const body = form === undefined ? '' : new URLSearchParams(form).toString();
    const got = await get(this.#ports(url.origin), url.host, `${url.pathname}${url.search}`, {
      body,
      method: form === undefined ? 'GET' : 'POST',
      headers: {
        accept: 'text/html',
        ...(cookie === '' ? {} : { cookie }),
        ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
    });
    for (const line of got.headers['set-cookie'] ?? []) this.#keep(url.hostname, line);
    return got;
  }

  /** Follows redirects to where they end. */
  async open(start: URL, form?: Readonly<Record<string, string>>): Promise<{ readonly url: URL; readonly got: Got }> {
    let url = start;
    let got = await this.ask(url, form);
    for (let count = 0; count < 10 && got.headers.location !== undefined; count += 1) {
      url = new URL(got.headers.location, url);
      got = await this.ask(url);
    }
    return { url, got };
  }

  #cookies(host: string): string {
    return this.cookies
      .filter(({ domain, exact }) => host === domain || (!exact && host.endsWith(`.${domain}`)))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  #keep(host: string, line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const mark = pair.indexOf('=');
    const [name, value] = [pair.slice(0, mark), pair.slice(mark + 1)];
    const wide = attributes.find((each) => /^domain=/i.test(each))?.slice('domain='.length);
    const domain = (wide ?? host).replace(/^\./, '');
    const index = this.cookies.findIndex((each) => each.name === name && each.domain === domain);
    if (index >= 0) this.cookies.splice(index, 1);
    if (value !== '') this.cookies.push({ name, value, domain, exact: wide === undefined });
  }
}
