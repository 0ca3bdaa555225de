/**
 * Measures the bars of speed and size in one run, each as a ratio or against the API server's own audit log.
 * Usage: node test/bench/main.ts [--quick] [name ...]
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
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

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false } },
  allowPositionals: true,
});
const unknown = positionals.filter((name) => !(name in MEASURES));
if (unknown.length > 0) {
  console.error(`unknown measure ${unknown.join(', ')}; there are ${Object.keys(MEASURES).join(', ')}`);
  process.exit(2);
}
const started = performance.now();
const figures: Figure[] = [];
for (const [name, measure] of Object.entries(MEASURES)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.log(`[${((performance.now() - started) / 1000).toFixed(0)} s] ${name} ...`);
  const found = await measure(values.quick ? quick : full);
  console.log(table(found));
  figures.push(...found);
}
const machine = `${availableParallelism()} cores (${cpus()[0]?.model}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`;
await writeFile('bench.json', `${JSON.stringify({ machine, quick: values.quick, figures }, undefined, 2)}\n`);
await writeFile('bench.md', `${machine}${values.quick ? ', quick sizes' : ''}\n\n${table(figures)}`);
console.log('written: bench.json, bench.md');
process.exit(figures.every(({ value, bar }) => value <= bar) ? 0 : 1);
