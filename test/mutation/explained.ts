/** A mutant that no test can kill, because the program does the same with it; the reason is for the reader to judge. */
export interface Explained {
  readonly file: string;
  readonly original: string;
  readonly replacement: string;
  readonly why: string;
}

export const EXPLAINED: readonly Explained[] = [];

/** Why a mutant is no fault of the tests, where that is known. */
export function explanationOf(mutant: Omit<Explained, 'why'>): string | undefined {
  return EXPLAINED.find(
    ({ file, original, replacement }) =>
      file === mutant.file && original === mutant.original && replacement === mutant.replacement,
  )?.why;
}
