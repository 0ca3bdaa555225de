/** A mutant that no test can kill, because the program does the same with it; the reason is for the reader to judge. */
export interface Explained {
  readonly file: string;
  readonly original: string;
  readonly replacement: string;
  /** Where a file has that text more than once: some of the line that is meant. Left out: any. */
  readonly within?: string;
  readonly why: string;
}

// Of the rooms admission, canonical, gates, lock, records, trust and votes.
const READ: readonly Explained[] = [
  {
    file: 'operator/lock/decisions.ts',
    original: 'record.sequence > approved.sequence',
    replacement: 'record.sequence >= approved.sequence',
    why: 'the one record more is the approval itself (a number is part of the name, so no other record has it), and its result is Approved, never RolledBack',
  },
  {
    file: 'operator/lock/decisions.ts',
    original: 'spec === undefined',
    replacement: 'false',
    why: "there is no such content only for a kind whose undo restores Nothing, and every kind of this version's table (operator/workloads/table.ts) restores its template; the line stands for the type and for the next kind",
  },
  {
    file: 'operator/votes/keyring/keyring.ts',
    original: 'fingerprint !== undefined',
    replacement: 'true',
    why: 'the map is read by the fingerprint of the key in a signature and by nothing else; that is a text, so what is kept under undefined is never found',
  },
  {
    file: 'operator/votes/sshsig/ed25519.ts',
    original: 'signature.length === 64 && littleEndian(signature.subarray(32)) < L',
    replacement: 'true',
    why: 'the OpenSSL of this Node refuses an S from the group order on, and any other length, by itself; the line stands for one that does not',
  },
  {
    file: 'operator/votes/sshsig/ed25519.ts',
    original: '2n ** 252n + 27742317777372353535851937790883648493n',
    replacement: '2n ** 252n - 27742317777372353535851937790883648493n',
    why: 'one signature in 2^126 has an S between the two, and nobody can make one on purpose: what lies there and was not signed is refused either way',
  },
  {
    file: 'operator/votes/sshsig/verify.ts',
    original: '!key.blob.equals(sshsig.publicKey)',
    replacement: 'false',
    why: 'a count finds the key by the fingerprint of the one in the signature, so that they are equal; under another key the signature is refused a line later',
  },
  {
    file: 'operator/votes/sshsig/decision.ts',
    original: "'the signature cannot be read: sign again with ssh-keygen -Y sign'",
    replacement: '""',
    why: 'nothing that this OpenSSL throws on is known: what is out of range it answers with false',
  },
  {
    file: 'operator/records/checkpoint/checkpoint.ts',
    original: "''",
    replacement: '"Stryker was here!"',
    why: 'the line that is missing is the third or an earlier one, and a text without it has no fourth, which is asked for: what stands for it is never looked at',
  },
  {
    file: 'operator/records/checkpoint/checkpoint.ts',
    original: 'target === undefined',
    replacement: 'false',
    why: 'the three are groups of one pattern, which has all or none: the first answers for them, the others stand for the type',
  },
  {
    file: 'operator/records/checkpoint/note.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    why: 'the first element of the match is passed over, and a list of one has no name either',
  },
  {
    file: 'operator/records/audit/witnesses.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    why: 'the first element of the match is passed over, and a list of one has neither a name nor a key',
  },
  {
    file: 'operator/records/parts.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    why: 'a text has no fields, so that undefined is left out of the record, which has no member of that name',
  },
  {
    file: 'operator/records/audit/lines.ts',
    original: '{\n    return undefined;\n  }',
    replacement: '{}',
    why: 'a function that ends without a return gives undefined too',
  },
  {
    file: 'operator/records/checkpoint/checkpoint.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    why: 'the first element of the match is passed over, and a list of one has none of the three',
  },
  {
    file: 'operator/records/checkpoint/note.ts',
    original: 'name === undefined || id === undefined',
    replacement: 'name === undefined && id === undefined',
    why: 'both are groups of one pattern, which has all or none',
  },
  {
    file: 'operator/records/parts.ts',
    original: 'count > 0',
    replacement: 'count >= 0',
    why: 'none of them stand at the end then, which is 0 too',
  },
  {
    file: 'operator/trust/decide/chain.ts',
    original: 'root.content === undefined',
    replacement: 'false',
    why: 'the keyring that signs is never removed, so it has content: the line stands for the type',
  },
  {
    file: 'operator/trust/decide/standing.ts',
    original: 'content !== undefined',
    replacement: 'true',
    why: 'a content that is undefined cannot be read: it is the same as none and revokes nothing, and the keyring that signs has none only where its removal was refused lines before; the test stands for the type',
  },
  {
    file: 'operator/gates/environment/judge.ts',
    original: 'status?.services',
    replacement: 'status.services',
    why: 'both conditions were found in that status by then: the mark stands for the type',
  },
  {
    file: 'operator/gates/run.ts',
    original: 'found.finishedAt === undefined',
    replacement: 'false',
    why: 'a time that is not there is NaN, and no age of NaN is below the greatest one: the test stands for the type',
  },
  {
    file: 'operator/gates/run.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    why: 'of that gate only the result is looked at where it failed or waits, and artifacts are part of what a passed one shows',
  },
  {
    file: 'operator/lock/closed.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    within: 'objects = []',
    why: 'a text has no role, and only what is Current is looked at',
  },
  {
    file: 'operator/lock/frozen.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    within: 'isStill({ objects = [] }',
    why: 'a text has no kind, and only a ConfigMap or Secret of some name is looked for',
  },
  {
    file: 'operator/lock/jobs.ts',
    original: '{\n    if (error instanceof CanonicalError) return undefined;\n    throw error;\n  }',
    replacement: '{}',
    why: 'a digest throws nothing else than what has no canonical form, and a function that ends without a return gives undefined too',
  },
  {
    file: 'operator/lock/objects.ts',
    original: 'newest === undefined',
    replacement: 'false',
    why: 'without a decision there is neither a state that it decided nor one of that name: the other test of the same line answers',
  },
  {
    file: 'operator/records/checkpoint/note.ts',
    original: "''",
    replacement: '"Stryker was here!"',
    within: 'SIGNATURE_LINE',
    why: 'a line that is no signature has no name either, which is asked for: what stands for its bytes is never looked at',
  },
  {
    file: 'operator/records/checkpoint/note.ts',
    original: 'name === undefined',
    replacement: 'false',
    why: 'a line that is no signature has no bytes either, which are counted: the test stands for the type',
  },
  ...['record.promotion === undefined', 'isLast ?'].map((within) => ({
    file: 'operator/records/retained.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    within,
    why: 'it adds to the uids of promotions that are needed one that no promotion has',
  })),
  {
    file: 'operator/records/store.ts',
    original: "'target'",
    replacement: '""',
    why: 'the name of an index, which is made and asked for under the one constant',
  },
  {
    file: 'operator/admission/container-fields.ts',
    original: `"the service account's token is mounted by admission, and a mutation may mount added volumes"`,
    replacement: '""',
    why: 'for whoever reads the table: no policy has it',
  },
  {
    file: 'operator/admission/jobs.ts',
    original: "'or'",
    replacement: '""',
    why: 'one kind makes Jobs, so that nothing stands between several; the word is for the next kind',
  },
  {
    file: 'operator/trust/decide/chain.ts',
    original: "'is no change'",
    replacement: '""',
    why: 'a record without a change has a fault by then: the words stand for the type',
  },
  {
    file: 'operator/trust/decide/chain.ts',
    original: '!(error instanceof CanonicalError)',
    replacement: 'false',
    why: 'digesting records throws nothing else: the line keeps a fault of this program from passing for one of a record',
  },
  {
    file: 'operator/trust/decide/standing.ts',
    original: '!(error instanceof StatementError) && !(error instanceof CanonicalError)',
    replacement: 'false',
    why: 'writing a statement throws nothing else: the line keeps a fault of this program from passing for one of the object',
  },
  {
    file: 'operator/trust/decide/quorum.ts',
    original: "'a keyring asks for no signature at all'",
    replacement: '""',
    why: 'the schema, by which every keyring is read, has one entry at least in changeQuorum: the line stands for the type',
  },
  {
    file: 'operator/trust/decide/quorum.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    within: 'keysOf',
    why: 'a text has no public key, so that the keys of somebody new are as new as before',
  },
  {
    file: 'operator/trust/decide/standing.ts',
    original: 'end <= now + LIFETIME',
    replacement: 'end < now + LIFETIME',
    why: 'at that very second the end that is made anew is the one that is shown',
  },
  {
    file: 'operator/trust/gather/sealing.ts',
    original: 'content === undefined',
    replacement: 'false',
    why: 'the schema, by which it is read next, refuses undefined too: the test stands for the type',
  },
  {
    file: 'operator/trust/gather/sealing.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    within: 'each.kind === kind',
    why: 'a text is of no namespace, and has no content that a policy could be read from',
  },
  {
    file: 'operator/trust/status/trust.ts',
    original: "''",
    replacement: '"Stryker was here!"',
    why: 'a change remembers no signatures, so that each of its count is carried by an annotation: the text stands for the type',
  },
  {
    file: 'operator/trust/decide/chain.ts',
    original: 'notAfter === undefined',
    replacement: 'false',
    why: 'a record without an end was refused a line before, as accepted after it: the test stands for the type',
  },
  {
    file: 'operator/trust/decide/chain.ts',
    original: '!isDigest(root.digest)',
    replacement: 'false',
    why: 'the keyring that signs is never removed, and its digest was compared with one of its content: the test stands for the type',
  },
  {
    file: 'operator/lock/edit.ts',
    original: 'undone === undefined',
    replacement: 'false',
    why: "there is no such content only for a kind whose undo restores Nothing, and every kind of this version's table (operator/workloads/table.ts) restores its template; the line stands for the type and for the next kind",
  },
  {
    file: 'operator/lock/frozen.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    within: 'const asked = (lock.frozen ?? [])',
    why: 'a text has no promotions that asked for it',
  },
  {
    file: 'operator/gates/window/schedule.ts',
    original: 'last !== undefined',
    replacement: 'true',
    why: 'no time is before the end of an occurrence that is not there, which is NaN: only the type asks for the test',
  },
  {
    file: 'operator/votes/statement/check.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    within: 'checkConfiguration(input.configuration ?? [])',
    why: 'a text has neither an empty name nor a digest, and without a digest nothing is asked',
  },
  {
    file: 'operator/votes/statement/changes.ts',
    original: "''",
    replacement: '"Stryker was here!"',
    within: 'String(own(item, key))',
    why: 'lists are told by names only where every item has members: the text stands for the type',
  },
  ...['key(a) >= key(b)', 'key(a) <= key(b)', 'true', 'false'].map((replacement) => ({
    file: 'operator/canonical/sorted.ts',
    original: 'key(a) > key(b)',
    replacement,
    why: 'it is asked where the first key is not the lesser, to answer 1 or 0; the sort of V8 asks of an answer only whether it is below 0, to which both are the same',
  })),
  {
    file: 'operator/records/retained.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    within: '{ parts = [] }: RecordSpec',
    why: 'a text names no records, so none is found by them',
  },
  {
    file: 'operator/records/checkpoint/note.ts',
    original: "''",
    replacement: '"Stryker was here!"',
    within: "base64 = ''] = KEY_LINE",
    why: 'a line that has no key has no name either, and is none for that',
  },
];

// Of the room decide.
const ROLLOUT = 'operator/promotions/decide/rollout.ts';
const GUARD =
  'every step before `verified` answers for each other state of a workload, so that it is reached when all of it is complete only: its guard never throws';
const NO_TIME = 'Date.parse makes NaN of either text';

const DECIDE: readonly Explained[] = [
  {
    file: ROLLOUT,
    original: "items.every(({ step }) => step.state === 'Applied' && step.progress.state === 'Complete')",
    replacement: "items.some(({ step }) => step.state === 'Applied' && step.progress.state === 'Complete')",
    why: GUARD,
  },
  {
    file: ROLLOUT,
    original: "step.state === 'Applied' && step.progress.state === 'Complete'",
    replacement: 'true',
    why: GUARD,
  },
  {
    file: ROLLOUT,
    original: "step.state === 'Applied' && step.progress.state === 'Complete'",
    replacement: "step.state === 'Applied' || step.progress.state === 'Complete'",
    why: GUARD,
  },
  { file: ROLLOUT, original: "step.progress.state === 'Complete'", replacement: 'true', why: GUARD },
  { file: ROLLOUT, original: '!complete', replacement: 'false', why: GUARD },
  { file: ROLLOUT, original: "'a rollout that is not complete has no answer'", replacement: '""', why: GUARD },
  { file: 'operator/promotions/decide/facts.ts', original: "''", replacement: '"Stryker was here!"', why: NO_TIME },
  {
    file: 'operator/promotions/decide/queue.ts',
    original: 'ageOf(a) < ageOf(b)',
    replacement: 'ageOf(a) <= ageOf(b)',
    why: 'the age ends in the uid, and no two promotions have one',
  },
  {
    file: 'operator/promotions/decide/plan/images.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    why: 'it adds undefined to a set of names, and no container is called so',
  },
  {
    file: 'operator/promotions/decide/content.ts',
    original: "''",
    replacement: '"Stryker was here!"',
    why: 'the text stands for the type: a promotion that is decided about was read from the API server, which gave it a uid',
  },
  {
    file: 'operator/promotions/decide/facts.ts',
    original: 'history.round?.gates',
    replacement: 'history.round.gates',
    why: 'it is asked only where artifacts latched, which are those of that round: the mark stands for the type',
  },
  {
    file: 'operator/promotions/decide/queue.ts',
    original: "''",
    replacement: '"Stryker was here!"',
    why: 'who asked and is not known is one asker under any name that no user has; time and uid of a promotion are always there',
  },
  {
    file: 'operator/targets/decide/adopt.ts',
    original: 'lock.frozen === undefined',
    replacement: 'false',
    why: 'refrozen takes the list that it is given away and puts its own in its place, or none',
  },
  {
    file: 'operator/targets/decide/outcomes.ts',
    original: 'promotion === undefined',
    replacement: 'false',
    why: 'whoever asks has found the approval by its promotion (openApproval): the guard stands for the type',
  },
  {
    file: 'operator/promotions/decide/round.ts',
    original: "typeof state === 'string'",
    replacement: 'false',
    why: 'the letters of a text become members 0 to 5, and a statement takes only those of a digest by their names',
  },
  {
    file: 'operator/targets/decide/pods.ts',
    original: 'until !== undefined',
    replacement: 'true',
    why: 'no number is less than or equal to undefined: only the type asks for the test',
  },
  {
    file: 'operator/targets/decide/promoted.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    within: '({ jobs = [] }) => jobs',
    why: 'a text has no Job, and only those of one name are looked for',
  },
  {
    file: 'operator/targets/decide/promoted.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    within: "kind !== 'Job'",
    why: 'a text has no content that a pod could be of',
  },
  {
    file: 'operator/targets/decide/promoted.ts',
    original: 'signed.length === 0',
    replacement: 'false',
    why: 'of nothing that was signed nothing is left either way; only a walk over the chain is saved',
  },
  ...['true', 'contents.length >= 0'].map((replacement) => ({
    file: 'operator/targets/decide/promoted.ts',
    original: 'contents.length > 0',
    replacement,
    why: 'where nothing was signed a pod is compared with nothing, and is not that',
  })),
  ...["newest?.since ?? ''", "creationTimestamp ?? ''"].map((within) => ({
    file: 'operator/targets/decide/pods.ts',
    original: "''",
    replacement: '"Stryker was here!"',
    within,
    why: NO_TIME,
  })),
  {
    file: 'operator/targets/decide/pods.ts',
    original: '[]',
    replacement: '["Stryker was here"]',
    within: '({ currentSpecs = [], desiredSpecs = [] })',
    why: 'a text has neither kind nor name, and nothing is decided about what has none',
  },
  {
    file: 'operator/targets/decide/pods.ts',
    original: "''",
    replacement: '"Stryker was here!"',
    within: "'RolledBack', 'Failed'].includes",
    why: 'neither text is the name of a result',
  },
];

export const EXPLAINED: readonly Explained[] = [...READ, ...DECIDE];

/** Why a mutant is no fault of the tests, where that is known. */
export function explanationOf(
  mutant: Pick<Explained, 'file' | 'original' | 'replacement'> & { readonly text: string },
): string | undefined {
  return EXPLAINED.find(
    ({ file, original, replacement, within = '' }) =>
      file === mutant.file &&
      original === mutant.original &&
      replacement === mutant.replacement &&
      mutant.text.includes(within),
  )?.why;
}
