/** What a reloader adds to a template: the policy `workloads` and the controllers' own comparison say the same. */
import * as fc from 'fast-check';
import test from 'ava';
import { evaluator } from '../../operator/admission/evaluate.ts';
import { who } from '../../operator/admission/who.ts';
import { workloads } from '../../operator/admission/workloads.ts';
import { matchLive, withoutMutations, type Approved, type LiveMatch } from '../../operator/lock/index.ts';
import { approvedSpec, specDigest } from '../../operator/workloads/index.ts';

type Json = Readonly<Record<string, unknown>>;

/** Who may do what is another question: here it is what admission takes the content for. */
const CONTENT = `['Current'].exists(r, r in variables.sameFields && r in variables.sameTemplate) ? 'Current'
: 'Fallback' in variables.sameTemplate && 'Fallback' in variables.sameFields ? 'Fallback'
: variables.fallback ? 'Undone' : 'None'`;
const evaluate = evaluator(workloads(who('twinlock-system'), true).variables ?? [], [CONTENT]);

function admitted(spec: Json, approved: readonly Approved[]): unknown {
  const metadata = { name: 'web' };
  const request = { operation: 'CREATE', kind: { kind: 'Deployment' } };
  return evaluate({ object: { metadata, spec }, request, params: { spec: { approved } } })(CONTENT);
}

function matched(spec: Json, [current, fallback]: readonly Approved[]): LiveMatch {
  return matchLive({ current, fallback }, spec);
}

const mutations: NonNullable<Approved['mutations']> = [
  { field: 'Env', names: ['STAKATER_*', 'MODE'] },
  { field: 'Env', container: 'side', names: ['SIDE'] },
  { field: 'Annotations', names: ['reloader.example/last'] },
  { field: 'Volumes', names: ['x'] },
];

function entry(role: Approved['role'], spec: Json, more?: Approved['mutations']): Approved {
  return {
    kind: 'Deployment',
    name: 'web',
    role,
    target: 'web',
    minReplicas: 1,
    record: 'web-000001',
    digest: specDigest('Deployment', spec),
    spec: { ...approvedSpec('Deployment', spec) },
    ...(more && { mutations: more }),
  };
}

interface Shape {
  readonly web: readonly Json[];
  readonly side: readonly Json[];
  readonly init: readonly Json[];
  readonly annotations: Json;
  readonly image: string;
  readonly pause: number;
}

function deployment({ web, side, init, annotations, image, pause }: Shape): Json {
  const container = (name: string, env: readonly Json[]): Json => ({ name, image, ...(env.length > 0 && { env }) });
  return {
    replicas: pause,
    minReadySeconds: pause,
    template: {
      metadata: { labels: { app: 'web' }, ...(Object.keys(annotations).length > 0 && { annotations }) },
      spec: {
        containers: [container('web', web), container('side', side)],
        initContainers: [container('init', init)],
      },
    },
  };
}

const bare: Shape = { web: [{ name: 'A', value: '1' }], side: [], init: [], annotations: {}, image: 'a', pause: 0 };
const mark = { name: 'STAKATER_WEB_CONFIGMAP', value: 'f00' };

const CASES: readonly (readonly [what: string, change: Partial<Shape>, wanted: LiveMatch])[] = [
  ['nothing', {}, 'Current'],
  ['a reloader variable', { web: [...bare.web, mark] }, 'Current'],
  ['a reloader variable before', { web: [mark, ...bare.web] }, 'Current'],
  ['in a container without variables', { side: [mark] }, 'Current'],
  ['in an init container', { init: [mark] }, 'Current'],
  ['in the named container', { side: [{ name: 'SIDE', value: 'x' }] }, 'Current'],
  ['an annotation', { annotations: { 'reloader.example/last': 'x' } }, 'Current'],
  [
    'an annotation and a restart',
    { annotations: { 'reloader.example/last': 'x', 'kubectl.kubernetes.io/restartedAt': 'y' } },
    'Current',
  ],
  ['in another container than the named one', { web: [...bare.web, { name: 'SIDE', value: 'x' }] }, 'None'],
  ['a variable that is not named', { web: [...bare.web, { name: 'LD_PRELOAD', value: 'x' }] }, 'None'],
  ['a variable from a Secret', { web: [...bare.web, { ...mark, valueFrom: { secretKeyRef: {} } }] }, 'None'],
  ['a variable from the pod', { web: [...bare.web, { name: mark.name, valueFrom: { fieldRef: {} } }] }, 'Current'],
  ['a changed approved variable', { web: [{ name: 'A', value: '2' }, mark] }, 'None'],
  ['no approved variable', { web: [mark] }, 'None'],
  ['another annotation', { annotations: { 'reloader.example/last2': 'x' } }, 'None'],
  ['an image beside the mark', { web: [...bare.web, mark], image: 'b' }, 'None'],
  ['another field beside the mark', { web: [...bare.web, mark], pause: 5 }, 'None'],
];

for (const [what, change, wanted] of CASES)
  test(`a reloader's change of a template: ${what}`, (t) => {
    const approved = [entry('Current', deployment(bare), mutations)];
    const live = deployment({ ...bare, ...change });
    t.is(matched(live, approved), wanted);
    t.is(admitted(live, approved), wanted);
    const plain = [entry('Current', deployment(bare))];
    const without = what === 'nothing' ? 'Current' : 'None';
    t.is(matched(live, plain), without, 'without mutations it is another content');
    t.is(admitted(live, plain), without);
  });

test("an approved variable that a mutation's names cover is not taken away", (t) => {
  const mode = { name: 'MODE', value: 'live' };
  const spec = deployment({ ...bare, web: [mode] });
  t.deepEqual(withoutMutations('Deployment', spec, spec, mutations), spec);
  const approved = [entry('Current', spec, mutations)];
  for (const web of [[], [{ ...mode, value: 'test' }], [mode, { ...mode, value: 'test' }]]) {
    const live = deployment({ ...bare, web });
    t.is(matched(live, approved), 'None');
    t.is(admitted(live, approved), 'None');
  }
});

test("rolled back by the template alone, with a reloader's mark in it", (t) => {
  const approved = [
    entry('Current', deployment({ ...bare, image: 'b', pause: 5 }), mutations),
    entry('Fallback', deployment(bare), mutations),
  ];
  const live = { ...deployment({ ...bare, web: [...bare.web, mark] }), minReadySeconds: 5 };
  t.is(matched(live, approved), 'Undone');
  t.is(admitted(live, approved), 'Undone');
});

const variable = fc.record(
  {
    name: fc.constantFrom('A', 'MODE', 'STAKATER_X', 'STAKATER_', 'SIDE', 'LD_PRELOAD'),
    value: fc.constantFrom('1', '2'),
    valueFrom: fc.constantFrom({ fieldRef: { fieldPath: 'x' } }, { secretKeyRef: { name: 'x' } }),
  },
  { requiredKeys: ['name'] },
);
const env = fc.array(variable, { maxLength: 3 });
const key = fc.constantFrom('a', 'reloader.example/last', 'kubectl.kubernetes.io/restartedAt');
const shape = fc.record({
  web: env,
  side: env,
  init: env,
  annotations: fc.dictionary(key, fc.constantFrom('x', 'y'), { maxKeys: 3 }),
  image: fc.constantFrom('a', 'b'),
  pause: fc.constantFrom(0, 5),
});

test('property: admission and the controllers take every template for the same content', (t) => {
  const seen = new Map<unknown, number>();
  fc.assert(
    fc.property(
      shape,
      shape,
      fc.boolean(),
      fc.subarray(['web', 'side', 'init', 'annotations']),
      (own, other, two, parts) => {
        const more = Object.fromEntries(parts.map((part) => [part, other[part as 'web']]));
        const live = deployment({ ...own, ...more });
        const approved = [
          entry('Current', deployment(own), mutations),
          ...(two ? [entry('Fallback', deployment(other), mutations)] : []),
        ];
        const found = matched(live, approved);
        seen.set(found, (seen.get(found) ?? 0) + 1);
        return admitted(live, approved) === found;
      },
    ),
    { numRuns: 3000 },
  );
  t.true((seen.get('Current') ?? 0) > 100 && (seen.get('None') ?? 0) > 100, JSON.stringify([...seen]));
});
