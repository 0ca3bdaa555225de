import { parseFlags, UsageError, type ProcessName } from './flags.ts';
import type { ProcessOptions, RunningProcess } from './process-options.ts';

/** Loads only the process that is asked for: the other one's code never gets into its memory. */
async function start(name: ProcessName, options: ProcessOptions): Promise<RunningProcess> {
  switch (name) {
    case 'environments':
      return (await import('./environments/process.ts')).startEnvironments(options);
    case 'promotions':
      return (await import('./promotions/process.ts')).startPromotions(options);
  }
}

async function main(args: readonly string[]): Promise<void> {
  const command = parseFlags(args);
  if ('help' in command) {
    process.stdout.write(command.help);
    return;
  }
  const running = await start(command.run, command.options);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void running.stop());
  await running.done;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const usage = error instanceof UsageError;
  process.stderr.write(`${error instanceof Error ? (usage ? error.message : error.stack) : String(error)}\n`);
  process.exitCode = usage ? 2 : 1;
}
