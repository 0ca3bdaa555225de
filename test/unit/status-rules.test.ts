import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { z } from 'zod';
import { kinds } from '../../operator/api/index.ts';
import { conditionBounds, type Condition } from '../../operator/kube/index.ts';
import { sources } from './sources.ts';
import { faultsOf, promisedOf, reasonsOf, type Reported } from '../statuses/rules.ts';

const condition = (type: string, status: Condition['status'], more: Partial<Condition> = {}): Condition => ({
  type,
  status,
  reason: 'NobodyCanVote',
  message: 'enrol somebody',
  observedGeneration: 2,
  lastTransitionTime: '2026-11-21T10:00:00Z',
  ...more,
});
const [ready, notReady] = [condition('Ready', 'True'), condition('Ready', 'False')];
const [reconciling, stalled] = [condition('Reconciling', 'True'), condition('Stalled', 'True')];
const keyring = (conditions: readonly Condition[], more: object = {}): Reported => ({
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'ApproverKeyring',
  metadata: { name: 'default', generation: 2 },
  status: { observedGeneration: 2, conditions, ...more },
});

const good: readonly (readonly [title: string, object: Reported, kstatus: ReturnType<typeof promisedOf>])[] = [
  ['Ready', keyring([ready]), 'Current'],
  ['getting there', keyring([notReady, reconciling]), 'InProgress'],
  ['stuck', keyring([notReady, stalled]), 'Failed'],
  ['behind its spec', { ...keyring([ready]), metadata: { name: 'default', generation: 3 } }, 'InProgress'],
];
for (const [title, object, kstatus] of good)
  test(`a status that is ${title} breaks no rule and promises ${kstatus}`, (t) => {
    t.deepEqual(faultsOf(object), []);
    t.is(promisedOf(object), kstatus);
  });

const bad: readonly (readonly [title: string, object: Reported, fault: RegExp])[] = [
  ['no condition at all', keyring([]), /Ready is not there/],
  ['no Ready', keyring([stalled]), /Ready is not there/],
  ['Ready twice', keyring([ready, ready]), /no type twice: Ready/],
  ['Stalled that is False', keyring([ready, condition('Stalled', 'False')]), /abnormal-true.*Stalled is False/],
  ['Ready and Reconciling', keyring([ready, reconciling]), /one outcome.*Ready and Reconciling/],
  ['Reconciling and Stalled', keyring([notReady, reconciling, stalled]), /one outcome.*Reconciling and Stalled/],
  ['not Ready, for ever', keyring([notReady]), /one outcome.*none of them/],
  ['Ready of unknown state', keyring([condition('Ready', 'Unknown')]), /one outcome.*none of them/],
  ["another's message", keyring([notReady, { ...stalled, message: 'y' }]), /holds Ready up/],
  ['a condition of an older spec', keyring([{ ...ready, observedGeneration: 1 }]), /Ready speaks about 1/],
  ['a generation that is not there yet', keyring([ready], { observedGeneration: 3 }), /it is ahead/],
  ['a reason that the kind does not have', keyring([{ ...ready, reason: 'Protected' }]), /Ready: Protected/],
  [
    'a condition that the kind does not have',
    keyring([ready, condition('TwinsWierd', 'True')]),
    /type that the kind has.*TwinsWierd/,
  ],
  ['no message', keyring([{ ...ready, message: '' }]), /says why/],
  ['a message that turns a terminal around', keyring([{ ...ready, message: 'a\u202Eb' }]), /says why/],
  ['a message that does not fit', keyring([{ ...ready, message: 'x'.repeat(8193) }]), /schema of its kind/],
  ['a reason that is none', keyring([{ ...ready, reason: 'not one' }]), /schema of its kind/],
];
for (const [title, object, fault] of bad)
  test(`a status breaks a rule: ${title}`, (t) => t.regex(faultsOf(object).join('\n'), fault));

test('every kind that has conditions is held against the rules', (t) => {
  // A GateRun says what was seen, and has no conditions.
  const withStatus = kinds
    .filter(({ status }) => status instanceof z.ZodObject && 'conditions' in status.shape)
    .map(({ kind }) => kind);
  t.true(withStatus.length >= 5);
  t.deepEqual(
    withStatus.filter((kind) => reasonsOf[kind] === undefined),
    [],
  );
});

test('every reason keeps to the bounds of the schema', (t) => {
  const { max, pattern } = conditionBounds.reason;
  const all = Object.values(reasonsOf).flat();
  t.true(all.length > 70);
  t.deepEqual(
    all.filter((reason) => reason.length > max || !pattern.test(reason)),
    [],
  );
});

/** What makes a status: of a room or file called status, with the type of one as its answer. */
const makers = sources()
  .filter(({ path }) => /\/status(?:\/|\.ts$)/.test(path))
  .flatMap(({ text }) =>
    [...text.matchAll(/^export function (\w+)\([^]*?\): \w*Status \{/gm)].map(([, name = '']) => name),
  );

test('no unit test makes a status past the table of rules', async (t) => {
  t.deepEqual(makers.toSorted(), [
    'keyringStatus',
    'policyStatus',
    'promotionStatus',
    'statusOf',
    'targetStatus',
    'trustStatus',
  ]);
  const folder = import.meta.dirname;
  const files = (await readdir(folder)).filter((file) => file.endsWith('.ts'));
  const past = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8');
      const names = [...text.matchAll(/import \{([^}]*)\} from '\.\.\/\.\.\/operator\/(?!api\/)/g)]
        .flatMap(([, it = '']) => it.split(','))
        .map((name) => name.trim().split(' ')[0] ?? '');
      // A status goes with what was decided: whoever asks for a verdict past the helper makes no status of it.
      const asks = names.some((name) => makers.includes(name) || name === 'decideTarget');
      return asks && !/\bcheckedStatus\(/.test(text) ? [file] : [];
    }),
  );
  t.deepEqual(past.flat(), []);
});
