const measures = ['lines', 'branches', 'functions'] as const;

/** What c8 says of one file (istanbul's json-summary). */
export type Summary = Readonly<Record<(typeof measures)[number], { readonly total: number; readonly covered: number }>>;

/** The room of a file: the folder below `operator`, and the one below that where it is a room of its own. */
function roomOf(file: string): string {
  const [, ...folders] = file.split('/').slice(0, -1);
  return folders.slice(0, 2).join('/') || 'operator';
}

const percent = (covered: number, total: number): string =>
  total === 0 ? '-' : `${((100 * covered) / total).toFixed(1)} %`;

/** Covered of all there is, by room and in sum. */
export function roomTable(files: readonly (readonly [string, Summary])[]): string {
  const rooms = Map.groupBy(files, ([file]) => roomOf(file));
  const row = (name: string, summaries: readonly Summary[]): string => {
    const cells = measures.map((measure) => {
      const sum = (of: 'covered' | 'total'): number =>
        summaries.reduce((before, each) => before + each[measure][of], 0);
      return percent(sum('covered'), sum('total'));
    });
    return `| ${name} | ${cells.join(' | ')} |`;
  };
  return [
    `| room | ${measures.join(' | ')} |`,
    '| --- | --- | --- | --- |',
    ...[...rooms]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([room, of]) =>
        row(
          room,
          of.map(([, each]) => each),
        ),
      ),
    row(
      'all',
      files.map(([, each]) => each),
    ),
  ].join('\n');
}
