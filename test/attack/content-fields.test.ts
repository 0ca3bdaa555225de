/**
 * Every field that the API server's own OpenAPI document knows of a workload's spec and of a pod's, down to the last
 * member, is compared: the rows are made of the document, so that a later Kubernetes brings its own.
 */
import test, { type ExecutionContext } from 'ava';
import { podDifference } from '../../operator/admission/index.ts';
import { cronJobs } from '../../operator/admission/cron-jobs.ts';
import { evaluator } from '../../operator/admission/evaluate.ts';
import { who } from '../../operator/admission/who.ts';
import { workloads } from '../../operator/admission/workloads.ts';
import { workloadKinds, type WorkloadKind } from '../../operator/api/index.ts';
import { specDigest, workloadOf } from '../../operator/workloads/index.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { lock } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';
import { changesOf, fullOf, schemasOf } from './openapi.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const by = who('twinlock-system');
/** CEL: what the policy of a kind says of content that is neither the live one nor an approved one. */
const POLICIES = {
  lasting: {
    asked: "'Current' in variables.sameFields && 'Current' in variables.sameTemplate",
    variables: workloads(by, true).variables ?? [],
  },
  ofJobs: { asked: "'Current' in variables.same", variables: cronJobs(by, true).variables ?? [] },
};

function admission(kind: WorkloadKind, params: Json): (spec: unknown) => boolean {
  const { asked, variables } = workloadOf(kind).lasting ? POLICIES.lasting : POLICIES.ofJobs;
  const evaluate = evaluator(variables, [asked]);
  return (spec) => {
    const object = { metadata: { name: 'web' }, spec };
    try {
      return evaluate({ object, request: { operation: 'CREATE', kind: { kind } }, params })(asked) === true;
    } catch {
      // What a policy cannot evaluate is refused, there as here.
      return false;
    }
  };
}

/** Members that may differ, and why; of another value, and of none. */
const BESIDE: Readonly<Record<WorkloadKind, Readonly<Record<string, string>>>> = {
  Deployment: { replicas: 'scaling', 'template.metadata.creationTimestamp': 'no pod has it' },
  StatefulSet: { replicas: 'scaling', 'template.metadata.creationTimestamp': 'no pod has it' },
  DaemonSet: { 'template.metadata.creationTimestamp': 'no pod has it' },
  CronJob: {
    suspend: 'a rule of its own',
    'jobTemplate.metadata.creationTimestamp': 'no Job has it',
    'jobTemplate.spec.template.metadata.creationTimestamp': 'no pod has it',
  },
};

for (const kind of workloadKinds)
  test.serial(
    `another value in any field of a ${kind} is other content, for the policy and for the controllers`,
    async (t) => {
      const { apiVersion } = workloadOf(kind).type;
      const schemas = await schemasOf(stage, `apis/${apiVersion}`);
      const spec = fullOf(schemas, `${apiVersion.replace('/', '.')}.${kind}Spec`);
      const { spec: locked } = lock('fields', [{ kind, name: 'web', role: 'Current', spec }]) as {
        readonly spec: Json;
      };
      const isAdmitted = admission(kind, { spec: locked });
      const digest = specDigest(kind, spec);
      t.true(isAdmitted(spec), 'the approved content itself');
      const may = Object.keys(BESIDE[kind]).flatMap((path) => [`${path}: absent`, `${path}: another value`]);
      t.deepEqual(letIn(t, spec, isAdmitted), may.toSorted(), 'the policy');
      t.deepEqual(
        letIn(t, spec, (changed) => specDigest(kind, changed as Json) === digest),
        may.toSorted(),
        'controllers',
      );
    },
  );

/** Where a full pod may differ from its template without any mutation, and why. */
const OF_PODS = [
  [/^priority: /, 'computed from the class by admission, which refuses any other'],
  [/^overhead[.:]/, "the RuntimeClass's, which its admission plugin checks"],
  [/^enableServiceLinks: absent$/, 'says what the template says'],
  [/^tolerations: one more$/, 'the same one twice'],
  [/^(affinity\.pod|topologySpread).*\.labelSelector\.matchExpressions: one more$/, 'the same one twice'],
] as const;

test.serial('another value in any field of a pod is other content', async (t) => {
  const schemas = await schemasOf(stage, 'api/v1');
  const spec = fullOf(schemas, 'core.v1.PodSpec');
  const metadata = { labels: { app: 'web' } };
  const entry = { kind: 'Deployment', name: 'web', role: 'Current', spec: { template: { metadata, spec } } };
  const isApproved = (changed: unknown): boolean =>
    podDifference({ metadata: { ...metadata, name: 'web' }, spec: changed }, [entry]) === undefined;
  t.true(isApproved(spec), 'the approved pod itself');
  const differs = letIn(t, spec, isApproved);
  t.deepEqual(
    differs.filter((told) => !OF_PODS.some(([pattern]) => pattern.test(told))),
    [],
  );
  for (const [pattern, why] of OF_PODS)
    t.true(
      differs.some((told) => pattern.test(told)),
      `${pattern}: ${why}`,
    );
});

/** The changes that are taken for the approved content. */
function letIn(t: ExecutionContext, spec: Json, isSame: (changed: unknown) => boolean): readonly string[] {
  const changes = changesOf(spec);
  // The document has some two thousand members below each of them.
  t.true(changes.length > 1500, `${changes.length} changes`);
  return changes
    .filter(({ changed }) => isSame(changed))
    .map(({ path, how }) => `${path}: ${how}`)
    .toSorted();
}
