/** What an auditor is told of an export: `intact` and `complete`, each for itself. */
import test from 'ava';
import { execFileSync } from 'node:child_process';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestOf, digestOfBytes } from '../../operator/canonical/index.ts';
import {
  checkpointText,
  keyLine,
  keyName,
  maskedRecord,
  parseKeyLine,
  parseWitnesses,
  readExport,
  sealRecord,
  signCheckpoint,
  verifyExport,
  writeExport,
  type ChainVerdict,
  type RecordEntry,
  type RecordSpec,
  type Trust,
} from '../../operator/records/index.ts';
import { targetRef } from './promotion-world.ts';

const time = '2026-11-21T10:00:00Z';
const entry = (message: string): RecordEntry => ({
  type: 'Outcome',
  time,
  outcome: { result: 'Failed', reason: 'Test', message },
});
const chain: RecordSpec[] = [];
for (let index = 1; index <= 4; index++) chain.push(sealRecord(targetRef, chain, entry(`number ${index}`)));
const [first, second, third, fourth] = chain as [RecordSpec, RecordSpec, RecordSpec, RecordSpec];

const cluster = 'cluster-uid';
const { privateKey } = generateKeyPairSync('ed25519');
const key = keyLine(keyName(cluster), createPublicKey(privateKey));
const at = (size: number, digest = chain[size - 1]?.digest ?? '', namespace = 'shop') => ({
  cluster,
  namespace,
  target: 'web',
  size,
  digest,
});
const signed = (size: number, digest?: string): string => signCheckpoint(at(size, digest), privateKey);
const nobody: Trust = { keys: [], witnesses: [], countersignatures: [] };
const trusting: Trust = { ...nobody, keys: [parseKeyLine(key)!] };

const exported = (records: readonly RecordSpec[], ...checkpoints: readonly string[]): string =>
  [
    ...writeExport({ records, checkpoint: undefined, keys: [key] }),
    ...checkpoints.map((checkpoint) => JSON.stringify({ checkpoint })),
  ].join('\n');
const judged = (text: string, trust: Trust = trusting): ChainVerdict => {
  const { chains, problems } = verifyExport(readExport(text), trust);
  if (chains.length !== 1) throw new Error(`there are ${chains.length} chains`);
  if (problems.length > 0) throw new Error(problems.join('; '));
  return chains[0]!;
};
const answers = ({ intact, complete }: ChainVerdict): string => `${intact} ${complete}`;

test('an export with its newest checkpoint is intact and complete', (t) => {
  const text = writeExport({ records: chain, checkpoint: signed(4), keys: [key] }).join('\n');
  t.deepEqual(judged(text), {
    namespace: 'shop',
    target: 'web',
    records: 4,
    intact: 'yes',
    complete: 'yes',
    checkpoint: { size: 4, witnesses: [] },
    faults: [],
    doubts: [],
  });
  t.deepEqual(readExport(text).keys, [key]);
});

test('without a checkpoint, or by a key that only the export brings, it is never called complete', (t) => {
  const without = judged(exported(chain));
  t.is(answers(without), 'yes unknown');
  t.regex(without.doubts[0] ?? '', /there is no checkpoint/);
  const unknown = judged(exported(chain, signed(4)), nobody);
  t.is(answers(unknown), 'yes unknown');
  t.regex(unknown.doubts[0] ?? '', /none is signed by a key or a witness that you named/);
});

test('a cut at the end is seen by any older checkpoint that is longer, and the rest is intact', (t) => {
  const cut = judged(exported([first, second], signed(2), signed(4)));
  t.is(answers(cut), 'yes no');
  t.deepEqual(cut.faults, ['record 4 was signed for and the last one is 2: records 3 to 4 were cut off']);
  t.is(answers(judged(exported([], signed(4)))), 'unknown no');
});

test('a chain that was written anew is sound in itself, and neither intact nor complete', (t) => {
  const anew: RecordSpec[] = [];
  for (let index = 1; index <= 4; index++) anew.push(sealRecord(targetRef, anew, entry(`another ${index}`)));
  t.is(answers(judged(exported(anew))), 'yes unknown');
  const told = judged(exported(anew, signed(3)));
  t.is(answers(told), 'no no');
  t.deepEqual(told.faults, ['record 3 is not the one that was signed for']);
});

test('records beyond the newest checkpoint leave the end open', (t) => {
  const open = judged(exported(chain, signed(3)));
  t.is(answers(open), 'yes unknown');
  t.regex(open.doubts[0] ?? '', /newest checkpoint is of record 3 and the last record is 4/);
});

test('a changed byte, a gap and a fork are not intact, whatever was signed', (t) => {
  const changed = { ...second, outcome: { ...second.outcome!, message: 'else' } };
  const told = judged(exported([first, changed, third, fourth], signed(4)));
  t.is(answers(told), 'no yes');
  t.deepEqual(told.faults, ['record 2 was changed: its digest does not fit its content']);
  t.regex(judged(exported([first, third, fourth], signed(4))).faults[0] ?? '', /before record 3, 2 is missing/);
  t.regex(judged(exported([second, third, fourth], signed(4))).faults[0] ?? '', /before record 2, 1 is missing/);
  const fork = sealRecord(targetRef, [first, second, third], entry('a fork'));
  t.regex(judged(exported([...chain, fork], signed(4))).faults[0] ?? '', /record 4 is there in two versions/);
  t.is(answers(judged(exported([...chain, { ...second, message: 'more' }], signed(4)))), 'no yes');
});

test('what has no canonical form is changed, not a crash', (t) => {
  const text = JSON.stringify({ record: { ...first, outcome: { ...first.outcome, size: 0.5 } } });
  t.is(answers(judged(text)), 'no unknown');
  const deep = `${'['.repeat(5000)}${']'.repeat(5000)}`;
  t.is(judged(`{"record":${JSON.stringify(first).slice(0, -1)},"more":${deep}}}`).intact, 'no');
});

test('order does not matter, and what a log repeats counts once', (t) => {
  const lines = exported([...chain, ...chain], signed(4))
    .split('\n')
    .toReversed();
  const noise = ['', 'panic: not JSON', '{"level":"info","msg":"controller started"}', 'null', '7', '"x"', '[]'];
  const verdict = judged([...noise, ...lines].join('\n'));
  t.is(answers(verdict), 'yes yes');
  t.is(verdict.records, 4);
});

test('masked records of a log are compared and not computed: intact is unknown until somebody has them whole', (t) => {
  const env = [{ name: 'A', value: 'secret' }];
  const specs = [{ kind: 'Deployment', name: 'web', digest: digestOf(env), spec: { containers: [{ env }] } }] as const;
  const adopted = sealRecord(targetRef, [], { type: 'Adopted', time, currentSpecs: [...specs] });
  const next = sealRecord(targetRef, [adopted], entry('next'));
  const log = [adopted, next].map((record) => JSON.stringify(maskedRecord(record)));
  const note = JSON.stringify({ checkpoint: signCheckpoint(at(2, next.digest), privateKey) });
  const masked = judged([...log, note].join('\n'));
  t.is(answers(masked), 'unknown yes');
  t.deepEqual(masked.doubts, ['records 1 are masked as in a log: their digests can be compared and not computed']);
  t.is(answers(judged([...log, note, exported([adopted])].join('\n'))), 'yes yes');
  const pretended = JSON.stringify({ record: { ...first, message: 'else' }, masked: true });
  t.is(judged([pretended, exported([second, third, fourth])].join('\n')).intact, 'unknown', 'never a yes');
  const hidden = JSON.stringify({ record: { ...first, digest: digestOfBytes('x') }, masked: true });
  t.is(judged([hidden, exported([second, third, fourth])].join('\n')).intact, 'no', 'the links still bind');
});

test('runs of masked records are told by their ends', (t) => {
  const masked = [first, second, fourth].map((record) => JSON.stringify({ record, masked: true }));
  t.is(
    judged([...masked, exported([third])].join('\n')).doubts[0],
    'records 1 to 2, 4 are masked as in a log: their digests can be compared and not computed',
  );
});

test('a list of kubectl is read too', (t) => {
  const list = { kind: 'List', items: chain.map((spec) => ({ kind: 'PromotionRecord', spec })) };
  t.is(answers(judged(JSON.stringify(list, null, 2))), 'yes unknown');
});

test('each target has its own verdict, and a namesake in another namespace another one', (t) => {
  const other = sealRecord({ ...targetRef, namespace: 'other' }, [], entry('other'));
  const { chains } = verifyExport(readExport(exported([...chain, other], signed(4))), trusting);
  t.deepEqual(
    chains.map((each) => `${each.namespace} ${answers(each)}`),
    ['shop yes yes', 'other yes unknown'],
  );
});

test('two targets of one namespace are signed for apart', (t) => {
  const worker = sealRecord({ ...targetRef, name: 'worker' }, [], entry('worker'));
  const note = signCheckpoint({ ...at(1, worker.digest), target: 'worker' }, privateKey);
  const { chains } = verifyExport(readExport(exported([...chain, worker], signed(4), note)), trusting);
  t.deepEqual(
    chains.map((each) => `${each.target} ${answers(each)} ${each.checkpoint?.size}`),
    ['web yes yes 4', 'worker yes yes 1'],
  );
});

test('how many checkpoints nobody signed for is said', (t) => {
  const none = 'none is signed by a key or a witness that you named';
  t.deepEqual(judged(exported(chain, signed(4)), nobody).doubts, [`of the checkpoint ${none}`]);
  t.deepEqual(judged(exported(chain, signed(3), signed(4)), nobody).doubts, [`of 2 checkpoints ${none}`]);
});

test("the key of one cluster says nothing of another's chains", (t) => {
  const elsewhere = signCheckpoint({ ...at(4), cluster: 'another' }, privateKey);
  t.is(answers(judged(exported(chain, elsewhere))), 'yes unknown');
});

const problemsOf = (change: object): readonly string[] =>
  readExport(JSON.stringify({ record: { ...second, ...change } })).problems;
const parts = (records: readonly unknown[]): object => ({
  parts: [{ fields: ['votes'], digest: digestOfBytes('x'), records }],
});

test('what a record is found by, and what it is linked by, has to be text', (t) => {
  const refused = ['line 1 has a record without target, sequence or digest'];
  t.deepEqual(problemsOf({}), []);
  t.deepEqual(problemsOf(parts(['web-000001'])), []);
  t.deepEqual(problemsOf({ target: { name: 'web', uid: 'u' } }), refused);
  t.deepEqual(problemsOf({ target: { namespace: 'shop', uid: 'u' } }), refused);
  t.deepEqual(problemsOf({ previous: { name: 'web-000001', digest: 7 } }), refused);
  t.deepEqual(problemsOf(parts(['web-000001', 7])), refused);
  t.deepEqual(readExport('{"keys":["a",7,null]}').keys, ['a']);
});

test('what should be read and cannot be is said', (t) => {
  const lines = ['{"record":{"sequence":1}}', '{"checkpoint":"x"}', '{"record":{"sequ', '{"record":7}'];
  const { chains, problems } = verifyExport(readExport(lines.join('\n')), trusting);
  t.deepEqual(chains, []);
  t.deepEqual(problems, [
    'line 1 has a record without target, sequence or digest',
    'line 3 is no JSON',
    'line 4 has a record without target, sequence or digest',
    '1 checkpoints cannot be read',
  ]);
  t.regex(readExport('{"items":[{}]}').problems[0] ?? '', /item 1 has a record without/);
});

/** Stock ssh-keygen signs a file for a purpose. */
function witness(t: { teardown(end: () => void): void }, text: string, namespace = 'checkpoint.v1@twinlock.dev') {
  const folder = mkdtempSync(join(tmpdir(), 'twinlock-witness-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'checkpoint');
  const id = join(folder, 'id');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'bank', '-f', id]);
  writeFileSync(file, text);
  execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-f', id, '-n', namespace, file], { stdio: 'ignore' });
  return { armor: readFileSync(`${file}.sig`, 'utf8'), line: readFileSync(`${id}.pub`, 'utf8').trim() };
}

test('a witness outside of the cluster signs with stock ssh-keygen, and counts without the key of the cluster', (t) => {
  const { armor, line } = witness(t, checkpointText(at(4)));
  const { witnesses, problems } = parseWitnesses(`# outside\nbank namespaces="checkpoint.v1@twinlock.dev" ${line}\n`);
  t.deepEqual(problems, []);
  const trust = { keys: [], witnesses, countersignatures: [armor] };
  const verdict = judged(exported(chain, signed(4)), trust);
  t.is(answers(verdict), 'yes yes');
  t.deepEqual(verdict.checkpoint, { size: 4, witnesses: ['bank'] });
  t.is(answers(judged(exported(chain.slice(0, 3), signed(4)), trust)), 'yes no');
  const problem = 'a countersignature is of no checkpoint here, or of no witness: give what was signed too';
  const told = (text: string, given: Trust): readonly string[] => {
    const { chains, problems } = verifyExport(readExport(text), given);
    return [...chains.map(answers), ...problems];
  };
  const keyed = { ...trust, keys: trusting.keys };
  t.deepEqual(told(exported(chain.slice(0, 3), signed(3)), keyed), ['yes yes', problem], 'what it saw was left out');
  t.deepEqual(told(exported(chain.slice(0, 3), signed(3), checkpointText(at(4))), keyed), ['yes no'], 'a stolen key');
  const stranger = witness(t, checkpointText(at(4)));
  const strangers = { ...trust, countersignatures: [stranger.armor, 'x'] };
  t.deepEqual(told(exported(chain, signed(4)), strangers), ['yes unknown', problem, problem]);
});

test('a signature for another purpose is no countersignature', (t) => {
  const { armor, line } = witness(t, checkpointText(at(4)), 'vote.v1@twinlock.dev');
  const { witnesses } = parseWitnesses(`bank ${line}`);
  t.is(witnesses.length, 1);
  const text = exported(chain, signed(4));
  const { chains } = verifyExport(readExport(text), { keys: [], witnesses, countersignatures: [armor] });
  t.is(chains[0]?.complete, 'unknown');
});

test('a witness that cannot be used is said, with what to write', (t) => {
  const { line } = witness(t, 'x');
  const file = ['bank', `bank namespaces="git" ${line}`, 'bank ssh-ed25519 AAAA', `bank cert-authority ${line}`].join(
    '\n',
  );
  const { witnesses, problems } = parseWitnesses(file);
  t.deepEqual(witnesses, []);
  t.is(problems.length, 4);
  t.regex(problems[0] ?? '', /line 1 of the witnesses is not used: write: name namespaces=/);
});

const readWitnesses = (text: string): string => {
  const { witnesses, problems } = parseWitnesses(text);
  return [...witnesses.map(({ name }) => name), ...problems].join('; ');
};

test('a line of a witness is read as ssh-keygen reads it, from its first character to its last', (t) => {
  const { line } = witness(t, 'x');
  const long = 'b'.repeat(253);
  const write =
    'line 1 of the witnesses is not used: write: name namespaces="checkpoint.v1@twinlock.dev" ssh-ed25519 AAAA...';
  t.is(readWitnesses(`bank@x.example_1+2-3  ${line}  `), 'bank@x.example_1+2-3');
  t.is(readWitnesses(`bank namespaces="git,checkpoint.v1@twinlock.dev"  ${line}`), 'bank');
  t.is(readWitnesses(`${long} ${line}`), long);
  t.is(readWitnesses(`${long}b ${line}`), write);
  t.is(readWitnesses(` bank ${line}`), write);
  t.is(readWitnesses(`a,bank ${line}`), write);
  t.is(readWitnesses(`bank namespaces="" ${line}`), write, 'for nothing at all');
  t.is(readWitnesses(`bank namespaces="git" ${line}`), write);
  t.is(readWitnesses(`bank x${line}`), write);
  t.regex(
    readWitnesses('bank ssh-ed25519 AAAA'),
    /^line 1 of the witnesses is not used: (?!write)/,
    'in the words of the key',
  );
});

test('an export has a line for each record, one for the signed head and one for keys where there are such', (t) => {
  const records = chain.map((record) => JSON.stringify({ record }));
  t.deepEqual(writeExport({ records: chain, checkpoint: undefined, keys: [] }), records);
  const checkpoint = signed(4);
  t.deepEqual(writeExport({ records: chain, checkpoint, keys: [key] }), [
    ...records,
    JSON.stringify({ checkpoint }),
    JSON.stringify({ keys: [key] }),
  ]);
});

test('blank lines of a file of witnesses, and comments, are no witness that cannot be used', (t) => {
  t.deepEqual(parseWitnesses('\n  \n\t\r\n# nobody yet\n'), { witnesses: [], problems: [] });
});
