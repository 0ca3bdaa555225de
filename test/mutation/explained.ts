/** A mutant that no test can kill, because the program does the same with it; the reason is for the reader to judge. */
export interface Explained {
  readonly file: string;
  readonly original: string;
  readonly replacement: string;
  readonly why: string;
}

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
    file: 'operator/targets/decide/pods.ts',
    original: 'until !== undefined',
    replacement: 'true',
    why: 'no number is less than or equal to undefined: only the type asks for the test',
  },
];

export const EXPLAINED: readonly Explained[] = [...DECIDE];

/** Why a mutant is no fault of the tests, where that is known. */
export function explanationOf(mutant: Omit<Explained, 'why'>): string | undefined {
  return EXPLAINED.find(
    ({ file, original, replacement }) =>
      file === mutant.file && original === mutant.original && replacement === mutant.replacement,
  )?.why;
}
