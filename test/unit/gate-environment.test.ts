import test from 'ava';
import type { TwinClass } from '../../operator/api/index.ts';
import { environmentGate, runGates, type GatesInput } from '../../operator/gates/index.ts';
import { notAdmitted } from '../../operator/promotions/decide/index.ts';
import { environment, images, now, policy } from './promotion-world.ts';

const artifacts = [{ kind: 'Deployment', name: 'web', container: 'web', image: images.second }] as const;
const given = policy();
const spec = 'object' in given ? given.object.spec : undefined;
const input: GatesInput = {
  now,
  policy: spec!,
  environment: environment(images.second),
  running: { artifacts },
  latched: undefined,
};

test('the same sight gives the same evidence digest, whenever it is seen', (t) => {
  const [first] = runGates(input);
  const [later] = runGates({ ...input, now: now + 60_000 });
  t.is(first?.result, 'Passed');
  t.is(first?.evidenceDigest, later?.evidenceDigest);
  t.not(first?.finishedAt, later?.finishedAt);
});

function digest(...args: Parameters<typeof environmentGate>): string | undefined {
  const outcome = environmentGate(...args);
  return outcome.result === 'Passed' ? outcome.evidenceDigest : undefined;
}

test('another image, another environment and another service give other evidence', (t) => {
  const base = environment(images.second);
  const seen = [
    digest(base, artifacts),
    digest(base, [{ ...artifacts[0], image: images.third }]),
    digest({ ...base, metadata: { ...base.metadata, uid: 'made-anew' } }, artifacts),
    digest({ ...base, status: { ...base.status!, services: [] } }, artifacts),
  ];
  t.is(new Set(seen).size, 4);
  t.false(seen.includes(undefined));
});

test('the gate Environment is there also when the policy leaves it out', (t) => {
  const states = runGates({ ...input, policy: { ...spec!, gates: [] }, environment: undefined });
  t.deepEqual(
    states.map(({ name, result }) => `${name} ${result}`),
    ['environment Pending'],
  );
});

test('a result latches for its artifacts until it is too old', (t) => {
  const gates = runGates(input);
  const gone = { ...input, environment: undefined, latched: { artifacts, gates } };
  t.is(runGates({ ...gone, now: now + 167 * 3_600_000 })[0]?.result, 'Passed');
  t.is(runGates({ ...gone, now: now + 168 * 3_600_000 })[0]?.result, 'Pending');
});

const twinClass = (matchLabels: Readonly<Record<string, string>>): TwinClass =>
  ({ spec: { namespaceSelector: { matchLabels } } }) as unknown as TwinClass;
const labels = { 'twinlock.dev/environments': 'true' };
/** allowedFrom, labels of the namespace, classes, admitted? */
const admissions: readonly (readonly [
  string,
  readonly string[] | undefined,
  Readonly<Record<string, string>> | undefined,
  readonly TwinClass[],
  boolean,
])[] = [
  ['listed', ['shop-dev'], undefined, [], true],
  ['another is listed, though a class would match', ['other'], labels, [twinClass(labels)], false],
  ['nothing listed, a class matches', undefined, labels, [twinClass(labels)], true],
  ['an empty list is no list', [], labels, [twinClass(labels)], true],
  ['nothing listed, no class matches', undefined, {}, [twinClass(labels)], false],
  ['nothing listed, no class at all', undefined, labels, [], false],
  ['a class that selects everything selects nothing here', undefined, labels, [twinClass({})], false],
  ['a namespace that does not exist', undefined, undefined, [twinClass(labels)], false],
];
for (const [what, allowed, namespaceLabels, classes, admitted] of admissions)
  test(`${admitted ? 'may' : 'may not'} be promoted from: ${what}`, (t) => {
    const problem = notAdmitted({
      namespace: 'shop-dev',
      labels: namespaceLabels,
      allowedFrom: allowed?.map((namespace) => ({ namespace })),
      classes,
    });
    t.is(problem === undefined, admitted, problem?.message);
  });
