import { firstSignal } from './signals.ts';
import type { ProcessName } from './flags.ts';
import type { ProcessOptions, RunningProcess } from './options.ts';
import type { RecordsCommand } from './records/options.ts';

/** Loads only the process that is asked for: the other one's code never gets into its memory. */
async function start(name: ProcessName, options: ProcessOptions, signal: AbortSignal): Promise<RunningProcess> {
  switch (name) {
    case 'environments':
      return (await import('./environments.ts')).startEnvironments(options, { signal });
    case 'promotions':
      return (await import('./promotions.ts')).startPromotions(options, { signal });
  }
}

/** @returns the exit code */
async function audit(command: RecordsCommand): Promise<number> {
  if (command.records === 'export') {
    const { exportRecords } = await import('./records/export.ts');
    const lines = await exportRecords(command.options, (text) => process.stderr.write(`${text}\n`));
    await written(lines.map((line) => `${line}\n`).join(''));
    return 0;
  }
  const { verifyRecords } = await import('./records/verify.ts');
  try {
    const { code, text } = await verifyRecords(command.options);
    await written(text);
    return code;
  } catch (error) {
    // Not 1: nothing was found wrong, nothing was looked at.
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 2;
  }
}

/** The program ends right after: what stands in a pipe would be lost. */
async function written(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** @returns the exit code: 0 after `--help` or a signal, 2 for a command line that cannot be read, 1 for the rest; see `records verify --help` for its own */
async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { parseFlags, UsageError } = await import('./flags.ts');
  try {
    const command = parseFlags(args);
    if ('help' in command) process.stdout.write(command.help);
    else if ('records' in command) return await audit(command);
    else await (await start(command.run, command.options, signal)).done;
    return 0;
  } catch (error) {
    const usage = error instanceof UsageError;
    process.stderr.write(`${error instanceof Error ? (usage ? error.message : error.stack) : String(error)}\n`);
    return usage ? 2 : 1;
  }
}

const signal = firstSignal();
// Whatever did not stop in its time must not go on: the lease may be another's by now.
process.exit(await main(process.argv.slice(2), signal));
