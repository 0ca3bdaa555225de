/** The cases of OpenSSH's regress/sshsig.sh with our keyring in the place of its allowed-signers file. */
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countVotes, type KeyringSpec, type VoteReason } from '../../operator/votes/index.ts';
import { opensshTests } from '../harness/index.ts';
import { KEY_TYPES, Regress, type RegressKey } from '../vectors/regress.ts';
import { armor, dearmored } from '../vectors/ssh.ts';
import { cases, DATA, one, type Case, type Lines } from '../vectors/sshsig-cases.ts';

const test = anyTest as TestFn<{ regress: Regress; script: string; keys: ReadonlyMap<string, RegressKey> }>;

test.before(async (t) => {
  t.timeout(5 * 60_000, 'the package is fetched on the first run');
  const tests = await opensshTests();
  const regress = new Regress(tests);
  const keys = new Map([...KEY_TYPES].map(([type, ...how]) => [type, regress.makeKey(type, ...how)]));
  for (const key of keys.values()) regress.certify(key, 'alice');
  t.context = { regress, keys, script: readFileSync(join(tests, 'sshsig.sh'), 'utf8') };
});
test.after.always((t) => t.context.regress.remove());

const at = (year: string | undefined): number =>
  year === undefined ? Date.parse('2026-11-21T10:00:00Z') : Date.parse(`${year.slice(0, 4)}-01-01T00:00:00Z`);

/** The one vote of a promotion that waits for alice. */
function judged(vote: string, data: string, keyring: KeyringSpec, now: number): ReturnType<typeof countVotes> {
  return countVotes({
    now,
    round: { nonce: 'aaaa', notAfter: '2100-01-01T00:00:00Z', statements: { approve: data, reject: 'no\n' } },
    keyring,
    policy: { quorum: [{ group: 'alice', count: 1 }] },
    requestedBy: 'oidc:agent',
    annotations: { 'vote.twinlock.dev/alice': vote },
  });
}

/** Certificates never count, nor do keys of DSA, which no keyring takes; all else as the case says. */
function expected({ reason }: Case, type: string): VoteReason {
  const decided: readonly VoteReason[] = ['WrongNamespace', 'NotEnrolled'];
  return type === 'ssh-dss' && !decided.includes(reason) ? 'UnsupportedKeyType' : reason;
}

for (const [type] of KEY_TYPES) {
  for (const each of cases) {
    test(`sshsig.sh, ${type}: ${each.title}`, (t) => {
      const { regress, lines, key } = linesOf(t, type);
      const { revokes, ...verify } = each.verify ?? {};
      const vote = regress.sign(key, DATA, each.sign);
      const asked = { ...verify, ...(revokes === undefined ? {} : { revoked: revokes(lines) }) };
      const data = each.data ?? DATA;
      t.is(regress.accepts(vote, data, each.signers(lines), asked), each.stock === 'good', 'ssh-keygen says the same');
      const result = judged(vote, data, each.keyring(lines), at(verify.at));
      const reason = expected(each, type);
      t.is(result.votes[0]?.reason, reason, result.votes[0]?.message);
      t.is(result.verdict, reason === 'Counted' ? 'Approved' : 'Waiting');
    });
  }

  test(`sshsig.sh, ${type}: the fingerprint is that of the key that signed`, (t) => {
    const { regress, lines, key } = linesOf(t, type);
    const [vote] = judged(regress.sign(key, DATA), DATA, one(lines.key), at(undefined)).votes;
    t.is(vote?.keyFingerprint, key.fingerprint);
  });

  test(`sshsig.sh, ${type}: SHA-1 is neither signed nor counted`, (t) => {
    const { regress, lines, key } = linesOf(t, type);
    t.throws(() => regress.sign(key, DATA, { hash: 'sha1' }));
    const bytes = dearmored(regress.sign(key, DATA, { hash: 'sha512' }));
    const place = bytes.indexOf('\0\0\0\x06sha512');
    const claimed = Buffer.concat([
      bytes.subarray(0, place),
      Buffer.from('\0\0\0\x04sha1'),
      bytes.subarray(place + 10),
    ]);
    const [vote] = judged(armor(claimed), DATA, one(lines.key), at(undefined)).votes;
    t.is(vote?.reason, 'UnsupportedHash');
  });

  test(`sshsig.sh, ${type}: the line of a certificate is no key of a keyring`, (t) => {
    const { regress, key } = linesOf(t, type);
    const line = readFileSync(`${key.file}-cert.pub`, 'utf8').trimEnd();
    const result = judged(regress.sign(key, DATA, { certificate: true }), DATA, one(line), at('19850101'));
    t.is(result.votes[0]?.reason, 'UnsupportedKeyType');
    t.regex(result.warnings[0] ?? '', /no certificates/);
  });
}

test('sshsig.sh: names are no patterns', (t) => {
  const { regress, lines, key } = linesOf(t, 'ssh-ed25519');
  const vote = regress.sign(key, DATA);
  t.true(regress.accepts(vote, DATA, [`ali* ${lines.key}`]));
  const keyring = (name: string): KeyringSpec => ({ principals: [{ name, keys: [{ publicKey: lines.key }] }] });
  for (const name of ['ali*', '*', 'alice,bob', '!alice'])
    t.is(judged(vote, DATA, keyring(name), at(undefined)).votes[0]?.reason, 'NoWeight', name);
});

/** What is mirrored by a test of its own above. */
const ELSEWHERE = [
  'sign using $t with bad hash algorithm succeeded',
  'failed signature for $t key w/ print-pubkey',
  'print-pubkey differs from signature key',
  'faild to match static principal',
  'faild to match wildcard principal',
  'faild to match static and wildcard principal',
  'succeeded to match unknown principal \\"$x\\"',
];
const MIRRORED_VERSION = '1.14';

test('sshsig.sh: each of its cases is mirrored here', (t) => {
  const { script } = t.context;
  const version = /\$OpenBSD: sshsig\.sh,v ([\d.]+) /.exec(script)?.[1];
  const told = [...script.matchAll(/fail "((?:[^"\\]|\\.)+)"/g)].map(([, message = '']) => message);
  const mirrored = new Set([...cases.flatMap(({ mirrors }) => mirrors), ...ELSEWHERE]);
  const missing = [...new Set(told)].filter((message) => !mirrored.has(message));
  // A newer Debian may have a newer script, which is no fault of who runs this.
  if (version === MIRRORED_VERSION) t.deepEqual(missing, []);
  else t.log(`sshsig.sh is ${version}, not ${MIRRORED_VERSION}; new in it: ${missing.join('; ') || 'nothing'}`);
  t.true(told.length >= 50);
});

function linesOf(
  t: ExecutionContext<{ regress: Regress; keys: ReadonlyMap<string, RegressKey> }>,
  type: string,
): { readonly regress: Regress; readonly key: RegressKey; readonly lines: Lines } {
  const { regress, keys } = t.context;
  const key = keys.get(type);
  const wrong = keys.get(type === 'ssh-ed25519' ? 'ecdsa-sha2-nistp256' : 'ssh-ed25519');
  if (key === undefined || wrong === undefined) throw new Error(`there is no key of type ${type}`);
  return { regress, key, lines: { key: key.line, wrong: wrong.line, authority: regress.authority } };
}
