import { run } from './command.ts';
import { HarnessError } from './errors.ts';
import { tools } from './tools.ts';

/** What the kstatus library of Flux makes of one object. */
export interface KstatusAnswer {
  readonly status: 'InProgress' | 'Current' | 'Failed' | 'Terminating' | 'Unknown' | 'NotFound';
  readonly message: string;
}

/**
 * Asks the real kstatus library (Flux waits on its answer), one answer for each object, in their order.
 *
 * @param objects whole objects as the API server hands them out, `metadata.generation` included
 * @throws HarnessError `CommandFailed` for an object that the library cannot judge
 */
export async function kstatusOf(objects: readonly object[]): Promise<readonly KstatusAnswer[]> {
  const input = objects.map((object) => `${JSON.stringify(object)}\n`).join('');
  const { stdout } = await run(await tools.kstatus(), [], { input, timeout: 60_000 });
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (lines.length !== objects.length) {
    throw new HarnessError('CommandFailed', `kstatus judged ${lines.length} of ${objects.length} objects`);
  }
  return lines.map((line, index) => {
    const answer = JSON.parse(line) as Partial<KstatusAnswer> & { readonly error?: string };
    if (answer.status === undefined) {
      const object = JSON.stringify(objects[index]).slice(0, 1000);
      throw new HarnessError('CommandFailed', `kstatus cannot judge: ${answer.error ?? line}\n${object}`);
    }
    return { status: answer.status, message: answer.message ?? '' };
  });
}
