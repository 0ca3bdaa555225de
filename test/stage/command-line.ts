import { Command, InvalidArgumentError } from 'commander';

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

/** Reads the value of an option that is a whole number above 0. */
export function wholeNumber(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError('write a whole number above 0');
  return number;
}
