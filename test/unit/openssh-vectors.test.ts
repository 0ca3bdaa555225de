import anyTest, { type TestFn } from 'ava';
import { execFileSync } from 'node:child_process';
import { copyFileSync, chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { countVotes, VOTE_NAMESPACE, type CountResult } from '../../operator/votes/index.ts';
import { opensshTests } from '../harness/index.ts';
import { armor, dearmored } from '../vectors/ssh.ts';
import { votesOfNamespace } from '../vectors/votes-of-namespace.ts';

/** OpenSSH's own signatures (regress/unittests/sshsig/testdata): key, signature, one text, one namespace. */
interface Vectors {
  readonly text: string;
  readonly namespace: string;
  readonly key: (name: string) => string;
  readonly signature: (name: string) => string;
  readonly privateKey: (name: string) => string;
  readonly count: typeof countVotes;
  readonly folder: string;
}
const test = anyTest as TestFn<Vectors>;

test.before(async (t) => {
  t.timeout(5 * 60_000, 'the package is fetched on the first run');
  const data = join(await opensshTests(), 'unittests/sshsig/testdata');
  const read = (name: string): string => readFileSync(join(data, name), 'utf8');
  const namespace = read('namespace').trim();
  t.context = {
    text: read('signed-data'),
    namespace,
    key: (name) => read(`${name}.pub`).trimEnd(),
    signature: (name) => read(`${name}.sig`),
    privateKey: (name) => join(data, name),
    count: (await votesOfNamespace(namespace)).countVotes,
    folder: mkdtempSync(join(tmpdir(), 'openssh-vectors-')),
  };
});
test.after.always((t) => rmSync(t.context.folder, { recursive: true, force: true }));

const GOOD = ['rsa', 'ecdsa', 'ed25519', 'ecdsa_sk', 'ed25519_sk'] as const;
/** Real signatures of keys that are not accepted here, and what is said of the key. */
const REFUSED = [
  ['dsa', 'UnsupportedKeyType', /no DSA/],
  // A web page's: the origin that OpenSSH trusts there is what the signer says.
  ['ecdsa_sk_webauthn', 'BadEncoding', /application is not ssh:/],
] as const;

/** One vote, on a promotion whose approve text is `approve`, by the one key that is enrolled. */
function counted(
  count: typeof countVotes,
  vote: string,
  publicKey: string,
  approve: string,
  reject = 'no\n',
): CountResult {
  return count({
    now: Date.parse('2026-11-21T10:00:00Z'),
    round: { nonce: 'aaaa', notAfter: '2026-11-28T10:00:00Z', statements: { approve, reject } },
    keyring: { principals: [{ name: 'alice', keys: [{ publicKey }] }] },
    policy: { quorum: [{ count: 1 }] },
    requestedBy: 'oidc:agent',
    annotations: { 'vote.twinlock.dev/alice': vote },
  });
}

for (const name of GOOD) {
  test(`OpenSSH's own signature counts: ${name}`, (t) => {
    const { count, text, key, signature } = t.context;
    const result = counted(count, signature(name), key(name), text);
    t.is(result.verdict, 'Approved', result.votes[0]?.message);
    t.like(result.votes[0], { principal: 'alice', decision: 'approve', reason: 'Counted' });
    t.is(counted(count, signature(name), key(name), 'yes\n', text).verdict, 'Rejected');
    t.is(counted(count, signature(name), key(name), `${text}.`).votes[0]?.reason, 'WrongStatement');
  });

  test(`OpenSSH's own signature is no vote, for it was made for another purpose: ${name}`, (t) => {
    const { text, key, signature } = t.context;
    const result = counted(countVotes, signature(name), key(name), text);
    t.is(result.verdict, 'Waiting');
    t.is(result.votes[0]?.reason, 'WrongNamespace');
  });

  test(`no single changed bit of OpenSSH's own signature counts: ${name}`, (t) => {
    const { count, text, key, signature } = t.context;
    const [bytes, line] = [dearmored(signature(name)), key(name)];
    const counting: string[] = [];
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8((changed[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3);
      const { verdict } = counted(count, armor(changed), line, text);
      if (verdict !== 'Waiting') counting.push(`bit ${bit}: ${verdict}`);
    }
    t.deepEqual(counting, []);
    t.true(bytes.length > 100);
  });

  test(`OpenSSH's own signature of one key is none of another: ${name}`, (t) => {
    const { count, text, key, signature } = t.context;
    for (const other of GOOD.filter((each) => each !== name)) {
      const result = counted(count, signature(name), key(other), text);
      t.is(result.votes[0]?.reason, 'NotEnrolled');
      t.is(result.verdict, 'Waiting');
    }
  });
}

for (const [name, reason, why] of REFUSED) {
  test(`a key that proves too little counts for nobody, though ssh-keygen calls its signature good: ${name}`, (t) => {
    const { count, text, namespace, key, signature, folder } = t.context;
    const file = join(folder, `${name}.sig`);
    writeFileSync(file, signature(name));
    const check = ['-q', '-Y', 'check-novalidate', '-n', namespace, '-s', file];
    t.notThrows(() => execFileSync('ssh-keygen', check, { input: text, stdio: ['pipe', 'ignore', 'ignore'] }));
    const result = counted(count, signature(name), key(name), text);
    t.is(result.verdict, 'Waiting');
    t.is(result.votes[0]?.reason, reason);
    t.regex(result.warnings[0] ?? '', why);
  });
}

for (const name of ['rsa', 'ecdsa', 'ed25519'] as const) {
  for (const hash of ['sha256', 'sha512'] as const) {
    test(`OpenSSH's own test key votes when it signs for this purpose: ${name}, ${hash}`, (t) => {
      const { text, key, privateKey, folder } = t.context;
      const file = join(folder, `${name}-${hash}`);
      copyFileSync(privateKey(name), file);
      chmodSync(file, 0o600);
      writeFileSync(`${file}.pub`, `${key(name)}\n`);
      const vote = execFileSync(
        'ssh-keygen',
        ['-q', '-Y', 'sign', '-f', file, '-n', VOTE_NAMESPACE, '-O', `hashalg=${hash}`],
        { input: text, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] },
      );
      t.is(counted(countVotes, vote, key(name), text).verdict, 'Approved');
    });
  }
}
