/** How much is measured; the quick sizes show that the benchmark itself works. */
export interface Sizes {
  readonly applied: number;
  readonly converged: number;
  readonly silenceSeconds: number;
  readonly cached: number;
  readonly votes: number;
  /** One promotion of many workloads. */
  readonly wide: { readonly workloads: number; readonly votes: number };
  readonly edits: number;
}

export const full: Sizes = {
  applied: 500,
  converged: 1_000,
  silenceSeconds: 300,
  cached: 10_000,
  votes: 21,
  wide: { workloads: 50, votes: 7 },
  edits: 301,
};
export const quick: Sizes = {
  applied: 20,
  converged: 30,
  silenceSeconds: 10,
  cached: 200,
  votes: 5,
  wide: { workloads: 5, votes: 2 },
  edits: 51,
};

/** One line of the table. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The value must not be above it (design bar). */
  readonly bar: number;
  readonly detail: string;
}

const number = (value: number): string => (Number.isInteger(value) ? String(value) : value.toFixed(2));

export function table(figures: readonly Figure[]): string {
  const rows = figures.map(
    ({ name, value, unit, bar, detail }) =>
      `| ${name} | ${number(value)} ${unit} | <= ${number(bar)} | ${value <= bar ? 'met' : '**missed**'} | ${detail} |`,
  );
  return ['| what | measured | bar | | detail |', '| --- | --- | --- | --- | --- |', ...rows, ''].join('\n');
}
