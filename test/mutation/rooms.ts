/**
 * The rooms whose tests are judged by mutants: what says yes or no, and what it reads. A path that starts with another
 * room's path belongs to the longer of the two.
 */
export const ROOMS: Readonly<Record<string, readonly string[]>> = {
  canonical: ['operator/canonical/'],
  records: ['operator/records/'],
  lock: ['operator/lock/'],
  votes: ['operator/votes/'],
  statement: ['operator/votes/statement/'],
  decide: ['operator/promotions/decide/', 'operator/targets/decide/'],
  gates: ['operator/gates/'],
  trust: ['operator/trust/'],
  admission: ['operator/admission/'],
};

/** The room of a file from the root of the tree, if it has one. */
export function roomOf(file: string): string | undefined {
  let found: { readonly room: string; readonly length: number } | undefined;
  for (const [room, folders] of Object.entries(ROOMS)) {
    for (const folder of folders) {
      if (file.startsWith(folder) && folder.length > (found?.length ?? 0)) found = { room, length: folder.length };
    }
  }
  return found?.room;
}
