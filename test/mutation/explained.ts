/** A mutant that no test can kill, because the program does the same with it; the reason is for the reader to judge. */
export interface Explained {
  readonly file: string;
  readonly original: string;
  readonly replacement: string;
  readonly why: string;
}

export const EXPLAINED: readonly Explained[] = [
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
  ...['key(a) >= key(b)', 'key(a) <= key(b)', 'true', 'false'].map((replacement) => ({
    file: 'operator/canonical/sorted.ts',
    original: 'key(a) > key(b)',
    replacement,
    why: 'it is asked where the first key is not the lesser, to answer 1 or 0; the sort of V8 asks of an answer only whether it is below 0, to which both are the same',
  })),
];

/** Why a mutant is no fault of the tests, where that is known. */
export function explanationOf(mutant: Omit<Explained, 'why'>): string | undefined {
  return EXPLAINED.find(
    ({ file, original, replacement }) =>
      file === mutant.file && original === mutant.original && replacement === mutant.replacement,
  )?.why;
}
