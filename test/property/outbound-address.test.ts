import test from 'ava';
import * as fc from 'fast-check';
import { isIP } from 'node:net';
import { isWithin, parseAddress, parseNetwork } from '../../operator/outbound/address.ts';
import { refusalOf } from '../../operator/outbound/rules.ts';

const none = { refused: [], allowed: [] };

const dotted = (value: bigint): string => [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');

/** Texts that look like addresses: right ones, and such with something changed. */
const digits = fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF:.%[]/xg '), maxLength: 45 });
const edited = fc
  .tuple(
    fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended()),
    fc.nat(45),
    fc.constantFrom('', ':', '.', '0', '::', 'f', ' '),
  )
  .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + 1));
const texts = fc.oneof(fc.ipV4(), fc.ipV6(), fc.ipV4Extended(), edited, digits, fc.string({ unit: 'binary' }));

test('what is read as an address is what Node takes for one, but for zones', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(texts, (text) => {
        const address = parseAddress(text);
        // A zone is the one thing that Node takes along; no name of a URL can have one.
        return text.includes('%') ? address === undefined : (address !== undefined) === (isIP(text) !== 0);
      }),
      { numRuns: 20_000 },
    ),
  );
});

test('an IPv4 address has one form, and is judged the same in each IPv6 form that stands for it or carries it', (t) => {
  const bytes = fc.oneof(
    fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255)),
    fc.constantFrom<[number, number, number, number][]>(
      [127, 0, 0, 1],
      [169, 254, 169, 254],
      [0, 0, 0, 0],
      [10, 0, 0, 1],
    ),
  );
  t.notThrows(() =>
    fc.assert(
      fc.property(bytes, ([a, b, c, d]) => {
        const plain = [a, b, c, d].join('.');
        const hex = [(a << 8) | b, (c << 8) | d].map((group) => group.toString(16)).join(':');
        const inverted = [(a << 8) | b, (c << 8) | d].map((group) => (group ^ 0xffff).toString(16)).join(':');
        const why = refusalOf(plain, none);
        const same = [`::ffff:${plain}`, `::ffff:${hex}`, `0:0:0:0:0:ffff:${hex}`, `::FFFF:${hex.toUpperCase()}`];
        const carrying = [
          `64:ff9b::${plain}`,
          `64:ff9b:1::${hex}`,
          `::ffff:0:${plain}`,
          `2002:${hex}::1`,
          `2001:0:${hex}::ffff:ffff`,
          `2001::${inverted}`,
          `2606:4700::5efe:${hex}`,
        ];
        return (
          same.every((text) => refusalOf(text, none) === why) &&
          (why === undefined || carrying.every((text) => refusalOf(text, none) !== undefined))
        );
      }),
      { numRuns: 2000 },
    ),
  );
});

test('whatever the URL of a refused address looks like, its host is refused', (t) => {
  // WHATWG URL Standard, host parsing: numbers in three bases, one to four of them.
  const spelled = fc
    .tuple(
      fc.constantFrom(127, 0, 169),
      fc.nat(255),
      fc.nat(255),
      fc.nat(255),
      fc.constantFrom(8, 10, 16),
      fc.integer({ min: 1, max: 4 }),
    )
    .map(([a, b, c, d, base, parts]) => {
      const bytes = [a, a === 169 ? 254 : b, c, d];
      const last = bytes.slice(parts - 1).reduce((value, byte) => value * 256 + byte, 0);
      const prefix = base === 16 ? '0x' : base === 8 ? '0' : '';
      return [...bytes.slice(0, parts - 1), last].map((number) => prefix + number.toString(base)).join('.');
    });
  t.notThrows(() =>
    fc.assert(
      fc.property(spelled, (host) => refusalOf(new URL(`http://${host}/`).hostname, none) !== undefined),
      { numRuns: 2000 },
    ),
  );
});

test('a network holds the addresses that share its first bits, and no other', (t) => {
  const values = fc.bigInt({ min: 0n, max: (1n << 32n) - 1n });
  t.notThrows(() =>
    fc.assert(
      fc.property(values, values, fc.nat(32), (base, other, length) => {
        const network = parseNetwork(`${dotted(base)}/${length}`);
        const shift = BigInt(32 - length);
        return isWithin({ family: 4, value: other }, network) === (base >> shift === other >> shift);
      }),
    ),
  );
});
