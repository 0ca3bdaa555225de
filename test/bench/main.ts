/**
 * Measures the bars of speed and size in one run, each as a ratio or against the API server's own audit log.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { Argument } from 'commander';
import { commandLine } from '../stage/command-line.ts';
import { measureAdmission } from './admission.ts';
import { measureEnvironments } from './environments.ts';
import { full, quick, table } from './figure.ts';
import type { Figure, Sizes } from './figure.ts';
import { measureMemory } from './memory.ts';
import { measurePromotion } from './promotion.ts';
import { measureWrites } from './writes.ts';

const MEASURES: Readonly<Record<string, (sizes: Sizes) => Promise<Figure[]>>> = {
  admission: measureAdmission,
  writes: measureWrites,
  promotion: measurePromotion,
  environments: measureEnvironments,
  memory: measureMemory,
};

const program = commandLine(
  'node test/bench/main.ts',
  "Measure the bars of speed and size in one run, each as a ratio or against the API server's own audit log.",
  'node test/bench/main.ts --quick promotion',
)
  .addArgument(new Argument('[name...]', 'what is measured (default: all)').choices(Object.keys(MEASURES)))
  .option('--quick', 'small sizes', false)
  .parse();
const wanted = program.args;
const { quick: isQuick } = program.opts<{ readonly quick: boolean }>();
const started = performance.now();
const figures: Figure[] = [];
for (const [name, measure] of Object.entries(MEASURES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`[${((performance.now() - started) / 1000).toFixed(0)} s] ${name} ...`);
  const found = await measure(isQuick ? quick : full);
  console.log(table(found));
  figures.push(...found);
}
const machine = `${availableParallelism()} cores (${cpus()[0]?.model}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`;
await writeFile('bench.json', `${JSON.stringify({ machine, quick: isQuick, figures }, undefined, 2)}\n`);
await writeFile('bench.md', `${machine}${isQuick ? ', quick sizes' : ''}\n\n${table(figures)}`);
console.log('written: bench.json, bench.md');
process.exit(figures.every(({ value, bar }) => value <= bar) ? 0 : 1);
