/**
 * Changes one thing in a room's code at a time and asks the unit and property tests whether they notice.
 * The sample is of each room. Writes mutation.json and mutation.md.
 */
import { writeFile } from 'node:fs/promises';
import { Argument } from 'commander';
import { commandLine, wholeNumber } from '../stage/command-line.ts';
import { markdown, roomReport, score } from './report.ts';
import type { Judged, RoomReport } from './report.ts';
import { ROOMS } from './rooms.ts';
import { sample } from './sample.ts';
import { openSandbox } from './sandbox.ts';
import type { Mutant } from './sandbox.ts';
import { judge, reachOf } from './suite.ts';

const program = commandLine(
  'node test/mutation/main.ts',
  'Change one thing in the code of a room at a time, and ask the unit and property tests whether they notice.',
  'node test/mutation/main.ts --sample 100 --seed 7 votes lock',
)
  .addArgument(new Argument('[room...]', 'rooms (default: all of them)').choices(Object.keys(ROOMS)))
  .option('--sample <mutants>', 'so many of each room', wholeNumber, 300)
  .option('--seed <number>', 'which ones', wholeNumber, 1)
  .option('--jobs <number>', 'so many at once', wholeNumber, 2)
  .parse();
const { sample: size, seed, jobs } = program.opts<Readonly<Record<'sample' | 'seed' | 'jobs', number>>>();
const rooms = program.args.length > 0 ? program.args : Object.keys(ROOMS);
const sandbox = await openSandbox(rooms);
const reports: RoomReport[] = [];
try {
  console.log(`${sandbox.mutants.length} mutants; which tests reach them ...`);
  const { reach, milliseconds } = await reachOf(sandbox.folder);
  // All files without a mutant took this long; what needs several times as much will not end.
  const limit = 20_000 + 2 * milliseconds;

  const report = async (room: string): Promise<RoomReport> => {
    const mutants = sandbox.mutants.filter((mutant) => mutant.room === room);
    const chosen = sample(mutants, size, seed);
    console.log(`${room}: ${chosen.length} of ${mutants.length} mutants`);
    const judged = new Map<string, Judged>();
    const work = async (mutant: Mutant): Promise<void> => {
      const { outcome, milliseconds } = await judge(sandbox.folder, mutant.id, reach.get(mutant.id) ?? [], limit);
      judged.set(mutant.id, { ...mutant, outcome });
      const place = `${mutant.file}:${mutant.line} ${mutant.kind}`;
      console.log(`  ${judged.size}/${chosen.length} ${outcome} in ${(milliseconds / 1000).toFixed(1)} s: ${place}`);
    };
    const queue = chosen[Symbol.iterator]();
    await Promise.all(
      Array.from({ length: jobs }, async () => {
        for (const mutant of queue) await work(mutant);
      }),
    );
    const ordered = chosen.map(({ id }) => judged.get(id)).filter((mutant) => mutant !== undefined);
    return roomReport(room, mutants.length, ordered);
  };

  for (const room of rooms) {
    reports.push(await report(room));
    await writeFile('mutation.json', `${JSON.stringify({ seed, reports }, undefined, 2)}\n`);
    await writeFile('mutation.md', markdown(seed, reports));
  }
} finally {
  await sandbox.remove();
}
console.log(`\n${markdown(seed, reports)}\nwritten: mutation.json, mutation.md`);
process.exit(reports.every((report) => score(report) >= 95) ? 0 : 1);
