import { Command, InvalidArgumentError } from 'commander';
import { HarnessError } from '../harness/errors.ts';

/**
 * The command line of a tool of the tests: `--help` says how it is used and ends with 0; what it does not know says so too,
 * and ends with 2.
 *
 * @param examples lines as people type them
 */
export function commandLine(name: string, description: string, ...examples: readonly string[]): Command {
  const shown = examples.map((example) => `  $ ${example}`).join('\n');
  return new Command(name)
    .description(description)
    .addHelpText('after', `\nExample${examples.length === 1 ? '' : 's'}:\n${shown}`)
    .showHelpAfterError()
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}

/** Does what the command line asks for. A failure of the harness is told in its own words, without a trace, and ends with 1. */
export async function parseToEnd(program: Command): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    if (!(error instanceof HarnessError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/** Reads the value of an option that is a whole number above 0. */
export function wholeNumber(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('write a whole number above 0');
  return number;
}
