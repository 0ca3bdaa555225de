import { explanationOf } from './explained.ts';
import type { Mutant } from './sandbox.ts';
import type { Outcome } from './suite.ts';

export interface Judged extends Mutant {
  readonly outcome: Outcome;
}

export interface RoomReport {
  readonly room: string;
  readonly mutants: number;
  readonly sampled: number;
  readonly killed: number;
  readonly timeout: number;
  readonly explained: number;
  readonly survivors: readonly (Judged & { readonly why: string | undefined })[];
}

export function roomReport(room: string, mutants: number, judged: readonly Judged[]): RoomReport {
  const count = (outcome: Outcome): number => judged.filter((mutant) => mutant.outcome === outcome).length;
  const survivors = judged
    .filter(({ outcome }) => outcome === 'survived' || outcome === 'not reached')
    .map((mutant) => ({ ...mutant, why: explanationOf(mutant) }));
  return {
    room,
    mutants,
    sampled: judged.length,
    killed: count('killed'),
    timeout: count('timeout'),
    explained: survivors.filter(({ why }) => why !== undefined).length,
    survivors,
  };
}

/** Killed of those that a test could kill, as a percentage; a mutant that never ends counts as killed. */
export function score({ sampled, killed, timeout, explained }: RoomReport): number {
  const killable = sampled - explained;
  return killable === 0 ? 100 : (100 * (killed + timeout)) / killable;
}

const oneLine = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').replaceAll('`', "'").replaceAll('|', '\\|');
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
};

export function markdown(seed: number, reports: readonly RoomReport[]): string {
  const rows = reports.map(
    (report) =>
      `| ${report.room} | ${report.mutants} | ${report.sampled} | ${report.killed} | ${report.timeout} | ` +
      `${report.survivors.length - report.explained} | ${report.explained} | ${score(report).toFixed(1)} % |`,
  );
  const survivors = reports.flatMap(({ survivors }) =>
    survivors.map(
      ({ file, line, column, outcome, original, replacement, why }) =>
        `- ${file}:${line}:${column} (${outcome}): \`${oneLine(original)}\` became \`${oneLine(replacement)}\`` +
        (why === undefined ? '' : ` - the same program: ${why}`),
    ),
  );
  return [
    `Seed ${seed}`,
    '',
    '| room | mutants | sampled | killed | timeout | survived | equivalent | score |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
    ...survivors,
    '',
  ].join('\n');
}
