import test from 'ava';
import { proofOf } from '../../operator/promotions/decide/proof.ts';
import type { RecordSpec } from '../../operator/records/index.ts';
import { parsePublicKey, type CountResult } from '../../operator/votes/index.ts';
import { decide, keyring, keys, policy, run, until, voted, world } from './promotion-world.ts';

const open = run(world({ policy: policy({ quorum: [{ count: 1 }] }) })).world;
const approvedOf = (given: typeof open): RecordSpec => {
  const record = until(given, 'Approved').records.at(-1);
  if (record === undefined) throw new Error('nothing is recorded');
  return record;
};

test('an approval carries what proves it: the texts, the votes that counted and the keys that gave them', (t) => {
  const round = open.records.findLast(({ type }) => type === 'Round');
  const record = approvedOf(voted(voted(open, keys.stranger, 'approve', 's'), keys.alice, 'approve', 'a'));
  t.deepEqual(record.statements, round?.statements);
  t.deepEqual(record.policy, round?.policy);
  t.deepEqual(record.gates, round?.gates);
  t.is(record.votes?.length, 1);
  const signed = parsePublicKey(keys.alice.line);
  t.like(record.votes?.[0], { principal: 'alice', decision: 'approve' });
  t.is(record.votes?.[0]?.keyFingerprint, signed.ok ? signed.key.fingerprint : undefined);
  t.is(record.keyring?.name, 'default');
  t.regex(record.keyring?.digest ?? '', /^sha256:/);
  t.is(record.keyring?.digest, round?.keyring?.digest);
  t.deepEqual(
    record.keyring?.entries?.map(({ principal, publicKey }) => `${principal} ${publicKey}`),
    [`alice ${keys.alice.line}`],
  );
  const lines = (record.allowedSigners ?? '').split('\n').filter((line) => line !== '');
  t.is(lines.length, 1);
  t.regex(lines[0] ?? '', /^alice /);
});

test('of a person with several keys the one that signed is proof', (t) => {
  const given = keyring();
  if (!('object' in given)) throw new Error('there is no keyring');
  const { object } = given;
  const principals = object.spec.principals.map((principal) => ({
    ...principal,
    keys: [...principal.keys, { publicKey: keys.stranger.line, requireTouch: false }],
  }));
  const only = { object: { ...object, spec: { principals: principals.slice(0, 1) } } };
  const record = approvedOf(voted(run(world({ keyring: only })).world, keys.alice));
  t.deepEqual(
    record.keyring?.entries?.map(({ publicKey }) => publicKey),
    [keys.alice.line],
  );
});

test('a vote that lacks what a proof names is none', (t) => {
  const given = keyring();
  const { count } = decide(voted(open, keys.alice));
  const [vote] = count?.votes ?? [];
  if (!('object' in given) || count === undefined || vote === undefined) throw new Error('nothing was counted');
  const round = open.records.at(-1);
  if (round === undefined) throw new Error('there is no round');
  const votesIn = (votes: CountResult['votes']): number | undefined =>
    proofOf(round, { ...count, votes }, { name: 'default', spec: given.object.spec }).votes?.length;
  t.is(votesIn([vote]), 1);
  t.is(votesIn([{ ...vote, valid: false }]), 0);
  t.is(votesIn([{ ...vote, principal: undefined }]), 0);
  t.is(votesIn([{ ...vote, decision: undefined }]), 0);
  t.is(votesIn([{ ...vote, keyFingerprint: undefined }]), 0);
});

test('what a round does not say is not made up', (t) => {
  const given = keyring();
  const { count } = decide(voted(open, keys.alice));
  if (!('object' in given) || count === undefined) throw new Error('nothing was counted');
  const round = open.records.at(-1);
  if (round === undefined) throw new Error('there is no round');
  const { statements: _texts, policy: _policy, gates: _gates, keyring: _keyring, ...bare } = round;
  const proof = proofOf(bare, count, { name: 'default', spec: given.object.spec });
  t.deepEqual(Object.keys(proof), ['votes', 'allowedSigners', 'keyring']);
  t.deepEqual(Object.keys(proof.keyring ?? {}), ['name', 'entries']);
});
