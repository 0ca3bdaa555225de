/** Loaded into every test file's process of the first run: leaves behind which mutants' code the file has reached, and in what time. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import test, { registerCompletionHandler } from 'ava';

declare global {
  /** What Stryker's instrumented code counts into; it defines the name and the shape. */
  var __stryker__:
    | {
        readonly mutantCoverage?: {
          readonly static: Readonly<Record<string, number>>;
          readonly perTest: Readonly<Record<string, Readonly<Record<string, number>>>>;
        };
      }
    | undefined;
}

const folder = process.env['TWINLOCK_MUTANTS_REACHED'];
if (folder !== undefined) {
  registerCompletionHandler(() => {
    const reached = Object.keys(globalThis.__stryker__?.mutantCoverage?.static ?? {});
    const report = { file: test.meta.file, reached, seconds: process.uptime() };
    writeFileSync(join(folder, `${basename(test.meta.file)}.json`), JSON.stringify(report));
  });
}
