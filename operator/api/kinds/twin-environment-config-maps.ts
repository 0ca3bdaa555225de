import { z } from 'zod';

import { keyedList } from '../schema/lists.ts';
import { patterns } from '../schema/patterns.ts';
import { withRules } from '../schema/rule.ts';
import { directory } from '../schema/start.ts';
import { objectName, text, worded } from '../schema/text.ts';

const MAX_OWN = 16;

/** `spec.ownConfigMaps` of a TwinEnvironment. */
export const ownConfigMaps = keyedList(
  "ConfigMaps that are the environment's own: written here, made in its namespace. A change of their data rolls the workloads that use them.",
  ['name'],
  z.object({
    name: withRules(objectName("Name of the ConfigMap; a workload's template refers to it as Kubernetes has it."), {
      cel: "self != 'kube-root-ca.crt'",
      message: 'choose another name: Kubernetes puts kube-root-ca.crt into every namespace',
      check: (name) => name !== 'kube-root-ca.crt',
    }),
    data: keyedList(
      'What it holds.',
      ['name'],
      z.object({
        name: worded(
          'Name of the file or variable.',
          253,
          patterns.configKey,
          "write letters, digits, '-', '_' and '.', not two dots first",
        ),
        value: text('Its content.', 16_384, 0),
      }),
      { max: 32 },
    ),
  }),
  { max: MAX_OWN },
);

/** `configMaps` of a workload. */
export const workloadConfigMaps = withRules(
  keyedList(
    'What the container gets of `ownConfigMaps`.',
    ['name'],
    z.object({
      name: objectName('Name of an element of `ownConfigMaps`.'),
      path: directory(
        'Directory that has its entries as files, read-only. Left out: each entry becomes a variable; `env` and bindings go before it.',
      ).optional(),
    }),
    { max: MAX_OWN },
  ),
  {
    cel: 'self.all(a, !has(a.path) || self.exists_one(b, has(b.path) && b.path == a.path))',
    message: 'give each ConfigMap a directory of its own',
    check: (entries) => {
      const paths = entries.flatMap(({ path }) => path ?? []);
      return new Set(paths).size === paths.length;
    },
  },
);
