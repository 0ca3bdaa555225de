import test from 'ava';
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { twinClassSpec } from '../../operator/api/index.ts';
import { environmentHosts, environmentNamespace } from '../../operator/environments/naming/index.ts';

/** A legal name of every length up to 63: that of an environment, a workload or service, a port. */
const named = (max: number): fc.Arbitrary<string> =>
  fc
    .integer({ min: 1, max })
    .chain((length) =>
      fc.tuple(
        fc.constantFrom('a', 'x', 'z'),
        fc.string({ unit: fc.constantFrom('a', 'n', '0', '-'), minLength: length - 1, maxLength: length - 1 }),
      ),
    )
    .map(([first, rest]) => (first + rest).replace(/-$/, '9'));
const identity = fc.record({
  namespace: named(63),
  name: named(63),
  uid: fc.uuid(),
  lifecycle: fc.constantFrom('Ephemeral' as const, 'LongLived' as const),
});
const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const longest = 'a'.repeat(63);

test('the Service of the longest names has what kube-proxy takes for a comment', (t) => {
  const namespace = environmentNamespace({ namespace: longest, name: longest, uid: 'u', lifecycle: 'Ephemeral' });
  t.true(`${namespace}/${longest}:${'p'.repeat(15)}`.length <= 128);
  fc.assert(
    fc.property(identity, named(63), named(15), (each, service, port) => {
      t.true(`${environmentNamespace(each)}/${service}:${port}`.length <= 128);
    }),
  );
});

test('hosts are one label below the domain, of what host names may have', (t) => {
  fc.assert(
    fc.property(identity, named(63), (each, component) => {
      const namespace = environmentNamespace(each);
      const { host, componentHost } = environmentHosts({ domain: 'twins.example', scheme: 'https' }, namespace);
      for (const one of [host, componentHost(component)]) {
        t.true(one.endsWith('.twins.example'));
        const first = one.slice(0, -'.twins.example'.length);
        t.regex(first, label);
        t.true(first.length <= 63, first);
        // Reserved, and no URL at all where they stand after `xn`.
        t.not(first.slice(2, 4), '--');
        t.is(new URL(`https://${one}`).hostname, one);
      }
    }),
    { numRuns: 500 },
  );
});

test('parts of one environment have hosts of their own', (t) => {
  fc.assert(
    fc.property(identity, named(63), named(63), (each, a, b) => {
      const { host, componentHost } = environmentHosts(
        { domain: 'twins.example', scheme: 'http' },
        environmentNamespace(each),
      );
      t.is(componentHost(a) === componentHost(b), a === b);
      t.not(componentHost(a), host);
    }),
  );
});

test('the front door finds the namespace in every host of an environment', (t) => {
  const template = readFileSync('charts/twinlock/templates/front-door.yaml', 'utf8');
  const written = /vars_regexp label \{host\} (\S+)/.exec(template)?.[1] ?? '';
  const insensitive = written.startsWith('(?i)');
  const pattern = new RegExp(written.replace('(?i)', '').replace('%s', 'twins\\.example'), insensitive ? 'i' : '');
  fc.assert(
    fc.property(identity, named(63), (each, component) => {
      const namespace = environmentNamespace(each);
      const { host, componentHost } = environmentHosts({ domain: 'twins.example', scheme: 'http' }, namespace);
      t.is(pattern.exec(host)?.[1], namespace);
      t.is(pattern.exec(componentHost(component))?.[1], namespace);
    }),
  );
});

test('a certificate for all hosts of the longest domain has a common name', (t) => {
  const domain = `${'d'.repeat(30)}.${'e'.repeat(31)}`;
  t.is(twinClassSpec.parse({ exposure: { domain } }).exposure.domain, domain);
  t.true(`*.${domain}`.length <= 64);
  t.false(twinClassSpec.safeParse({ exposure: { domain: `${domain}x` } }).success);
});
