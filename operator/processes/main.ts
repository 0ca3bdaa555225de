import { firstSignal } from './signals.ts';
import type { ProcessName } from './flags.ts';
import type { ProcessOptions, RunningProcess } from './options.ts';

/** Loads only the process that is asked for: the other one's code never gets into its memory. */
async function start(name: ProcessName, options: ProcessOptions, signal: AbortSignal): Promise<RunningProcess> {
  switch (name) {
    case 'environments':
      return (await import('./environments.ts')).startEnvironments(options, { signal });
    case 'promotions':
      return (await import('./promotions.ts')).startPromotions(options, { signal });
  }
}

/** @returns the exit code: 0 after `--help` or a signal, 2 for a command line that cannot be read, 1 for the rest */
async function main(args: readonly string[], signal: AbortSignal): Promise<number> {
  const { parseFlags, UsageError } = await import('./flags.ts');
  try {
    const command = parseFlags(args);
    if ('help' in command) process.stdout.write(command.help);
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
