import test from 'ava';
import { carriedAddresses, isWithin, parseAddress, parseNetwork } from '../../operator/outbound/address.ts';
import { refusalOf } from '../../operator/outbound/rules.ts';

function within(address: string, network: string): boolean {
  const parsed = parseAddress(address);
  return parsed !== undefined && isWithin(parsed, parseNetwork(network));
}

const addresses: readonly [text: string, family: 4 | 6, value: bigint][] = [
  ['0.0.0.0', 4, 0n],
  ['127.0.0.1', 4, 0x7f00_0001n],
  ['255.255.255.255', 4, 0xffff_ffffn],
  ['::', 6, 0n],
  ['::1', 6, 1n],
  ['1::', 6, 1n << 112n],
  ['1:2:3:4:5:6:7:8', 6, 0x0001_0002_0003_0004_0005_0006_0007_0008n],
  ['1:2:3:4:5:6:7::', 6, 0x0001_0002_0003_0004_0005_0006_0007_0000n],
  ['::2:3:4:5:6:7:8', 6, 0x0000_0002_0003_0004_0005_0006_0007_0008n],
  ['FE80::ABCD', 6, (0xfe80n << 112n) | 0xabcdn],
  ['64:ff9b::10.1.2.3', 6, (0x0064_ff9bn << 96n) | 0x0a01_0203n],
  ['1:2:3:4:5:6:10.1.2.3', 6, 0x0001_0002_0003_0004_0005_0006_0a01_0203n],
  // One address, however it is written.
  ['::ffff:127.0.0.1', 4, 0x7f00_0001n],
  ['::FFFF:7f00:1', 4, 0x7f00_0001n],
  ['0:0:0:0:0:ffff:7f00:0001', 4, 0x7f00_0001n],
];
for (const [text, family, value] of addresses) {
  test(`an address is read: ${text}`, (t) => t.deepEqual(parseAddress(text), { family, value }));
}

const none = [
  '',
  ' ',
  'localhost',
  // What inet_aton would read, each in its own way.
  '127.1',
  '2130706433',
  '0x7f.0.0.1',
  '0177.0.0.1',
  '127.0.0.01',
  '127.0.0.1.',
  '127.0.0.256',
  '1.2.3',
  '1.2.3.4.5',
  ' 127.0.0.1',
  '127.0.0.1\n',
  '１27.0.0.1',
  ':',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1:2:3:4:5:6:7:8::',
  '::1:2:3:4:5:6:7:8',
  ':1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:',
  '12345::',
  '::g',
  '::1.2.3',
  '::1.2.3.4:5',
  '1.2.3.4::',
  '::01.2.3.4',
  'fe80::1%eth0',
  '[::1]',
  '::1/128',
];
for (const text of none) {
  test(`no address: ${JSON.stringify(text)}`, (t) => {
    t.is(parseAddress(text), undefined);
    t.is(refusalOf(text, { refused: [], allowed: ['0.0.0.0/0', '::/0'] }), 'not an address');
  });
}

test('a network is its first bits, of its own family alone', (t) => {
  t.true(within('10.255.255.255', '10.0.0.0/8'));
  t.true(within('10.255.255.255', '10.1.2.3/8'));
  t.false(within('11.0.0.0', '10.0.0.0/8'));
  t.true(within('10.0.0.1', '10.0.0.1'));
  t.false(within('10.0.0.2', '10.0.0.1/32'));
  t.true(within('8.8.8.8', '0.0.0.0/0'));
  t.false(within('::808:808', '0.0.0.0/0'));
  t.false(within('8.8.8.8', '::/0'));
  t.true(within('febf::1', 'fe80::/10'));
  t.false(within('fec0::1', 'fe80::/10'));
  t.true(within('::ffff:10.1.1.1', '10.0.0.0/8'));
});

test('a network that cannot be read is an error, never no rule', (t) => {
  const bad = ['', 'x', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/8/8', '10.0.0.0/8x', '::/129', '10/8'];
  for (const text of [...bad, '::ffff:10.0.0.0/104', '10.0.0.0/ 8']) {
    t.throws(() => parseNetwork(text), { instanceOf: RangeError }, text);
  }
});

const refusals: readonly [address: string, why: string | undefined][] = [
  ['10.96.0.1', 'the API server'],
  ['172.18.0.2', 'the API server'],
  ['fd00:10:96::1', 'the API server'],
  ['::ffff:10.96.0.1', 'the API server'],
  ['::ffff:a60:1', 'the API server'],
  ['64:ff9b::a60:1', 'the API server'],
  ['169.254.169.254', 'a metadata service'],
  ['::ffff:169.254.169.254', 'a metadata service'],
  ['64:ff9b::169.254.169.254', 'a metadata service'],
  ['64:ff9b:1::169.254.169.254', 'a metadata service'],
  ['::ffff:0:169.254.169.254', 'a metadata service'],
  ['::169.254.169.254', 'a metadata service'],
  ['2002:a9fe:a9fe::1', 'a metadata service'],
  ['2001:0:a9fe:a9fe::1', 'a metadata service'],
  // Teredo's clients are written as their complement.
  ['2001:0:808:808::5601:5601', 'a metadata service'],
  ['2001:db8::5efe:169.254.169.254', 'a metadata service'],
  ['2001:db8::200:5efe:a9fe:a9fe', 'a metadata service'],
  ['169.254.170.2', 'a metadata service'],
  ['168.63.129.16', 'a metadata service'],
  ['100.100.100.200', 'a metadata service'],
  ['fd00:ec2::254', 'a metadata service'],
  ['fd20:ce::254', 'a metadata service'],
  ['fe80::a9fe:a9fe', 'a metadata service'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.255', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::127.0.0.1', 'loopback'],
  ['0.0.0.0', 'this host'],
  ['0.1.2.3', 'this host'],
  ['::', 'this host'],
  ['169.254.1.1', 'link-local'],
  ['fe80::1', 'link-local'],
  ['febf::1', 'link-local'],
  ['fec0::1', 'link-local'],
  ['224.0.0.1', 'multicast'],
  ['239.255.255.255', 'multicast'],
  ['ff02::1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  // Clusters number their Services from any of these.
  ['10.96.0.2', undefined],
  ['172.18.0.3', undefined],
  ['192.168.1.1', undefined],
  ['100.64.0.1', undefined],
  ['198.18.0.1', undefined],
  ['240.0.0.1', undefined],
  ['fd00:10:96::2', undefined],
  ['8.8.8.8', undefined],
  ['2606:4700::1', undefined],
  ['64:ff9b::8.8.8.8', undefined],
  ['2002:808:808::1', undefined],
];
const refused = ['10.96.0.1', '172.18.0.0/31', '172.18.0.2', 'fd00:10:96::1'];
for (const [address, why] of refusals) {
  test(`${why === undefined ? 'may' : 'must not'} be reached: ${address}`, (t) => {
    t.is(refusalOf(address, { refused, allowed: [] }), why);
  });
}

test('what is allowed opens what is special, never the API server or a metadata service', (t) => {
  const all = { refused, allowed: ['0.0.0.0/0', '::/0'] };
  t.is(refusalOf('127.0.0.1', all), undefined);
  t.is(refusalOf('::1', all), undefined);
  t.is(refusalOf('169.254.1.1', all), undefined);
  t.is(refusalOf('10.96.0.1', all), 'the API server');
  t.is(refusalOf('169.254.169.254', all), 'a metadata service');
  const one = { refused, allowed: ['127.0.0.2/32'] };
  t.is(refusalOf('127.0.0.2', one), undefined);
  t.is(refusalOf('::ffff:127.0.0.2', one), undefined);
  t.is(refusalOf('127.0.0.1', one), 'loopback');
  t.is(refusalOf('::1', one), 'loopback');
});

test('a rule that cannot be read refuses with an error', (t) => {
  t.throws(() => refusalOf('8.8.8.8', { refused: ['kubernetes'], allowed: [] }), { instanceOf: RangeError });
});

test('an ordinary IPv6 address carries no other', (t) => {
  for (const text of ['2606:4700::1', 'fd00::1', '::', '::1', '10.0.0.1']) {
    const address = parseAddress(text);
    t.deepEqual(address && carriedAddresses(address), [], text);
  }
});
