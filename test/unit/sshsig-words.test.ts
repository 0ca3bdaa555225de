/** What the sender of a signature, or who enrols a key, is told: each refusal in its words. */
import test from 'ava';
import { sign } from 'node:crypto';
import { parsePublicKey } from '../../operator/votes/index.ts';
import { countOne } from '../vectors/one-vote.ts';
import {
  armor,
  armored,
  dearmored,
  ecdsaKey,
  ed25519Key,
  madeKey,
  mpint,
  rsaKey,
  securityKey,
  string,
  toSign,
  type Parts,
} from '../vectors/ssh.ts';

const statements = { approve: 'yes\n', reject: 'no\n' };
const key = ed25519Key();
const [curve, security] = [ecdsaKey(), securityKey('ed25519')];
const raw = sign(null, toSign(statements.approve), key.privateKey);
const signature = Buffer.concat([string('ssh-ed25519'), string(raw)]);
const made = (changed: Partial<Parts>): string => armored({ publicKey: key.blob, signature, ...changed });
const told = (vote: string, line = key.line): string => {
  const [only] = countOne({ armor: vote, statements, key: line }).votes;
  return `${only?.reason}: ${only?.message}`;
};
const good = made({});
const frame = (body: string): string => `-----BEGIN SSH SIGNATURE-----\n${body}\n-----END SSH SIGNATURE-----`;
const asIs = 'annotate the .sig file as it is';
const ragged = `BadArmor: the vote is no SSH signature: its lines are not as ssh-keygen writes them; ${asIs}`;
const unread = 'BadEncoding: this is no SSHSIG: sign with ssh-keygen -Y sign';
const early = 'BadEncoding: the data ends too early: copy all of it';
const ecdsa = (...integers: readonly Uint8Array[]): string =>
  armored({ publicKey: curve.blob, signature: Buffer.concat([string(curve.type), string(Buffer.concat(integers))]) });

const votes: readonly (readonly [string, string, string])[] = [
  ['an armor of lines of 76', armor(dearmored(good), 76), 'Counted: alice approved'],
  ['an armor of lines of 77', armor(dearmored(good), 77), ragged],
  ['an armor with a last line that is longer', frame('AAAA\nAAAAAAAA'), ragged],
  ['an armor with lines of two lengths', frame('AAAAAAAA\nAAAA\nAAAAAAAA'), ragged],
  ['an armor with nothing in it', frame(''), ragged],
  ['a frame whose ends share a line break', '-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----', ragged],
  [
    'an armor that is no base64',
    frame('AAB='),
    `BadArmor: the vote is no SSH signature: it is no canonical base64; ${asIs}`,
  ],
  ['another magic', made({ magic: 'SSHSIQ' }), unread],
  ['nothing but a magic', armor(Buffer.from('SSHSIG')), early],
  ['another version', made({ version: 2 }), 'UnsupportedVersion: SSHSIG version 2 is not known, only 1'],
  [
    'another purpose',
    made({ namespace: 'git' }),
    'WrongNamespace: it was signed for another purpose, git: sign with -n vote.v1@twinlock.dev',
  ],
  ['a purpose that is no text', made({ namespace: 'a\n' }), 'BadEncoding: a name holds unprintable bytes'],
  ['a purpose with a delete in it', made({ namespace: 'a\u007f' }), 'BadEncoding: a name holds unprintable bytes'],
  [
    'a purpose with the last of letters',
    made({ namespace: '~' }),
    'WrongNamespace: it was signed for another purpose, ~: sign with -n vote.v1@twinlock.dev',
  ],
  [
    'a purpose of a space',
    made({ namespace: ' ' }),
    'WrongNamespace: it was signed for another purpose,  : sign with -n vote.v1@twinlock.dev',
  ],
  ['something reserved', made({ reserved: 'x' }), 'BadEncoding: the reserved field is not empty'],
  ['another hash', made({ hash: 'sha1' }), 'UnsupportedHash: the message must be hashed with sha256 or sha512'],
  ['bytes at the end', made({ trailing: Buffer.of(0) }), 'BadEncoding: there are bytes after the end'],
  [
    'another algorithm',
    made({ signature: Buffer.concat([string('ssh-rsa'), string(raw)]) }),
    'UnsupportedAlgorithm: this signature algorithm is not accepted for a key of type ssh-ed25519',
  ],
];
for (const [what, vote, message] of votes)
  test(`what a signature is told: ${what}`, (t) => {
    t.is(told(vote), message);
  });

test('a frame of other words, however long, holds no signature', (t) => {
  for (const other of [good.replace('BEGIN SSH', 'BEGIN-SSH'), good.replace('END SSH', 'END-SSH')]) {
    const [only] = countOne({ armor: other, statements, key: key.line }).votes;
    t.is(other.length, good.length);
    t.deepEqual([only?.valid, only?.reason], [false, 'BadArmor']);
  }
});

const numbers: readonly (readonly [string, readonly Uint8Array[], string])[] = [
  ['a negative one', [string(Buffer.of(0x80)), mpint(Buffer.of(1))], 'BadEncoding: an integer is negative'],
  ['zero', [string(''), mpint(Buffer.of(1))], 'BadEncoding: an integer is zero or too large'],
  [
    'one that is too long to be one',
    [string(Buffer.alloc(2050, 1)), mpint(Buffer.of(1))],
    'BadEncoding: an integer is zero or too large',
  ],
  [
    'one with a zero before it',
    [string(Buffer.of(0, 1)), mpint(Buffer.of(1))],
    'BadEncoding: an integer is not in its minimal form',
  ],
  [
    'a first one beyond the curve',
    [mpint(Buffer.alloc(33, 1)), mpint(Buffer.of(1))],
    'BadEncoding: the signature is longer than its curve allows',
  ],
  [
    'a second one beyond the curve',
    [mpint(Buffer.of(1)), mpint(Buffer.alloc(33, 1))],
    'BadEncoding: the signature is longer than its curve allows',
  ],
];
for (const [what, integers, message] of numbers)
  test(`what the integers of a signature are told: ${what}`, (t) => {
    t.is(told(ecdsa(...integers), curve.line), message);
  });

const line = (type: string, ...fields: readonly Uint8Array[]): string => madeKey(type, key.privateKey, ...fields).line;
const rsa = (e: Uint8Array, n: Uint8Array): string =>
  `ssh-rsa ${Buffer.concat([string('ssh-rsa'), mpint(e), mpint(n)]).toString('base64')}`;
const modulus = (bits: number): Buffer =>
  Buffer.concat([Buffer.of(0x80 >> (8 - (bits % 8 || 8))), Buffer.alloc(Math.ceil(bits / 8) - 1, 1)]);
const three = Buffer.of(1, 0, 1);
const nameOf = (curveName: string): Buffer => Buffer.from(curveName);
const weak = (why: string): string => `WeakKey: the key is unfit, ${why}: make a new one with ssh-keygen -t ed25519`;
const noLine = 'BadEncoding: this is no OpenSSH public key: paste the one line of the .pub file';
const compressed = 'BadEncoding: the point of the key is not in the uncompressed form';

const lines: readonly (readonly [string, string, string])[] = [
  ['nothing', '', noLine],
  ['two lines', `${key.line}\n${key.line}`, noLine],
  ['a type alone', 'ssh-ed25519', noLine],
  ['base64 with a stray bit', 'ssh-ed25519 AAAAB', noLine],
  ['something before', ` ${key.line}`, noLine],
  [
    'a type that is not taken',
    key.line.replace('ssh-ed25519', 'ssh-dss'),
    'UnsupportedKeyType: only ed25519, ecdsa, rsa (3072 bits or more) and their security-key forms are accepted, no certificates and no DSA',
  ],
  [
    'a type that is another inside',
    key.line.replace('ssh-ed25519', 'ssh-rsa'),
    'BadEncoding: the key is of another type than its line says',
  ],
  ['a point that proves nothing', line('ssh-ed25519', Buffer.alloc(32)), weak('its point would let anybody sign')],
  ['a point that is short', line('ssh-ed25519', Buffer.alloc(31, 7)), weak('its point would let anybody sign')],
  [
    'another curve',
    line('ecdsa-sha2-nistp256', nameOf('nistp384'), Buffer.alloc(65, 4)),
    'BadEncoding: the key is on another curve than its type says',
  ],
  [
    'a compressed point',
    line('ecdsa-sha2-nistp256', nameOf('nistp256'), Buffer.concat([Buffer.of(2), Buffer.alloc(64, 1)])),
    compressed,
  ],
  [
    'a point that is too long',
    line('ecdsa-sha2-nistp256', nameOf('nistp256'), Buffer.concat([Buffer.of(4), Buffer.alloc(65, 1)])),
    compressed,
  ],
  [
    'a point off the curve',
    line('ecdsa-sha2-nistp256', nameOf('nistp256'), Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)])),
    'WeakKey: the key has impossible parameters: make a new one with ssh-keygen',
  ],
  ['RSA of 3071 bits', rsa(three, modulus(3071)), weak('it has 3071 bits and RSA needs 3072')],
  ['RSA of 16385 bits', rsa(three, modulus(16_385)), weak('it has 16385 bits and at most 16384 can be verified')],
  [
    'RSA with an even modulus',
    rsa(three, Buffer.concat([modulus(3072).subarray(0, -1), Buffer.of(2)])),
    weak('its numbers are unsafe'),
  ],
  ['RSA with an exponent of 65535', rsa(Buffer.of(0xff, 0xff), modulus(3072)), weak('its numbers are unsafe')],
  ['RSA with an even exponent', rsa(Buffer.of(1, 0, 2), modulus(3072)), weak('its numbers are unsafe')],
  ['RSA with an exponent of five bytes', rsa(Buffer.of(1, 0, 0, 0, 1), modulus(3072)), weak('its numbers are unsafe')],
  ['a security key of a web page', securityKey('ed25519', 'https://x').line, weak('its application is not ssh:')],
];
for (const [what, text, message] of lines)
  test(`what the line of a key is told: ${what}`, (t) => {
    const parsed = parsePublicKey(text);
    t.is(parsed.ok ? 'accepted' : `${parsed.reason}: ${parsed.message}`, message);
  });

test('keys that are taken are told as they are', (t) => {
  const of = parsePublicKey(`${key.line}  a comment \n`);
  t.like(of, { ok: true, key: { type: 'ssh-ed25519', comment: 'a comment' } });
  t.true(parsePublicKey(rsa(three, modulus(3072))).ok);
  t.true(parsePublicKey(rsa(three, modulus(16_384))).ok);
  t.true(parsePublicKey(rsa(Buffer.of(1, 0, 0, 1), modulus(3072))).ok);
  t.true(parsePublicKey(security.line).ok);
  t.is(parsePublicKey(key.line), parsePublicKey(key.line), 'and read once');
  t.true(parsePublicKey(rsaKey(3072, 65_537).line).ok);
});
