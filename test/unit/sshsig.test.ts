import test from 'ava';
import { createHash, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parsePublicKey } from '../../operator/votes/index.ts';
import { saidBy } from '../vectors/one-vote.ts';
import {
  armor,
  armored,
  dearmored,
  ecdsaBlob,
  ecdsaKey,
  ed25519Key,
  madeKey,
  mpint,
  rsaKey,
  securityKey,
  securityKeySignature,
  stockFingerprint,
  string,
  toSign,
  workshop,
  type MadeKey,
} from '../vectors/ssh.ts';

/** RFC 8032 section 5.1. */
const GROUP_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const { makeKey, stockVerifies, remove } = workshop();
test.after.always(remove);

const statements = { approve: '{\n  "decision": "approve"\n}\n', reject: '{\n  "decision": "reject"\n}\n' };
const reasonOf = (key: string, vote: string, policy = {}): string => saidBy({ armor: vote, statements, key, policy });
const enrolment = (line: string): string => {
  const parsed = parsePublicKey(line);
  return parsed.ok ? 'accepted' : parsed.reason;
};
const rsa = (e: Uint8Array, n: Uint8Array): string =>
  `ssh-rsa ${Buffer.concat([string('ssh-rsa'), e, n]).toString('base64')}`;
const ec = (type: string, curve: string, point: Uint8Array): string =>
  madeKey(type, ed25519Key().privateKey, Buffer.from(curve), point).line;
const edSignature = (key: MadeKey, text: string, hash = 'sha512'): Buffer =>
  Buffer.concat([string('ssh-ed25519'), string(sign(null, toSign(text, hash), key.privateKey))]);

for (const type of [
  ['ed25519'],
  ['ecdsa', '-b', '256'],
  ['ecdsa', '-b', '384'],
  ['ecdsa', '-b', '521'],
  ['rsa', '-b', '3072'],
  ['rsa', '-b', '4096'],
])
  for (const hash of ['sha256', 'sha512'] as const)
    test(`a vote of stock ssh-keygen counts: ${type.join(' ')}, ${hash}`, (t) => {
      const key = makeKey(...type);
      const vote = key.sign(statements.approve, { hash });
      t.is(reasonOf(key.line, vote), 'approve');
      t.is(reasonOf(key.line, vote.trimEnd()), 'approve', 'a shell strips the last line break');
      t.is(reasonOf(key.line, key.sign(statements.reject, { hash })), 'reject');
      t.is(reasonOf(key.line, key.sign(`${statements.approve} `, { hash })), 'WrongStatement');
      t.is(reasonOf(key.line, key.sign(statements.approve, { hash, namespace: 'git' })), 'WrongNamespace');
      t.is(reasonOf(ed25519Key().line, vote), 'NotEnrolled');
      const parsed = parsePublicKey(key.line);
      t.is(parsed.ok && parsed.key.fingerprint, stockFingerprint(key.line));
      t.is(parsed.ok && parsed.key.comment, 'approver@example');
    });

test('RSA of 2048 bits and DSA are refused although ssh-keygen makes them', (t) => {
  const short = makeKey('rsa', '-b', '2048');
  t.is(reasonOf(short.line, short.sign(statements.approve)), 'WeakKey');
  t.is(enrolment(makeKey('dsa').line), 'UnsupportedKeyType');
});

for (const algorithm of ['ed25519', 'ecdsa'] as const) {
  test(`a security key's vote counts, and stock ssh-keygen agrees: ${algorithm}`, (t) => {
    const key = securityKey(algorithm);
    for (const hash of ['sha256', 'sha512']) {
      const vote = securityKeySignature(key, statements.approve, { hash });
      t.is(reasonOf(key.line, vote), 'approve');
      t.is(reasonOf(key.line, vote, { requireTouch: true }), 'approve');
      t.true(stockVerifies(vote, statements.approve, `alice ${key.line}\n`));
    }
    t.is(reasonOf(key.line, securityKeySignature(key, statements.reject)), 'reject');
  });

  test(`a security key's touch is required always, its PIN when asked for: ${algorithm}`, (t) => {
    const key = securityKey(algorithm);
    const flagged = (flags: number): string => securityKeySignature(key, statements.approve, { flags });
    t.is(reasonOf(key.line, flagged(0)), 'TouchMissing');
    t.is(reasonOf(key.line, flagged(4)), 'TouchMissing');
    t.is(reasonOf(key.line, flagged(0x81)), 'approve', 'other flags do not matter');
    t.is(reasonOf(key.line, flagged(1), { requireUserVerification: true }), 'UserVerificationMissing');
    t.is(reasonOf(key.line, flagged(5), { requireUserVerification: true, requireTouch: true }), 'approve');
  });

  test(`flags, counter and application of a security key are signed: ${algorithm}`, (t) => {
    const key = securityKey(algorithm);
    const bytes = dearmored(securityKeySignature(key, statements.approve, { flags: 0, counter: 7 }));
    for (const fromEnd of [1, 2, 3, 4, 5]) {
      const forged = Buffer.from(bytes);
      forged.writeUInt8((forged.at(-fromEnd) ?? 0) ^ 1, forged.length - fromEnd);
      t.is(reasonOf(key.line, armor(forged)), 'WrongStatement');
    }
    const other = securityKeySignature(key, statements.approve, { application: 'ssh:other' });
    t.is(reasonOf(key.line, other), 'WrongStatement');
    t.is(enrolment(securityKey(algorithm, 'https://example.com').line), 'WeakKey');
  });
}

test('a key in software cannot prove a touch or a PIN', (t) => {
  const key = ed25519Key();
  const vote = armored({ publicKey: key.blob, signature: edSignature(key, statements.approve) });
  t.is(reasonOf(key.line, vote), 'approve');
  t.is(reasonOf(key.line, vote, { requireTouch: true }), 'TouchMissing');
  t.is(reasonOf(key.line, vote, { requireUserVerification: true }), 'UserVerificationMissing');
});

test('each field of the format is checked', (t) => {
  const key = ed25519Key();
  const signature = edSignature(key, statements.approve);
  const good = { publicKey: key.blob, signature };
  t.is(reasonOf(key.line, armored(good)), 'approve');
  t.is(reasonOf(key.line, armored({ ...good, magic: 'SSHSIQ' })), 'BadEncoding');
  t.is(reasonOf(key.line, armored({ ...good, version: 0 })), 'UnsupportedVersion');
  t.is(reasonOf(key.line, armored({ ...good, version: 2 })), 'UnsupportedVersion');
  t.is(reasonOf(key.line, armored({ ...good, namespace: 'file' })), 'WrongNamespace');
  t.is(reasonOf(key.line, armored({ ...good, namespace: '' })), 'WrongNamespace');
  t.is(reasonOf(key.line, armored({ ...good, namespace: 'vote.v1@twinlock.dev\0' })), 'BadEncoding');
  t.is(reasonOf(key.line, armored({ ...good, reserved: 'x' })), 'BadEncoding');
  t.is(reasonOf(key.line, armored({ ...good, trailing: Buffer.of(0) })), 'BadEncoding');
  t.is(reasonOf(key.line, armored({ ...good, hash: 'sha256' })), 'WrongStatement');
  for (const hash of ['sha1', 'md5', 'SHA512', 'sha384', ''])
    t.is(reasonOf(key.line, armored({ ...good, hash })), 'UnsupportedHash');
  t.is(reasonOf(key.line, armored({ ...good, signature: Buffer.concat([signature, Buffer.of(0)]) })), 'BadEncoding');
  t.is(reasonOf(key.line, armored({ ...good, signature: Buffer.alloc(0) })), 'BadEncoding');
  t.is(
    reasonOf(key.line, armored({ ...good, signature: Buffer.concat([string('ssh-ed25519'), string('')]) })),
    'WrongStatement',
  );
});

test('a hash that the signer chose badly is refused although the signature over it is right', (t) => {
  const key = ed25519Key();
  const signature = edSignature(key, statements.approve, 'sha1');
  t.is(reasonOf(key.line, armored({ publicKey: key.blob, signature, hash: 'sha1' })), 'UnsupportedHash');
});

test('the algorithm of the signature must belong to the enrolled key', (t) => {
  const rsa = rsaKey(3072);
  const rsaVote = (algorithm: string, hash: string): string => {
    const raw = sign(hash, toSign(statements.approve), rsa.privateKey);
    return armored({ publicKey: rsa.blob, signature: Buffer.concat([string(algorithm), string(raw)]) });
  };
  t.is(reasonOf(rsa.line, rsaVote('rsa-sha2-512', 'sha512')), 'approve');
  t.is(reasonOf(rsa.line, rsaVote('rsa-sha2-256', 'sha256')), 'approve');
  t.is(reasonOf(rsa.line, rsaVote('rsa-sha2-256', 'sha512')), 'WrongStatement');
  t.is(reasonOf(rsa.line, rsaVote('ssh-rsa', 'sha1')), 'UnsupportedAlgorithm');
  t.is(reasonOf(rsa.line, rsaVote('ssh-rsa', 'sha512')), 'UnsupportedAlgorithm');
  const key = ed25519Key();
  const raw = sign(null, toSign(statements.approve), key.privateKey);
  for (const algorithm of [
    'ssh-rsa',
    'rsa-sha2-512',
    'ecdsa-sha2-nistp256',
    'ssh-dss',
    '',
    'constructor',
    '__proto__',
    'ssh-ed25519-cert-v01@openssh.com',
  ])
    t.is(
      reasonOf(key.line, armored({ publicKey: key.blob, signature: Buffer.concat([string(algorithm), string(raw)]) })),
      'UnsupportedAlgorithm',
    );
  const asSecurityKey = Buffer.concat([string('sk-ssh-ed25519@openssh.com'), string(raw), Buffer.of(1, 0, 0, 0, 1)]);
  t.is(reasonOf(key.line, armored({ publicKey: key.blob, signature: asSecurityKey })), 'UnsupportedAlgorithm');
  const sk = securityKey('ed25519');
  const asSoftware = Buffer.concat([
    string('ssh-ed25519'),
    string(sign(null, toSign(statements.approve), sk.privateKey)),
  ]);
  t.is(reasonOf(sk.line, armored({ publicKey: sk.blob, signature: asSoftware })), 'UnsupportedAlgorithm');
});

test('the key inside the signature is never the one that is believed', (t) => {
  const [alice, mallory] = [ed25519Key(), ed25519Key()];
  const vote = armored({ publicKey: alice.blob, signature: edSignature(mallory, statements.approve) });
  t.is(reasonOf(alice.line, vote), 'WrongStatement');
  t.is(
    reasonOf(alice.line, armored({ publicKey: mallory.blob, signature: edSignature(mallory, statements.approve) })),
    'NotEnrolled',
  );
  t.is(
    reasonOf(alice.line, armored({ publicKey: mallory.blob, signature: edSignature(alice, statements.approve) })),
    'NotEnrolled',
  );
});

test('armor is strict', (t) => {
  const key = ed25519Key();
  const good = armored({ publicKey: key.blob, signature: edSignature(key, statements.approve) });
  const body = dearmored(good);
  t.is(reasonOf(key.line, armor(body, 64)), 'approve', 'other tools wrap at 64');
  t.is(reasonOf(key.line, good.trimEnd()), 'approve', 'a shell strips the final line break');
  const [begin = '', ...rest] = good.split('\n');
  const broken: Readonly<Record<string, string>> = {
    empty: '',
    'a line break': '\n',
    'text before': ` ${good}`,
    'text after': `${good}x`,
    'two final line breaks': `${good}\n`,
    'three final line breaks': `${good}\n\n`,
    CRLF: good.replaceAll('\n', '\r\n'),
    'no end': good.slice(0, -30),
    'only frames': `-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n`,
    'empty body': `-----BEGIN SSH SIGNATURE-----\n\n-----END SSH SIGNATURE-----\n`,
    'an empty line': [begin, '', ...rest].join('\n'),
    'a space': good.replace('\n', ' \n'),
    'one long line': armor(body, 5000),
    'ragged lines': good.replace(/(.{10})\n-----END/, '\n$1\n-----END'),
    'url-safe alphabet': good.replace('U1NIU0lH', 'U1NIU0l_'),
    twice: good + good,
    'another label': good.replaceAll('SSH SIGNATURE', 'SSH SIGNATURES'),
    'stray bits': good.replace(
      /(.)(=*)\n-----END/,
      (_all, last: string, pad: string) =>
        `${pad === '' ? `${last}=` : String.fromCharCode(last.charCodeAt(0) + 1) + pad}\n-----END`,
    ),
  };
  for (const [name, vote] of Object.entries(broken)) t.is(reasonOf(key.line, vote), 'BadArmor', name);
});

test('every truncation and every size is refused without a throw', (t) => {
  const key = ed25519Key();
  const good = armored({ publicKey: key.blob, signature: edSignature(key, statements.approve) });
  const body = dearmored(good);
  for (let length = 0; length < body.length; length++)
    t.true(['BadEncoding', 'BadArmor'].includes(reasonOf(key.line, armor(body.subarray(0, length)))), String(length));
  t.is(reasonOf(key.line, `${good}${' '.repeat(6144)}`), 'TooLarge');
  t.is(reasonOf(key.line, armor(Buffer.alloc(5000))), 'TooLarge');
  const huge = Buffer.from(body);
  huge.writeUInt32BE(0xffffffff, 10);
  t.is(reasonOf(key.line, armor(huge)), 'BadEncoding');
});

test('all 14 small-order keys are refused, though stock ssh-keygen accepts a forgery under each', (t) => {
  const encodings = JSON.parse(
    readFileSync(new URL('../vectors/small-order.json', import.meta.url), 'utf8'),
  ) as string[];
  t.is(new Set(encodings).size, 14);
  const { privateKey } = ed25519Key();
  for (const hex of encodings) {
    const key = madeKey('ssh-ed25519', privateKey, Buffer.from(hex, 'hex'));
    const { text, signature } = forgery(Buffer.from(hex, 'hex'));
    const blob = Buffer.concat([string('ssh-ed25519'), string(signature)]);
    const vote = armored({ publicKey: key.blob, signature: blob });
    t.true(stockVerifies(vote, text, `alice ${key.line}\n`), `${hex}: made without any private key`);
    t.is(saidBy({ armor: vote, statements: { approve: text, reject: 'x' }, key: key.line }), 'WeakKey', hex);
    t.is(
      enrolment(madeKey('sk-ssh-ed25519@openssh.com', privateKey, Buffer.from(hex, 'hex'), Buffer.from('ssh:')).line),
      'WeakKey',
    );
  }
});

/** R the neutral element and S zero: right for a text whose hash is a multiple of 8, the largest small order. */
function forgery(point: Buffer): { text: string; signature: Buffer } {
  const signature = Buffer.concat([Buffer.of(1), Buffer.alloc(63)]);
  for (let attempt = 0; ; attempt++) {
    const text = `text ${attempt}`;
    const hash = createHash('sha512').update(signature.subarray(0, 32)).update(point).update(toSign(text)).digest();
    const scalar = BigInt(`0x${Buffer.from(hash.toReversed()).toString('hex')}`) % GROUP_ORDER;
    if (scalar % 8n === 0n) return { text, signature };
  }
}

test('other second encodings of an Ed25519 point are refused too', (t) => {
  for (let above = 2; above < 19; above++) {
    const point = Buffer.from('edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f', 'hex');
    point.writeUInt8(0xed + above, 0);
    t.false(parsePublicKey(madeKey('ssh-ed25519', ed25519Key().privateKey, point).line).ok);
  }
});

test('an Ed25519 signature has no second form: S + L is refused', (t) => {
  const key = ed25519Key();
  const raw = sign(null, toSign(statements.approve), key.privateKey);
  const s = BigInt(`0x${Buffer.from(raw.subarray(32).toReversed()).toString('hex')}`) + GROUP_ORDER;
  const second = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').toReversed();
  const signature = Buffer.concat([string('ssh-ed25519'), string(Buffer.concat([raw.subarray(0, 32), second]))]);
  t.is(reasonOf(key.line, armored({ publicKey: key.blob, signature })), 'WrongStatement');
});

test('integers of an ECDSA signature have one form and one range', (t) => {
  const key = ecdsaKey();
  const vote = (...integers: Uint8Array[]): string =>
    armored({ publicKey: key.blob, signature: Buffer.concat([string(key.type), string(Buffer.concat(integers))]) });
  t.is(reasonOf(key.line, vote(ecdsaBlob(toSign(statements.approve), key.privateKey))), 'approve');
  const one = string(Buffer.of(1));
  t.is(reasonOf(key.line, vote(one, one)), 'WrongStatement');
  t.is(reasonOf(key.line, vote(string(Buffer.of(0, 1)), one)), 'BadEncoding', 'not minimal');
  t.is(reasonOf(key.line, vote(string(Buffer.of(0x81)), one)), 'BadEncoding', 'negative');
  t.is(reasonOf(key.line, vote(string(''), one)), 'BadEncoding', 'zero');
  t.is(reasonOf(key.line, vote(string(Buffer.alloc(33, 1)), one)), 'BadEncoding', 'longer than the curve');
  t.is(reasonOf(key.line, vote(one, one, one)), 'BadEncoding', 'three of them');
  t.is(reasonOf(key.line, vote(string(Buffer.concat([Buffer.of(0), Buffer.alloc(32, 0xff)])), one)), 'WrongStatement');
});

test('unsafe and impossible keys cannot be enrolled', (t) => {
  const e = string(Buffer.of(1, 0, 1));
  const n = Buffer.alloc(384, 0xff);
  t.is(enrolment(rsa(e, mpint(n))), 'accepted');
  t.is(enrolment(rsa(string(Buffer.of(1)), mpint(n))), 'WeakKey', 'every text signs itself');
  t.is(enrolment(rsa(string(Buffer.of(3)), mpint(n))), 'WeakKey');
  t.is(enrolment(rsa(string(Buffer.of(1, 0, 2)), mpint(n))), 'WeakKey', 'even exponent');
  t.is(enrolment(rsa(string(Buffer.alloc(9, 1)), mpint(n))), 'WeakKey', 'endless exponent');
  t.is(enrolment(rsa(e, mpint(Buffer.concat([n.subarray(1), Buffer.of(0xfe)])))), 'WeakKey', 'even modulus');
  t.is(enrolment(rsa(e, mpint(n.subarray(1)))), 'WeakKey', '3064 bits');
  t.is(enrolment(rsa(e, mpint(Buffer.concat([Buffer.of(0x7f), n.subarray(1)])))), 'WeakKey', '3071 bits');
  t.is(enrolment(rsa(e, mpint(Buffer.alloc(2049, 0xff)))), 'BadEncoding', 'endless modulus');
  t.is(enrolment(rsa(e, string(Buffer.concat([Buffer.of(0, 0), n])))), 'BadEncoding', 'not minimal');
  t.is(enrolment(ec('ecdsa-sha2-nistp256', 'nistp256', Buffer.of(0))), 'BadEncoding', 'the point at infinity');
  t.is(
    enrolment(ec('ecdsa-sha2-nistp256', 'nistp384', Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]))),
    'BadEncoding',
  );
  t.is(
    enrolment(ec('ecdsa-sha2-nistp256', 'nistp256', Buffer.concat([Buffer.of(2), Buffer.alloc(32, 1)]))),
    'BadEncoding',
    'compressed',
  );
  t.is(enrolment(madeKey('ssh-ed25519', ed25519Key().privateKey, Buffer.alloc(31, 7)).line), 'WeakKey');
});

test('a public key is one line: type, canonical base64, comment', (t) => {
  const { line, blob } = ed25519Key();
  t.true(parsePublicKey(line).ok);
  t.true(parsePublicKey(`${line} alice@example with words\n`).ok);
  for (const bad of [
    '',
    'ssh-ed25519',
    `  ${line}`,
    `from="*" ${line}`,
    `${line}\n${line}`,
    `${line}\r\n`,
    line.replace(' ', '  '),
    line.replace('ssh-ed25519', 'ssh-rsa'),
    line.replace('ssh-ed25519', 'ssh-ed25519-cert-v01@openssh.com'),
    line.replace('ssh-ed25519', 'constructor'),
    `ssh-ed25519 ${Buffer.concat([blob, Buffer.of(0)]).toString('base64')}`,
    `${line}=`,
    `ssh-ed25519 ${Buffer.concat([string('ssh-dss'), blob.subarray(15)]).toString('base64')}`,
    `# ${line}`,
    'x'.repeat(9000),
  ])
    t.false(parsePublicKey(bad).ok, bad.slice(0, 60));
});

test('a certificate of an approver key is no key', (t) => {
  const { privateKey, blob } = ed25519Key();
  const cert = madeKey(
    'ssh-ed25519-cert-v01@openssh.com',
    privateKey,
    createHash('sha256').update('nonce').digest(),
    blob,
  );
  const parsed = parsePublicKey(cert.line);
  t.is(!parsed.ok && parsed.reason, 'UnsupportedKeyType');
});

test('texts that cannot be told apart decide nothing', (t) => {
  const key = ed25519Key();
  const vote = (text: string): string => armored({ publicKey: key.blob, signature: edSignature(key, text) });
  const verdict = (approve: string, reject: string): boolean =>
    saidBy({ armor: vote(approve), statements: { approve, reject }, key: key.line }) === 'approve';
  t.true(verdict('a', 'b'));
  t.false(verdict('a', 'a'));
  t.false(verdict('', 'b'));
  t.false(verdict('a', ''));
});
