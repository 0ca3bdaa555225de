/**
 * CEL has a budget, and a policy that runs out of it refuses everything. Here each policy that compares with the largest lock
 * does all of its work twenty times: what that lets in costs at most a twentieth of the budget of a policy (10,000,000), hence
 * at most half of what a single expression may cost (1,000,000; k8s.io/apiserver, pkg/apis/cel/config.go).
 */
import test from 'ava';
import { renderPolicies } from '../../operator/admission/index.ts';
import { MAX_OBJECTS } from '../../operator/api/index.ts';
import type { KubeObject } from '../../operator/kube/index.ts';
import { MAX_ENTRIES, MAX_FROZEN, MAX_LOCK_BYTES } from '../../operator/lock/index.ts';
import { contentOfObject, objectDigest } from '../../operator/objects/index.ts';
import { allowed, denied } from './assert.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { deployment, images, messageOf, type Approved } from '../stage/objects.ts';
import { must, Production } from '../stage/production.ts';
import type { Json } from '../stage/stage.ts';
import { hasMutatingPolicies, waitFor } from '../harness/index.ts';

let stage: Stage;
let place: Production;

interface Policy {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: Json;
}
interface Expressions {
  readonly variables?: readonly { readonly name: string; readonly expression: string }[];
  readonly validations: readonly ({ readonly expression: string } & Json)[];
}

const TIMES = 20;
/** Refuses what no target names. */
const LAST_POLICY = 'twinlock-workloads';
/** Tells answers of the repeated policies from those of the ones before. */
const MARK = ' (repeated)';

const again = (text: string, time: number): string => text.replaceAll(/\bvariables\.(\w+)/g, `variables.$1_${time}`);

/** The policy with each of its variables and validations so many times, each time under names of their own. */
function repeated(policy: Policy, times: number, mark: string): Json {
  const { variables = [], validations } = policy.spec as unknown as Expressions;
  const all = Array.from({ length: times }, (_, time) => time);
  return {
    variables: all.flatMap((time) =>
      variables.map(({ name, expression }) => ({ name: `${name}_${time}`, expression: again(expression, time) })),
    ),
    validations: all.flatMap((time) =>
      validations.map(({ expression, messageExpression, ...rest }) => ({
        ...rest,
        expression: again(expression, time),
        messageExpression: `(${again(String(messageExpression), time)}) + '${mark}'`,
      })),
    ),
  };
}

const env = (index: number): Json => ({ name: `VARIABLE_${index}`, value: `value ${index} ${'x'.repeat(40)}` });

/** Content that fills its share of the lock, and differs from its siblings only at the end. */
function content(index: number): Json {
  // Two lists of variables of some 100 bytes each.
  const share = Math.floor(MAX_LOCK_BYTES / MAX_ENTRIES / 110);
  const variables = Array.from({ length: Math.floor(share * 0.85) }, (_, each) => env(each));
  const containers = ['web', 'metrics'].map((name) => ({
    name,
    image: images.first,
    resources: { requests: { cpu: '10m' } },
    env: [
      ...(name === 'web' ? variables : variables.slice(0, Math.floor(share * 0.27))),
      { name: 'ZZ', value: String(index) },
    ],
  }));
  return { template: { metadata: { labels: { app: 'web' } }, spec: { containers } } };
}

/** Replaces every policy that compares with the lock by one that does its work so many times. */
async function repeat(times: number): Promise<void> {
  const policies = (
    renderPolicies({ systemNamespace: 'twinlock-system', mutating: hasMutatingPolicies }) as readonly Policy[]
  ).filter(({ kind, spec }) => kind === 'ValidatingAdmissionPolicy' && 'paramKind' in spec);
  const collection = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
  // Compiling them is what takes long, once.
  const patient = { timeout: 60_000 };
  const put = async (policy: Policy, mark: string): Promise<unknown> =>
    must(
      stage.admin('PATCH', `${collection}/${policy.metadata.name}`, { spec: repeated(policy, times, mark) }, patient),
    );
  const last = policies.find(({ metadata }) => metadata.name === LAST_POLICY);
  if (last === undefined) throw new Error(`${LAST_POLICY} compares with the lock`);
  for (const policy of policies) if (policy !== last) await put(policy, MARK);
  // Each round of the API server compiles what it finds on its way and puts that in force together (policy_source.go). In
  // the second round after the others were changed all of them are there.
  for (const mark of [MARK, `${MARK} twice`]) {
    await put(last, mark);
    await waitFor(
      'the repeated policies to be in force',
      async (seen) => {
        const answer = await stage.admin('POST', `${place.apps('Deployment')}?dryRun=All`, deployment('stranger'));
        seen(messageOf(answer));
        return messageOf(answer).includes(LAST_POLICY) && messageOf(answer).includes(mark);
      },
      { timeout: 240_000 },
    );
  }
}

/** As many names as a lock freezes; the one that is looked for comes last. */
const LAST = `z-${'x'.repeat(60)}`;
const frozen = Array.from({ length: MAX_FROZEN }, (_, index) => ({
  kind: 'ConfigMap',
  name: index === MAX_FROZEN - 1 ? LAST : `c-${index}-${'x'.repeat(60)}`,
}));

test.before(async (t) => {
  t.timeout(10 * 60_000);
  stage = await openAttack();
  place = await Production.open(stage, 'full', [deployment('web', content(0))]);
  const live = await place.read(place.apps('Deployment', 'web'));
  const [first] = (await place.read(place.own('workloadlocks', 'lock'))).spec['approved'] as readonly Approved[];
  if (first === undefined) throw new Error('the lock is empty');
  // What is live comes last: everything is compared with everything.
  const { replicas: _, ...spec } = live.spec;
  const others = Array.from({ length: MAX_ENTRIES - 1 }, (_each, index) => ({
    ...first,
    name: index % 2 === 0 ? `web-${index}` : `web-${index - 1}`,
    role: index % 2 === 0 ? ('Current' as const) : ('Fallback' as const),
    spec: withContent(spec, index + 1),
  }));
  const approved = [...others, { ...first, spec }];
  const bytes = Buffer.byteLength(JSON.stringify({ approved, frozen }));
  t.log(`${approved.length} contents, ${bytes} bytes`);
  t.true(bytes > MAX_LOCK_BYTES * 0.8 && bytes < MAX_LOCK_BYTES, 'the lock is nearly as large as it may be');
  await must(stage.admin('POST', place.core('configmaps'), { metadata: { name: LAST }, data: { a: 'x'.repeat(9e5) } }));
  await must(
    stage.admin('POST', place.core('configmaps'), { metadata: { name: 'free' }, data: { a: 'x'.repeat(9e5) } }),
  );
  await place.relock({ approved, frozen, podWriters: [{ user: 'wildcard', resizes: true }] });
  await repeat(TIMES);
});
test.after.always(() => stage?.stop());

function withContent(spec: Json, index: number): Json {
  const { template } = content(index) as {
    readonly template: { readonly spec: { readonly containers: readonly Json[] } };
  };
  const given = spec as { readonly template: { readonly spec: { readonly containers: readonly Json[] } } };
  const containers = given.template.spec.containers.map((container, at) => ({
    ...container,
    env: template.spec.containers[at]?.['env'],
  }));
  return { ...spec, template: { ...given.template, spec: { ...given.template.spec, containers } } };
}

test.serial(
  'allowed at a twentieth of the budget: pods of the last content of the largest lock, and a restart of their workload',
  async (t) => {
    const [pod] = await place.pods(1);
    t.truthy(pod);
    await place.again('app=web');
    const restart = {
      spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } } },
    };
    allowed(t, await stage.agent('PATCH', place.apps('Deployment', 'web'), restart));
    allowed(t, await stage.agent('PATCH', place.apps('Deployment', 'web'), { spec: { replicas: 3 } }));
    const [last] = await place.pods(3);
    const { name } = last?.metadata ?? {};
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name } };
    const options = { deleteOptions: { gracePeriodSeconds: 30 } };
    allowed(t, await stage.wildcard('POST', `${place.core('pods', name)}/eviction`, { ...eviction, ...options }));
  },
);

test.serial(
  'denied, and in words, at a twentieth of the budget: what equals nothing in the largest lock',
  async (t) => {
    const patch = { spec: { template: { metadata: { labels: { other: 'x' } } } } };
    const answer = await stage.agent('PATCH', place.apps('Deployment', 'web'), patch);
    denied(t, answer, 'workloads');
    t.notRegex(messageOf(answer), /cost limit|budget/);
    const bare = await stage.admin('POST', `${place.core('pods')}?dryRun=All`, {
      metadata: { name: 'bare', labels: { app: 'web' } },
      spec: (content(999) as { readonly template: { readonly spec: Json } }).template.spec,
    });
    denied(t, bare, 'pods|pod-makers');
    t.notRegex(messageOf(bare), /cost limit|budget/);
    const [pod] = await place.pods(1);
    const cpu = { spec: { containers: [{ name: 'web', resources: { requests: { cpu: '50m' } } }] } };
    const strategic = { contentType: 'application/strategic-merge-patch+json' };
    const resize = await stage.wildcard('PATCH', `${place.core('pods', pod?.metadata.name)}/resize`, cpu, strategic);
    denied(t, resize, 'pod-resize', /other resources than the approved ones/);
    t.notRegex(messageOf(resize), /cost limit|budget/);
  },
);

test.serial(
  'a ConfigMap and a Service as large as they come, in a lock that is full of objects, are compared at a twentieth of the budget',
  async (t) => {
    const full = await Production.open(stage, 'objects', [deployment('web')]);
    const data = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`key-${index}`, 'x'.repeat(80)]));
    const ports = Array.from({ length: 100 }, (_, index) => ({ name: `port-${index}`, port: 1000 + index }));
    const [map, service] = [
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' }, data },
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web' }, spec: { type: 'NodePort', ports } },
    ];
    const lives = [
      ['ConfigMap', await must(stage.admin('POST', full.core('configmaps'), map))],
      ['Service', await must(stage.admin('POST', full.core('services'), service))],
    ] as const;
    const entries = lives.flatMap(([kind, live]) =>
      (['Fallback', 'Current'] as const).map((role) => {
        const content = contentOfObject(kind, live as unknown as KubeObject);
        // The fallback differs at the very end.
        const held = role === 'Current' ? content : { ...content, zz: 'other' };
        const digest = objectDigest(held);
        return { kind, name: 'web', role, digest, target: 'web', record: 'web-000001', content: held };
      }),
    );
    const others = Array.from({ length: 2 * MAX_OBJECTS - entries.length }, (_, index) => ({
      ...entries[0],
      name: `web-${index >> 1}`,
      role: index % 2 === 0 ? 'Current' : 'Fallback',
      content: { data: { a: 'b' } },
    }));
    await full.relock({ objects: [...others, ...entries] });
    for (const resource of ['configmaps', 'services']) {
      const at = full.core(resource, 'web');
      const spoilt =
        resource === 'services' ? { spec: { sessionAffinity: 'ClientIP' } } : { data: { 'key-2999': 'evil' } };
      await waitFor(`the lock holds ${resource}`, async (seen) => {
        const answer = await stage.agent('PATCH', `${at}?dryRun=All`, spoilt);
        seen(messageOf(answer));
        return answer.status === 403 && messageOf(answer).includes(MARK);
      });
      const answer = await stage.agent('PATCH', at, spoilt);
      denied(t, answer, 'objects');
      t.notRegex(messageOf(answer), /cost limit|budget/);
      const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
      allowed(t, await stage.agent('PATCH', at, { metadata: { annotations } }));
    }
  },
);

test.serial(
  'at a twentieth of the budget: a large ConfigMap that is the last frozen name, and one that is none',
  async (t) => {
    const path = place.core('configmaps', LAST);
    const answer = await stage.agent('PATCH', path, { data: { b: 'x' } });
    denied(t, answer, 'configuration');
    t.notRegex(messageOf(answer), /cost limit|budget/);
    denied(t, await stage.agent('DELETE', path), 'configuration-removal');
    allowed(t, await stage.agent('PATCH', path, { metadata: { labels: { a: 'b' } } }));
    allowed(t, await stage.agent('PATCH', place.core('configmaps', 'free'), { data: { b: 'x' } }));
    allowed(t, await stage.agent('DELETE', place.core('configmaps', 'free')));
  },
);

test.serial('what runs out of the budget is refused in the words of CEL, so that the others did not', async (t) => {
  const nested = ['a', 'b', 'c', 'd'].reduceRight(
    (inner, each) => `params.spec.approved.all(${each}, ${inner})`,
    'a.name + b.name + c.name + d.name != "x"',
  );
  const policies = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/twinlock-workloads';
  const { spec } = await must(stage.admin('GET', policies));
  const { validations } = spec as unknown as Expressions;
  await must(
    stage.admin('PATCH', policies, { spec: { validations: [{ expression: nested, message: 'x' }, ...validations] } }),
  );
  const refused = await waitFor(
    'the budget to run out',
    async (seen) => {
      const patch = {
        spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'then' } } } },
      };
      const answer = await stage.agent('PATCH', `${place.apps('Deployment', 'web')}?dryRun=All`, patch);
      seen(messageOf(answer));
      return answer.status >= 400 && messageOf(answer);
    },
    { timeout: 120_000 },
  );
  t.regex(refused, /cost limit exceeded/);
});
