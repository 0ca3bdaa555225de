import test from 'ava';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  allowedSigners,
  clockTrusted,
  keyringDigest,
  policyDigest,
  voteCommands,
  type KeyringSpec,
  type KeySpec,
  type PrincipalSpec,
  type VotePolicy,
} from '../../operator/votes/index.ts';
import { saidBy } from '../vectors/one-vote.ts';
import { ed25519Key, securityKey, workshop } from '../vectors/ssh.ts';

const { makeKey, stockVerifies, remove } = workshop();
test.after.always(remove);

const input = {
  namespace: 'shop',
  name: 'web-42',
  decision: 'approve',
  nonce: '0011223344556677889900aa3f9c21',
  principalHint: 'alice',
} as const;

test('the three lines are those of the design', (t) => {
  t.deepEqual(voteCommands(input), [
    "kubectl get promotion web-42 -n shop -o jsonpath='{.status.approval.statements.approve}' > s.json; less s.json",
    'rm -f s.json.sig; ssh-keygen -Y sign -f ~/.ssh/id_ed25519 -n vote.v1@twinlock.dev s.json',
    'kubectl annotate promotion web-42 -n shop --field-manager=vote "vote.twinlock.dev/alice-3f9c21=$(cat s.json.sig)"',
  ]);
  t.true(voteCommands({ ...input, decision: 'reject' })[0].includes('.statements.reject}'));
});

test('the printed signing line, run by a shell, makes a vote that counts; a second run replaces it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vote lines '));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const key = join(folder, "it's a key");
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key]);
  const [, line] = voteCommands({ ...input, keyFile: key });
  for (const approve of ['first\n', 'second\n']) {
    writeFileSync(join(folder, 's.json'), approve);
    execFileSync('sh', ['-c', line], { cwd: folder, stdio: ['ignore', 'ignore', 'ignore'] });
    const armor = execFileSync('sh', ['-c', 'printf %s "$(cat s.json.sig)"'], { cwd: folder, encoding: 'utf8' });
    const enrolled = readFileSync(`${key}.pub`, 'utf8');
    t.is(saidBy({ armor, statements: { approve, reject: 'no\n' }, key: enrolled }), 'approve');
  }
});

test('names that could break out of a shell line are refused, key files are quoted', (t) => {
  for (const name of ['a;b', '$(id)', '', 'UPPER', '-x', 'a b', 'a\n', 'a'.repeat(300)]) {
    t.throws(() => voteCommands({ ...input, name }), { code: 'BadName' });
    t.throws(() => voteCommands({ ...input, namespace: name }), { code: 'BadName' });
  }
  const keyFile = "/home/$(id)/it's; rm -rf /";
  const [, line] = voteCommands({ ...input, keyFile });
  const shown = execFileSync('sh', ['-c', line.replace('rm -f s.json.sig; ssh-keygen', 'printf "%s\\n"')], {
    encoding: 'utf8',
  });
  t.is(shown.split('\n')[3], keyFile);
});

/** Where the printed line puts the vote. */
function annotationName(principalHint: string, nonce: string): string {
  const [, , line] = voteCommands({ ...input, principalHint, nonce });
  return /"([^"=]+)=/.exec(line)?.[1] ?? '';
}

test('an annotation name is one that Kubernetes takes, whatever the hint, and ends in the nonce', (t) => {
  t.is(annotationName('alice', '0011223f9c21'), 'vote.twinlock.dev/alice-3f9c21');
  for (const hint of [
    '',
    'Alice Example <a@b>',
    '\u202e',
    '--',
    'x'.repeat(200),
    '$(id)',
    'a/b',
    `${'y'.repeat(56)}-z`,
  ]) {
    const [prefix, name = ''] = annotationName(hint, '0011223f9c21').split('/');
    t.is(prefix, 'vote.twinlock.dev');
    t.regex(name, /^([a-z0-9]([-a-z0-9]{0,54}[a-z0-9])?-)?3f9c21$/, hint);
    t.true(name.length <= 63);
  }
});

test("a clock is trusted up to 60 s beside the API server's, and never unknown", (t) => {
  t.deepEqual([0, 60, -60].map(clockTrusted), [true, true, true]);
  t.deepEqual([60.5, -61, undefined, Number.NaN].map(clockTrusted), [false, false, false, false]);
});

const at = (time: string): readonly string[] => ['-O', `verify-time=${time}`];

test('exported signers verify with stock ssh-keygen, in their window and namespace only', (t) => {
  const key = makeKey('ed25519');
  const vote = key.sign('text\n');
  const signers = (rest: Partial<KeySpec> = {}): string =>
    allowedSigners({ principals: [{ name: 'alice', keys: [{ publicKey: key.line, ...rest }] }] });
  t.true(stockVerifies(vote, 'text\n', signers()));
  t.regex(signers(), /^alice namespaces="vote\.v1@twinlock\.dev" ssh-ed25519 [A-Za-z0-9+/=]+\n$/);
  t.false(stockVerifies(vote, 'other\n', signers()));
  const window = signers({ notBefore: '2026-11-01T00:00:00Z', notAfter: '2026-11-30T00:00:00Z' });
  t.true(window.includes('valid-after="20261101000000Z",valid-before="20261130000000Z"'));
  t.true(stockVerifies(vote, 'text\n', window, at('20261115000000Z')));
  t.false(stockVerifies(vote, 'text\n', window, at('20261031000000Z')));
  t.false(stockVerifies(vote, 'text\n', window, at('20261201000000Z')));
  const revoked = signers({ notAfter: '2026-11-30T00:00:00Z', revokedAt: '2026-11-10T00:00:00Z' });
  t.true(stockVerifies(vote, 'text\n', revoked, at('20261109000000Z')));
  t.false(stockVerifies(vote, 'text\n', revoked, at('20261111000000Z')));
});

test('what cannot be written safely into an export is a comment, never a line that lets more in', (t) => {
  const { line } = ed25519Key();
  const comments = (principal: PrincipalSpec): void => {
    const lines = allowedSigners({ principals: [principal] })
      .trimEnd()
      .split('\n');
    t.true(
      lines.every((text) => /^# [\x20-\x7e]+$/.test(text)),
      lines.join('|'),
    );
  };
  for (const name of ['*', 'a,b', '!a', 'a b', 'a"b', 'x\ny ssh-ed25519 AAAA', '#', ''])
    comments({ name, keys: [{ publicKey: line }] });
  comments({ name: 'alice', keys: [{ publicKey: line, notAfter: '2026"' }] });
  comments({ name: 'alice', keys: [{ publicKey: 'ssh-rsa AAAA\nmallory' }] });
  t.is(allowedSigners({}), '');
});

const [one, two, sk] = [ed25519Key(), ed25519Key(), securityKey('ed25519')];
const policy: VotePolicy = {
  quorum: [
    { group: 'security', count: 1 },
    { group: 'platform', count: 2 },
  ],
};
const alice = {
  name: 'alice',
  groups: ['security', 'unused'],
  kubernetesUsers: ['a', 'b'],
  emails: ['a@example.com'],
  keys: [{ publicKey: one.line }, { publicKey: sk.line }],
};
const bob = { name: 'bob', groups: ['unused'], keys: [{ publicKey: two.line }] };
const keyring: KeyringSpec = { principals: [alice, bob] };
const keyringWith = (changed: Partial<PrincipalSpec>): string =>
  keyringDigest({ principals: [{ ...alice, ...changed }, bob] }, policy);

test('the digest of a keyring changes with who can count, and only with that', (t) => {
  const digest = keyringDigest(keyring, policy);
  const same: readonly Partial<PrincipalSpec>[] = [
    { groups: ['security'] },
    { kubernetesUsers: ['b', 'a', 'a'] },
    { emails: [] },
    { keys: alice.keys.toReversed() },
    { keys: alice.keys.map((key) => ({ ...key, publicKey: `${key.publicKey} comment` })) },
    {
      keys: alice.keys.map((key) => ({
        ...key,
        notBefore: '2026-01-01T00:00:00Z',
        notAfter: '2027-01-01T00:00:00Z',
        revokedAt: '2026-11-21T00:00:00Z',
        reason: 'lost',
      })),
    },
  ];
  for (const changed of same) t.is(keyringWith(changed), digest, JSON.stringify(changed));
  t.is(keyringDigest({ principals: [bob, alice] }, policy), digest);
  t.is(keyringDigest({ principals: [alice] }, policy), digest, 'bob is in no group that is asked for');
  const other: readonly Partial<PrincipalSpec>[] = [
    { name: 'alicia' },
    { groups: ['security', 'platform'] },
    { groups: ['unused'] },
    { kubernetesUsers: ['a'] },
    { keys: alice.keys.slice(0, 1) },
    { keys: [...alice.keys, { publicKey: two.line }].slice(1) },
    { keys: alice.keys.map((key) => ({ ...key, requireTouch: true })) },
  ];
  t.is(new Set([digest, ...other.map(keyringWith)]).size, other.length + 1);
  t.not(keyringDigest(keyring, { quorum: [{ count: 1 }] }), digest, 'any principal: bob counts too');
  const authors = { ...policy, separation: { authors: true } };
  t.not(keyringDigest({ principals: [{ ...alice, emails: [] }, bob] }, authors), keyringDigest(keyring, authors));
  t.is(keyringDigest({ principals: [{ ...alice, emails: [] }, bob] }, authors), digest, 'nobody has one either way');
});

test('the digest of a policy changes with what a vote is held under, and only with that', (t) => {
  const gates = [
    { name: 'environment', type: 'Environment' },
    { name: 'leaks', type: 'LeakScan' },
  ];
  const digest = policyDigest(policy, gates);
  t.is(policyDigest({ ...policy, quorum: policy.quorum?.toReversed() }, gates.toReversed()), digest);
  t.is(
    policyDigest({ ...policy, separation: { requester: true, authors: false }, requireTouch: false }, gates),
    digest,
  );
  t.is(policyDigest(Object.assign({ evidenceMaxAge: '24h', voteTTL: '1h' }, policy), gates), digest);
  const others = [
    policyDigest(policy, gates.slice(1)),
    policyDigest({ ...policy, quorum: [{ group: 'security', count: 1 }] }, gates),
    policyDigest(
      {
        ...policy,
        quorum: [
          { group: 'security', count: 2 },
          { group: 'platform', count: 2 },
        ],
      },
      gates,
    ),
    policyDigest({ ...policy, quorum: [{ count: 1 }, { group: 'platform', count: 2 }] }, gates),
    policyDigest({ ...policy, separation: { requester: false } }, gates),
    policyDigest({ ...policy, separation: { authors: true } }, gates),
    policyDigest({ ...policy, requireTouch: true }, gates),
    policyDigest({ ...policy, requireUserVerification: true }, gates),
  ];
  t.is(new Set([digest, ...others]).size, others.length + 1);
});
