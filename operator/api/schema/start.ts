import { patterns } from './patterns.ts';
import { listOf, setOf } from './lists.ts';
import { withRules } from './rule.ts';
import { text, worded } from './text.ts';
import { count } from './values.ts';

/** A directory in a container. */
export const directory = (description: string) =>
  withRules(
    worded(
      description,
      256,
      patterns.directory,
      "write an absolute path such as /var/cache/app: letters, digits, '.', '_', '-', '@' and '+'",
    ),
    {
      cel: "!(self + '/').contains('/../') && !(self + '/').contains('/./')",
      message: 'write the path without . and ..',
      check: (path) => !/\/\.\.?(\/|$)/.test(path),
    },
  );

/** What an image needs that says nothing of it itself, where pods must not run as root and write in their image. */
export const start = {
  command: listOf("Entry point, in place of the image's.", text('One word.', 4096), { min: 1, max: 64 }).optional(),
  runAsUser: count(
    'User that the container runs as. Needed for images that name none or one by a name, which a node cannot tell from root; `crane config <image>` prints it.',
    1,
    2_147_483_647,
  ).optional(),
  writablePaths: setOf(
    'Directories that the twin writes to, e.g. /tmp: empty at every start. What an image has there is not seen.',
    directory('A directory.'),
    { min: 1, max: 16 },
  ).optional(),
};

interface Written {
  readonly statePath?: string | undefined;
  readonly writablePaths?: readonly string[] | undefined;
}

/** The state has a volume of its own. */
export const stateApart = {
  cel: '!has(self.statePath) || !has(self.writablePaths) || !(self.statePath in self.writablePaths)',
  message: 'statePath is writable by itself: leave it out of writablePaths',
  fieldPath: '.writablePaths',
  check: ({ statePath, writablePaths }: Written): boolean =>
    statePath === undefined || !(writablePaths ?? []).includes(statePath),
} as const;
