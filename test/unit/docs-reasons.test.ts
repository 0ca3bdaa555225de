import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import {
  environmentReasons,
  keyringReasons,
  promotionReasons,
  targetReasons,
  trustReasons,
} from '../../operator/api/index.ts';
import { voteReasons } from '../../operator/votes/index.ts';

const root = join(import.meta.dirname, '../..');
const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
const matches = (source: string, pattern: RegExp): string[] => [...source.matchAll(pattern)].map(([, it = '']) => it);

/** The reasons in the first column of the tables below a heading. */
async function explained(heading: string): Promise<readonly string[]> {
  const sections = (await text('docs/reasons.md')).split(/^## /m);
  const section = sections.find((each) => each.startsWith(`${heading}\n`)) ?? '';
  return matches(section, /^\| (`[^|]+)\|/gm).flatMap((row) => matches(row, /`(\w+)`/g));
}

const unions: readonly (readonly [heading: string, reasons: readonly string[]])[] = [
  ['TwinEnvironment', environmentReasons],
  ['Promotion', promotionReasons],
  ['ProductionTarget', targetReasons],
  ['ApproverKeyring', keyringReasons],
  ['ApprovalPolicy', trustReasons],
  ['Votes', voteReasons],
];
for (const [heading, reasons] of unions)
  test(`every reason of ${heading} is explained once, and no other`, async (t) => {
    const rows = await explained(heading);
    t.deepEqual(rows.toSorted(), reasons.toSorted());
    t.is(new Set(rows).size, rows.length);
  });
