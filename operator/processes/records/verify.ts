import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { printable } from '../../canonical/index.ts';
import {
  parseKeyLine,
  parseWitnesses,
  readExport,
  verifyExport,
  type AuditVerdict,
  type ChainVerdict,
} from '../../records/index.ts';
import type { VerifyOptions } from './options.ts';

/** What is printed, and the exit code. */
export interface Verified {
  readonly code: 0 | 1 | 2;
  readonly text: string;
}

/**
 * Verifies what is in a file. Asks no cluster.
 *
 * @throws when a file cannot be read
 */
export async function verifyRecords(options: VerifyOptions): Promise<Verified> {
  const {
    file,
    keys: keyFiles,
    checkpoints,
    witnesses: witnessFile,
    countersignatures: signatureFiles,
    output,
  } = options;
  const found = readExport(await (file === '-' ? readAll(process.stdin) : readFile(file, 'utf8')));
  const keyLines = (await readEach(keyFiles)).flatMap((content) => content.split('\n')).filter(isContent);
  const keys = keyLines.flatMap((line) => parseKeyLine(line) ?? []);
  const { witnesses, problems } = parseWitnesses(witnessFile === undefined ? '' : await readFile(witnessFile, 'utf8'));
  const verdict = verifyExport(
    {
      ...found,
      checkpoints: [...found.checkpoints, ...(await readEach(checkpoints))],
      problems: [
        ...found.problems,
        ...problems,
        ...(keys.length === keyLines.length ? [] : ['a line of the keys is no key of a cluster: name+id+base64']),
      ],
    },
    { keys, witnesses, countersignatures: await readEach(signatureFiles) },
  );
  const unknownKeys = keys.length > 0 ? [] : [...new Set(found.keys)];
  return {
    code: codeOf(verdict),
    text: output === 'json' ? `${JSON.stringify(verdict, null, 2)}\n` : textOf(verdict, unknownKeys),
  };
}

async function readEach(files: readonly string[]): Promise<readonly string[]> {
  return Promise.all(files.map((file) => readFile(file, 'utf8')));
}

function isContent(line: string): boolean {
  return line.trim() !== '' && !line.startsWith('#');
}

function codeOf({ chains, problems }: AuditVerdict): Verified['code'] {
  const answers = chains.flatMap(({ intact, complete }) => [intact, complete]);
  if (answers.includes('no')) return 1;
  return answers.length === 0 || problems.length > 0 || answers.includes('unknown') ? 2 : 0;
}

/** Names come from the export: they are shown so that no terminal obeys them. */
function textOf({ chains, problems }: AuditVerdict, unknownKeys: readonly string[]): string {
  const lines = [
    ...chains.flatMap(chainLines),
    ...(chains.length === 0 ? ['there are no records here'] : []),
    ...problems.map((problem) => `not read: ${problem}`),
    ...(unknownKeys.length === 0
      ? []
      : ['the export brings the keys below, which prove nothing until you know them from elsewhere (--key):']),
    ...unknownKeys.map((key) => `  ${key}`),
  ];
  return lines.map((line) => `${printable(line, 1000)}\n`).join('');
}

function chainLines({
  namespace,
  target,
  records,
  intact,
  complete,
  checkpoint,
  faults,
  doubts,
}: ChainVerdict): readonly string[] {
  const by = checkpoint?.witnesses.length ? `, witnessed by ${checkpoint.witnesses.join(', ')}` : '';
  return [
    `${namespace}/${target}: ${records} records`,
    `  intact: ${intact}`,
    `  complete: ${complete}${checkpoint === undefined ? '' : ` (newest checkpoint: record ${checkpoint.size}${by})`}`,
    ...faults.map((fault) => `  FAULT ${fault}`),
    ...doubts.map((doubt) => `  ${doubt}`),
  ];
}
