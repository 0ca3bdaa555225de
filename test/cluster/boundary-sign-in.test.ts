import anyTest, { type TestFn } from 'ava';
import { twinClassSpec } from '../../operator/api/index.ts';
import { forwardOf } from '../../operator/environments/decide/plan/forward.ts';
import { shownObjects } from '../chart/docs.ts';
import { echo, echoed, openBoundary, portOf, upstream, type Running } from '../stage/boundary.ts';
import { Browser, startSignIn, type SignIn } from '../stage/sign-in.ts';
import { environment, twinClass } from '../unit/environment-fixtures.ts';

/** Two environments of the class of docs/exposure.md, behind oauth2-proxy and a real provider of OpenID Connect. */
const test = anyTest as TestFn<{
  readonly browser: () => Browser;
  readonly stop: () => Promise<void>;
}>;

const hosts = ['pr-45-abcdefgh.twins.example', 'pr-46-ijklmnop.twins.example'] as const;
const [first, second] = hosts;
const at = (host: string, path = '/'): URL => new URL(`https://${host}${path}`);

test.before(async (t) => {
  t.timeout(20 * 60_000, 'oauth2-proxy is built on the first run');
  const signIn: SignIn = await startSignIn();
  const web = await echo('web');
  const boundaries: Running[] = [];
  for (const host of hosts) {
    const input = {
      host,
      hostOf: (component: string) => `${component}--${host}`,
      auth: await shownAuth(),
      scheme: 'https' as const,
      workloads: [upstream('web', 8080)],
      twinsByHost: [upstream('stripe', 8080)],
    };
    const echoes = { 'web:8080': portOf(web), 'stripe:8080': portOf(web) };
    boundaries.push(await openBoundary(input, { ...echoes, 'oauth2-proxy.auth.svc:4180': signIn.proxy }));
  }
  const portAt = (origin: string): number => {
    const index = hosts.findIndex((host) => origin.endsWith(host));
    return signIn.origins[origin] ?? boundaries[index]?.port ?? 0;
  };
  t.context = {
    browser: () => new Browser(portAt),
    stop: async () => {
      for (const each of boundaries) await each.stop();
      await signIn.stop();
      web.close();
    },
  };
});
test.after.always((t) => t.context.stop?.());

/** The class that the page shows, as the boundary of an environment is planned from it. */
async function shownAuth() {
  const [spec] = (await shownObjects()).flatMap(({ page, object }) =>
    page === 'docs/exposure.md' && object.metadata.name === 'people' && 'spec' in object ? [object.spec] : [],
  );
  const planned = forwardOf(environment({ boundary: { auth: 'Forward' } }), twinClass(twinClassSpec.parse(spec)));
  if (planned === undefined || 'reason' in planned) throw new Error('the page shows a class without auth');
  return planned;
}

/** Signs in where the provider asks for it. */
async function signedIn(browser: Browser, start: URL): Promise<Awaited<ReturnType<Browser['open']>>> {
  let at = await browser.open(start);
  for (const form of [{ prompt: 'login', login: 'alice', password: 'x' }, { prompt: 'consent' }]) {
    if (!at.url.pathname.startsWith('/interaction/'))
      throw new Error(`${at.url.href}: ${at.got.status} ${at.got.body}`);
    at = await browser.open(at.url, form);
  }
  return at;
}

test('a browser signs in at the provider, comes back to where it was, and the app hears who it is', async (t) => {
  const browser = t.context.browser();
  const asked = await browser.ask(at(first, '/pay?order=7'));
  t.is(asked.status, 302);
  t.regex(asked.headers.location ?? '', /^http:\/\/127\.0\.0\.1:\d+\/auth\?.*client_id=twinlock/);
  const { url, got } = await signedIn(browser, at(first, '/pay?order=7'));
  t.is(url.href, at(first, '/pay?order=7').href);
  t.is(got.status, 200, got.body);
  const { url: path, headers } = echoed(got);
  t.is(path, '/pay?order=7');
  t.like(headers, { 'x-auth-request-user': 'alice', 'x-auth-request-email': 'alice@shop.example' });
  t.false(/_oauth2_proxy/.test(got.body), 'no app hears the session');
  t.true(browser.cookies.some(({ name }) => name === '_oauth2_proxy'));
});

test('who is signed in is so on every host and in other environments, and nobody without the session', async (t) => {
  const browser = t.context.browser();
  await signedIn(browser, at(first));
  for (const host of [`web--${first}`, `stripe--${first}`, second]) {
    const got = await browser.ask(at(host));
    t.is(got.status, 200, host);
    t.is(echoed(got).headers['x-auth-request-email'], 'alice@shop.example');
    t.false(/_oauth2_proxy/.test(got.body));
  }
  for (const cookie of browser.cookies.filter(({ name }) => name === '_oauth2_proxy')) {
    const thief = t.context.browser();
    thief.cookies.push({ ...cookie, value: cookie.value.replace(/^.{8}/, 'AAAAAAAA') });
    t.is((await thief.ask(at(second))).status, 302);
  }
});

test('who signs out is out everywhere', async (t) => {
  const browser = t.context.browser();
  await signedIn(browser, at(first));
  t.is((await browser.ask(at(second))).status, 200);
  await browser.ask(at('auth.twins.example', '/oauth2/sign_out'));
  t.is((await browser.ask(at(first))).status, 302);
});

test('a login leads nowhere but to environments', async (t) => {
  const { url } = await signedIn(
    t.context.browser(),
    at('auth.twins.example', '/oauth2/start?rd=https://evil.example/'),
  );
  t.is(url.hostname, 'auth.twins.example');
});
