/** Signed notes and the heads of chains that they carry. */
import test from 'ava';
import { createHash, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { digestOfBytes } from '../../operator/canonical/index.ts';
import {
  checkpointText,
  departureOf,
  headFieldOf,
  headKeysOf,
  keyLine,
  keyName,
  parseKeyLine,
  readCheckpoint,
  signCheckpoint,
  signersOf,
} from '../../operator/records/index.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const cluster = '6c1f5a0e-0b0e-4b7e-9c2e-0d9b7d3f6a11';
const at = { cluster, namespace: 'shop', target: 'web', size: 12, digest: digestOfBytes('head') };
const line = keyLine(keyName(cluster), createPublicKey(privateKey));
const key = parseKeyLine(line)!;
const note = signCheckpoint(at, privateKey);

test('a checkpoint is three lines and a signature, and reads back as it was', (t) => {
  const [origin, size, hash, empty, signature, end] = note.split('\n');
  t.is(origin, `twinlock.dev/records/v1/${cluster}/shop/web`);
  t.is(size, '12');
  t.is(Buffer.from(hash ?? '', 'base64').toString('hex'), at.digest.slice('sha256:'.length));
  t.is(empty, '');
  t.regex(signature ?? '', new RegExp(`^— twinlock\\.dev/records/v1/${cluster} [A-Za-z0-9+/]{91}=$`));
  t.is(end, '');
  const read = readCheckpoint(note);
  t.like(read, at);
  t.is(read?.note.text, checkpointText(at));
  t.deepEqual(signersOf(read!.note, [key]), [key]);
});

test('a note is read up to 16,384 characters, whoever signed it beside the cluster', (t) => {
  const signature = Buffer.alloc(68).toString('base64');
  const [start, end] = [`${note}— `, ` ${signature}\n`];
  const of = (characters: number): string => `${start}${'w'.repeat(characters - start.length - end.length)}${end}`;
  t.is(readCheckpoint(of(16_384))?.note.signatures.length, 2);
  t.is(readCheckpoint(of(16_385)), undefined);
});

/** The note with another signature of so many bytes. */
const signedWith = (bytes: number): string => `${note}— witness ${Buffer.alloc(bytes).toString('base64')}\n`;

test('a signature has four bytes that name its key and at least one of its own', (t) => {
  t.is(readCheckpoint(signedWith(5))?.note.signatures.length, 2);
  for (const bytes of [1, 3, 4]) t.is(readCheckpoint(signedWith(bytes)), undefined, String(bytes));
});

// The example of C2SP signed-note, signed by nobody here; its own text is no checkpoint of ours.
test('a note of somebody else is no checkpoint', (t) => {
  const other =
    'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n' +
    '— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n';
  t.is(readCheckpoint(other), undefined);
});

// The key of the Go checksum database, from cmd/go/internal/modfetch/key.go: id, type and key as Go reads them.
test('the line of a key is the one that Go writes', (t) => {
  const go = 'sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8';
  const read = parseKeyLine(go);
  t.is(read?.name, 'sum.golang.org');
  t.is(keyLine('sum.golang.org', read!.publicKey), go);
  t.is(parseKeyLine(go.replace('033de0ae', '033de0af')), undefined, 'another id');
  t.is(parseKeyLine(go.replace('+Ac4', '+Bc4')), undefined, 'another type');
  t.is(parseKeyLine(`${go}A`), undefined);
  const short = Buffer.alloc(31, 7);
  const id = createHash('sha256')
    .update('short\n')
    .update(Buffer.from([1]))
    .update(short)
    .digest('hex')
    .slice(0, 8);
  t.is(parseKeyLine(`short+${id}+${Buffer.concat([Buffer.from([1]), short]).toString('base64')}`), undefined);
  t.is(parseKeyLine('ssh-ed25519 AAAA'), undefined);
});

test('a changed text, a changed signature and another key do not pass; unknown signatures are passed over', (t) => {
  const signers = (text: string) => {
    const read = readCheckpoint(text);
    return read === undefined ? undefined : signersOf(read.note, [key]).length;
  };
  t.is(signers(note), 1);
  t.is(signers(note.replace('\n12\n', '\n11\n')), 0);
  const other = generateKeyPairSync('ed25519').privateKey;
  const foreign = signCheckpoint(at, other);
  t.is(signers(foreign), 0);
  const added = foreign.split('\n').at(-2) ?? '';
  t.is(signers(`${note}${added}\n`), 1);
  const bytes = Buffer.from(added.split(' ').at(-1) ?? '', 'base64');
  Buffer.from(key.keyId, 'hex').copy(bytes);
  const forged = `— ${keyName(cluster)} ${bytes.toString('base64')}\n`;
  t.is(signers(`${note}${forged}`), 0, 'a false signature of a known key spoils the whole note');
});

for (const [what, text] of [
  ['without an end', note.trimEnd()],
  ['with a control character', note.replace('shop', 'sh\u0007p')],
  ['with a carriage return', note.replace('\n', '\r\n')],
  ['with a size that begins with 0', note.replace('\n12\n', '\n012\n')],
  ['of no record', note.replace('\n12\n', '\n0\n')],
  ['with a fourth line', note.replace('\n\n', '\nmore\n\n')],
  ['of another origin', note.replaceAll('twinlock.dev/records/v1', 'twinlock.dev/records/v2')],
  ['with a short hash', note.replace(/\n[A-Za-z0-9+/=]{44}\n/, '\nAAAA\n')],
  ['with a signature line of another form', note.replace('— ', '- ')],
  ['with base64 that is not canonical', note.replace(/.=\n$/, 'B=\n')],
  ['larger than any', `${note}${note.split('\n').at(-2) ?? ''}\n`.repeat(200)],
] as const)
  test(`no checkpoint: a text ${what}`, (t) => t.is(readCheckpoint(text), undefined));

test('nothing stands behind a signature', (t) => {
  t.is(readCheckpoint(note.replace(/\n$/, ' and more\n')), undefined);
});

test('the text alone, as a witness keeps it, is a checkpoint that nobody signed', (t) => {
  const read = readCheckpoint(checkpointText(at));
  t.like(read, at);
  t.deepEqual(read?.note.signatures, []);
  t.deepEqual(signersOf(read!.note, [key]), []);
});

test('a chain goes on from what was signed, was cut, or was written anew', (t) => {
  const chain = [1, 2, 3].map((sequence) => ({ sequence, digest: digestOfBytes(String(sequence)) }));
  const signed = (size: number, digest = digestOfBytes(String(size))) => departureOf(chain, { size, digest });
  t.is(signed(2), undefined);
  t.is(signed(3), undefined);
  t.deepEqual(signed(4), {
    kind: 'Cut',
    message: 'record 4 was signed for and the last one is 3: record 4 was cut off',
  });
  t.regex(signed(6)?.message ?? '', /records 4 to 6 were cut off/);
  t.is(signed(2, digestOfBytes('x'))?.kind, 'Rewritten');
  t.is(departureOf(chain.slice(1), { size: 1, digest: digestOfBytes('1') })?.kind, 'Rewritten');
  t.is(departureOf([], { size: 1, digest: digestOfBytes('1') })?.kind, 'Cut');
});

test('no two chains share a field, and the keys stand one a line', (t) => {
  t.is(headFieldOf({ namespace: 'shop', target: 'web.eu' }), 'shop.web.eu');
  t.deepEqual(headKeysOf({ keys: 'a\nb\n' }), ['a', 'b']);
  t.deepEqual(headKeysOf(undefined), []);
});

test('a checkpoint is its three lines and no more', (t) => {
  const text = checkpointText(at);
  t.like(readCheckpoint(text), at);
  for (const other of [
    text.trimEnd(),
    `${text}more`,
    `${text.trimEnd()}\nmore`,
    `${text}\n`,
    `\n${text}`,
    text.replace(/12/, '012'),
  ])
    t.is(readCheckpoint(other), undefined, JSON.stringify(other));
});

test('the line of a key has nothing before or after it, and a name without blanks', (t) => {
  t.truthy(parseKeyLine(` ${line}\n`), 'blanks around it are no part of it');
  for (const other of [
    `x ${line}`,
    `${line} x`,
    `x+${line}`,
    `${line}+x`,
    line.replace('twinlock.dev', 'twinlock dev'),
    `+${line}`,
  ])
    t.is(parseKeyLine(other), undefined, other);
  t.is(
    parseKeyLine(line.replace(/\+([0-9a-f]{8})\+/, (_, id: string) => `+${id.toUpperCase().replace(/^\d*$/, 'A')}+`)),
    undefined,
  );
});
