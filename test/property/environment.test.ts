import test from 'ava';
import * as fc from 'fast-check';
import { boundaryConfig } from '../../operator/environments/decide/children/index.ts';
import { environmentNamespace } from '../../operator/environments/naming/index.ts';
import { escapeHTML } from '../../operator/environments/page/index.ts';
import { literal, readTemplate, renderEnv } from '../../operator/environments/decide/resolve/index.ts';
import { parseReport, showURL } from '../../operator/environments/decide/wiring/index.ts';
import { turnOf, type Candidate } from '../../operator/environments/decide/lifecycle/index.ts';

const anything = fc.string({ unit: 'binary', maxLength: 300 });
const identity = fc.record({
  namespace: anything,
  name: anything,
  uid: anything,
  lifecycle: fc.constantFrom('Ephemeral' as const, 'LongLived' as const),
});

test('an environment’s namespace is a DNS label for any name', (t) => {
  t.notThrows(() =>
    fc.assert(fc.property(identity, (each) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(environmentNamespace(each)))),
  );
});

test('other environments have other namespaces; LongLived keeps its own when it is made again', (t) => {
  fc.assert(
    fc.property(identity, identity, (a, b) => {
      const same = JSON.stringify(a) === JSON.stringify(b);
      const again = { ...a, uid: b.uid };
      t.is(environmentNamespace(a) === environmentNamespace(again), a.lifecycle === 'LongLived' || a.uid === b.uid);
      if (!same && (a.name !== b.name || a.namespace !== b.namespace))
        t.not(environmentNamespace(a), environmentNamespace(b));
    }),
  );
});

/** Every string of a JSON value. */
function* strings(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) yield* strings(member);
}

test('no name breaks out of its place in the boundary’s configuration', (t) => {
  const upstream = fc.record({
    name: anything,
    port: fc.integer({ min: 1, max: 65_535 }),
    h2c: fc.boolean(),
    adminPaths: fc.array(anything, { maxLength: 2 }),
  });
  const upstreams = fc.array(upstream, { maxLength: 4 });
  const header = fc.array(fc.stringMatching(/^[A-Za-z0-9]([-A-Za-z0-9]{0,60}[A-Za-z0-9])?$/), { maxLength: 3 });
  const forward = fc.record({
    url: fc
      .constantFrom('http://oauth2-proxy.auth.svc:4180/', 'https://[2001:db8::1]/a.b/~c')
      .map((url) => new URL(url)),
    identityHeaders: header,
    cookies: fc.array(anything, { maxLength: 2 }),
    headers: header,
  });
  const input = fc.record({
    owner: fc.record({ namespace: anything, name: anything, uid: anything }),
    systemNamespace: anything,
    host: anything,
    workloads: upstreams,
    twinsByHost: upstreams,
    twinsByPath: upstreams,
    files: fc.array(
      fc.record({ workload: anything, path: anything, contentType: fc.constant('text/plain'), body: anything }),
      { maxLength: 2 },
    ),
    noindex: fc.boolean(),
    auth: fc.oneof(fc.constantFrom('None' as const, 'Token' as const), forward),
    scheme: fc.constantFrom('http', 'https'),
    maxBody: fc.integer({ min: 1, max: 2 ** 40 }),
  });
  fc.assert(
    fc.property(input, (names) => {
      const config = boundaryConfig({
        ...names,
        hostOf: (component) => `${component}.${names.host}`,
        authorityOf: (host) => host,
      });
      t.deepEqual(JSON.parse(JSON.stringify(config)), config);
      for (const text of strings(config)) {
        // Only the configuration's own placeholders are some: whatever a name holds is escaped.
        const open = text
          .replaceAll('\\{', '')
          .replaceAll(
            /\{(?:twinlock\.(host|again|header\.[0-9]+)|http\.request\.(method|host)|http\.(?:request|reverse_proxy)\.header\.[A-Za-z0-9-]+)\}|\{http\.(request\.uri|request\.(uri\.query|cookie)\.twinlock-token|request\.header\.X-Twinlock-Token|request\.uri\.query|request\.hostport|error\.(status_code|message))\}/g,
            '',
          );
        t.false(open.includes('{'), text);
      }
    }),
  );
});

test('a literal is what the kubelet makes of it', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('$', '(', ')', 'A', '{') }), (value) => {
      t.is(expand(literal(value)), value);
    }),
  );
});

/** k8s.io/kubernetes/third_party/forked/golang/expansion, with no variable known. */
function expand(input: string): string {
  let output = '';
  for (let index = 0; index < input.length; index++) {
    const [here, next] = [input[index], input[index + 1]];
    if (here === '$' && next === '$') index++;
    else if (here === '$' && next === '(' && input.indexOf(')', index) > 0) throw new Error('a reference');
    output += here;
  }
  return output;
}

test('bindings decide their variables, and nothing else is lost', (t) => {
  const name = fc.constantFrom('A', 'B', 'C', 'D');
  const own = fc.uniqueArray(fc.record({ name, value: anything }), { selector: (each) => each.name });
  const binding = fc.record({
    env: name,
    value: fc.option(anything, { nil: undefined }),
    service: fc.constant('s'),
    mode: fc.constant('Twin' as const),
    written: fc.constant('{url}'),
  });
  fc.assert(
    fc.property(own, fc.uniqueArray(binding, { selector: ({ env }) => env }), (entries, bindings) => {
      const result = new Map(renderEnv(entries, bindings).map((entry) => [entry.name, entry.value]));
      for (const { env, value } of bindings) t.is(result.get(env), value === undefined ? undefined : literal(value));
      for (const entry of entries.filter((each) => !bindings.some(({ env }) => env === each.name))) {
        t.is(result.get(entry.name), entry.value);
      }
    }),
  );
});

test('whatever an app reports, reading it throws nothing and shows nothing of it but URLs without secrets', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(
        anything,
        fc.json(),
        fc.jsonValue().map((value) => JSON.stringify({ services: value })),
      ),
      (text) => {
        t.notThrows(() => parseReport(text));
      },
    ),
  );
  fc.assert(
    fc.property(anything, fc.webUrl({ withQueryParameters: true, withFragments: true }), (text, url) => {
      t.notThrows(() => showURL(text));
      t.false(/[?#]/.test(showURL(url)));
    }),
  );
});

test('whatever a template holds, reading it throws nothing', (t) => {
  fc.assert(fc.property(fc.jsonValue(), (value) => void t.notThrows(() => readTemplate('web', value))));
  fc.assert(
    fc.property(
      fc.jsonValue(),
      (value) => void t.notThrows(() => readTemplate('web', { spec: { containers: value } })),
    ),
  );
});

test('escaped text holds no markup', (t) => {
  t.notThrows(() => fc.assert(fc.property(anything, (text) => !/[<>"']/.test(escapeHTML(text)))));
});

test('caps are never exceeded, and nobody starves while there is room', (t) => {
  const one = fc.record({
    namespace: fc.constantFrom('a', 'b', 'c'),
    age: fc.integer({ min: 10, max: 59 }),
    holds: fc.boolean(),
  });
  const caps = fc.record({
    maxEnvironments: fc.integer({ min: 1, max: 6 }),
    maxPerNamespace: fc.integer({ min: 1, max: 4 }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 12 }), caps, (all, limits) => {
      const candidates = all.map(({ namespace, age, holds }, index): Candidate => ({
        key: `${namespace}/${index}`,
        namespace,
        createdAt: `2026-11-21T08:00:${age}Z`,
        holds,
      }));
      const admitted = candidates.filter(({ key }) => turnOf(key, candidates, limits).admitted);
      const fresh = admitted.filter(({ holds }) => !holds);
      const of = (namespace: string): number => admitted.filter((each) => each.namespace === namespace).length;
      if (fresh.length > 0) t.true(admitted.length <= limits.maxEnvironments);
      for (const { namespace } of fresh) t.true(of(namespace) <= limits.maxPerNamespace);
      for (const waiting of candidates.filter((each) => !admitted.includes(each))) {
        t.true(admitted.length >= limits.maxEnvironments || of(waiting.namespace) >= limits.maxPerNamespace);
      }
    }),
  );
});
