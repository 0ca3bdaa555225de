import { generateKeyPairSync, sign } from 'node:crypto';
import test from 'ava';
import { countVotes, reviewKeyring, type CountInput, type KeyringSpec } from '../../operator/votes/index.ts';
import { approverKeyringSpec } from '../../operator/api/index.ts';
import { armored, ed25519Key, rsaKey, string, toSign, workshop, type MadeKey } from '../vectors/ssh.ts';

const now = Date.parse('2026-11-21T10:00:00Z');
const statements = {
  approve: '{\n  "decision": "approve",\n  "of": "round 2"\n}\n',
  reject: '{\n  "decision": "reject",\n  "of": "round 2"\n}\n',
};
const [alice, bob] = [ed25519Key(), ed25519Key()];
const people: KeyringSpec = {
  principals: [
    { name: 'alice', kubernetesUsers: ['alice'], keys: [{ publicKey: alice.line }] },
    { name: 'bob', kubernetesUsers: ['bob'], keys: [{ publicKey: bob.line }] },
  ],
};

function vote(value: string, changes: Partial<CountInput> = {}) {
  const { votes, verdict } = countVotes({
    now,
    round: { nonce: 'bbbb', notAfter: '2026-11-28T10:00:00Z', statements },
    keyring: people,
    policy: { quorum: [{ count: 1 }] },
    requestedBy: 'agent',
    annotations: { 'vote.twinlock.dev/a': value },
    ...changes,
  });
  const [only] = votes;
  if (only === undefined) throw new Error('the vote is not reported');
  return { ...only, verdict };
}

function signed(text: string | Buffer, key: MadeKey = alice, namespace = 'vote.v1@twinlock.dev'): string {
  const signature = Buffer.concat([
    string('ssh-ed25519'),
    string(sign(null, toSign(text, 'sha512', namespace), key.privateKey)),
  ]);
  return armored({ publicKey: key.blob, signature, namespace });
}

const good = signed(statements.approve);
const lines = good.trimEnd().split('\n');

test('the signature that is spoiled below is a good one', (t) => {
  t.is(vote(good).verdict, 'Approved');
  t.is(vote(good.trimEnd()).verdict, 'Approved');
});

/** What happens to a .sig file on its way into an annotation, and what its sender is told. */
const mishaps: readonly (readonly [string, string, RegExp])[] = [
  ['line ends as on Windows', good.replaceAll('\n', '\r\n'), /CRLF/],
  ['one line end as on Windows', good.replace('\n', '\r\n'), /CRLF/],
  ['YAML indentation', lines.map((line) => `    ${line}`).join('\n'), /indented/],
  ['YAML indentation of all but the first line', lines.join('\n  '), /indented/],
  ['tabs', lines.join('\n\t'), /indented/],
  ['a folded block or a missing quote', lines.join(' '), /line breaks became spaces/],
  ['escaped line breaks', lines.join('\\n'), /backslash and the letter n/],
  ['base64 once more', Buffer.from(good).toString('base64'), /encoded as base64 once more/],
  [
    'base64 once more, wrapped',
    Buffer.from(good)
      .toString('base64')
      .replace(/(.{76})/g, '$1\n'),
    /encoded as base64 once more/,
  ],
  ['the body alone', lines.slice(1, -1).join('\n'), /BEGIN and END lines are missing/],
  ['its end cut off', lines.slice(0, -1).join('\n'), /cut off before its END line/],
  ['spaces at the ends of lines', lines.join(' \n'), /end in spaces/],
  ['something before it', `Signing file s.json\n${good}`, /before its BEGIN line or after its END line/],
  ['something after it', `${good}\n\n`, /before its BEGIN line or after its END line/],
  ['words after it', `${good}\nthanks`, /before its BEGIN line or after its END line/],
  ['quotes around it', `"${good.trimEnd()}"`, /before its BEGIN line or after its END line/],
  ['a byte order mark', `\ufeff${good}`, /byte order mark/],
  ['two of them', good + good, /more than one signature/],
  ['a public key', alice.line, /this is a public key/],
  [
    'a private key',
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    /PRIVATE KEY.*revoked/,
  ],
  ['a PGP signature', '-----BEGIN PGP SIGNATURE-----\n\niQ==\n-----END PGP SIGNATURE-----', /PGP signature/],
  ['a PGP message', '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n', /PGP signature/],
  ['an X.509 signature', '-----BEGIN PKCS7-----\nMII=\n-----END PKCS7-----', /X\.509/],
  ["gitsign's", '-----BEGIN SIGNED MESSAGE-----\nMII=\n-----END SIGNED MESSAGE-----', /X\.509/],
  ["minisign's", 'untrusted comment: signature\nRWQ=\n', /signify or minisign/],
  ['the statement', statements.approve, /this is the statement itself/],
  ["the file's name", 's.json.sig', /name of a file/],
  ['nothing', '', /annotation is empty/],
  ['line breaks only', '\n\n', /annotation is empty/],
];
for (const [what, value, words] of mishaps)
  test(`a vote that lost its form is told what happened, and does not count: ${what}`, (t) => {
    const judged = vote(value);
    t.is(judged.reason, 'BadArmor');
    t.regex(judged.message, words);
    t.false(judged.valid);
    t.is(judged.verdict, 'Waiting');
    let seen = judged;
    for (const count of ['second', 'third']) {
      seen = vote(value, { seen: [seen] });
      t.is(seen.reason, 'BadArmor', `at the ${count} count too, from status`);
      t.is(seen.verdict, 'Waiting');
    }
  });

const windows = (text: string): string => text.replaceAll('\n', '\r\n');
/** What becomes of a statement on its way to ssh-keygen, in the words of the hint. */
const changed: readonly (readonly [string, string | Buffer])[] = [
  ['line ends as on Windows', windows(statements.approve)],
  ['line ends as on Windows', windows(statements.approve).slice(0, -2)],
  ['line ends as on Windows', `${windows(statements.approve)}\r\n`],
  ['without the line break at its end', statements.approve.slice(0, -1)],
  ['with one more line break at its end', `${statements.approve}\n`],
  ['byte order mark', `\ufeff${statements.approve}`],
  ['byte order mark', `\ufeff${windows(statements.approve)}`],
  ['UTF-16', Buffer.from(`\ufeff${windows(statements.approve)}`, 'utf16le')],
  ['UTF-16', Buffer.from(`\ufeff${windows(`${statements.approve}\n`)}`, 'utf16le')],
  ['on one line', JSON.stringify(JSON.parse(statements.approve))],
  ['on one line', `${JSON.stringify(JSON.parse(statements.approve))}\n`],
  ['quoted string', JSON.stringify(statements.approve)],
  ['quoted string', `${JSON.stringify(statements.approve)}\n`],
];
for (const [index, [words, text]] of changed.entries())
  test(`a good signature over a statement that was changed on its way says how, and does not count: ${words} (${index})`, (t) => {
    const judged = vote(signed(text));
    t.is(judged.reason, 'WrongStatement');
    t.true(judged.message.includes(words), judged.message);
    t.is(judged.verdict, 'Waiting');
    const no = vote(signed(typeof text === 'string' ? text.replace('approve', 'reject') : text));
    t.is(no.verdict, 'Waiting', 'nor does a reject');
  });

test('a signature over something else is told so without a guess', (t) => {
  t.regex(vote(signed('something else\n')).message, /another text than the statements/);
});

test('a signature that was made for another purpose says for which', (t) => {
  for (const namespace of ['git', 'file']) {
    const judged = vote(signed(statements.approve, alice, namespace));
    t.is(judged.reason, 'WrongNamespace');
    t.true(judged.message.includes(`another purpose, ${namespace}: sign with -n vote.v1@twinlock.dev`));
  }
});

const weak = rsaKey(2048);
const small = { ...ed25519Key(), blob: Buffer.concat([string('ssh-ed25519'), string(Buffer.alloc(32))]) };
const smallLine = `ssh-ed25519 ${small.blob.toString('base64')}`;

/** Keys that stand in a keyring and cannot count. */
const unusable: readonly (readonly [string, string, Buffer, string, RegExp])[] = [
  ['an RSA key of 2048 bits', weak.line, weak.blob, 'WeakKey', /2048 bits and RSA needs 3072/],
  ['an Ed25519 point under which anybody signs', smallLine, small.blob, 'WeakKey', /its point would let anybody sign/],
];
for (const [what, publicKey, blob, reason, words] of unusable)
  test(`a vote of an enrolled key that cannot be used is not sent in circles: ${what}`, (t) => {
    const keyring = { principals: [{ name: 'carol', keys: [{ publicKey }] }] };
    const forged = armored({
      publicKey: blob,
      signature: Buffer.concat([string('ssh-ed25519'), string(Buffer.alloc(64))]),
    });
    const judged = vote(forged, { keyring });
    t.is(judged.reason, reason as never);
    t.regex(judged.message, /of carol is in the keyring and cannot be used/);
    t.regex(judged.message, words);
    t.is(judged.principal, undefined, 'nobody proved to be carol');
    const { warnings, voters } = reviewKeyring(keyring, now);
    t.is(voters, 0);
    t.regex(warnings.join('\n'), words);
    t.regex(warnings.join('\n'), /principal carol has no key that counts now/);
  });

/** What the schema cannot see of a keyring. */
const reviewed: readonly (readonly [string, KeyringSpec['principals'], RegExp])[] = [
  [
    'a blob of another type',
    [{ name: 'a', keys: [{ publicKey: alice.line.replace('ssh-ed25519', 'ecdsa-sha2-nistp256') }] }],
    /another type than its line says/,
  ],
  ['a blob that is none', [{ name: 'a', keys: [{ publicKey: 'ssh-ed25519 AAAAB3Nz' }] }], /cannot be used/],
  [
    'one key of two people',
    [
      { name: 'a', keys: [{ publicKey: alice.line }] },
      { name: 'b', keys: [{ publicKey: `${alice.line} other comment` }] },
    ],
    /enrolled for several principals/,
  ],
  [
    'one key twice',
    [{ name: 'a', keys: [{ publicKey: alice.line }, { publicKey: `${alice.line} again` }] }],
    /enrolled 2 times/,
  ],
  [
    'a window that is over',
    [{ name: 'a', keys: [{ publicKey: alice.line, notAfter: '2026-11-20T00:00:00Z' }] }],
    /not valid after 2026-11-20T00:00:00Z: enrol a new one/,
  ],
  [
    'a window that lies ahead',
    [{ name: 'a', keys: [{ publicKey: alice.line, notBefore: '2026-12-01T00:00:00Z' }] }],
    /not valid before 2026-12-01/,
  ],
  [
    'a day that does not exist',
    [{ name: 'a', keys: [{ publicKey: alice.line, notAfter: '2026-13-41T00:00:00Z' }] }],
    /a time that is none/,
  ],
  [
    'a touch that the key cannot give',
    [{ name: 'a', keys: [{ publicKey: alice.line, requireTouch: true }] }],
    /requireTouch and is no security key/,
  ],
  [
    'nobody left',
    [{ name: 'a', keys: [{ publicKey: alice.line, revokedAt: '2026-11-01T00:00:00Z' }] }],
    /principal a has no key that counts now/,
  ],
];
for (const [what, principals, words] of reviewed)
  test(`a keyring says what its votes would meet: ${what}`, (t) => {
    t.regex(reviewKeyring({ principals }, now).warnings.join('\n'), words);
  });

test('a good keyring has no warning, and says when that changes', (t) => {
  t.deepEqual(reviewKeyring(people, now), { warnings: [], voters: 2, changesAt: undefined });
  const [first] = people.principals ?? [];
  const ending = { principals: [{ ...first!, keys: [{ publicKey: alice.line, notAfter: '2026-11-22T00:00:00Z' }] }] };
  t.is(reviewKeyring(ending, now).changesAt, Date.parse('2026-11-22T00:00:00Z'));
});

const accepts = (publicKey: string): boolean =>
  approverKeyringSpec.safeParse({ principals: [{ name: 'alice', keys: [{ publicKey }] }] }).success;

test("the schema refuses an RSA key below 3072 bits, with any comment, and takes stock ssh-keygen's from there on", (t) => {
  t.false(accepts(weak.line));
  t.false(accepts(`${weak.line} ${'a long comment '.repeat(30).trim()}`));
  const shop = workshop();
  try {
    t.true(accepts(shop.makeKey('rsa', '-b', '3072').line.trim()));
    t.true(accepts(shop.makeKey('ed25519').line.trim()));
    t.true(accepts(shop.makeKey('ecdsa').line.trim()));
  } finally {
    shop.remove();
  }
});
