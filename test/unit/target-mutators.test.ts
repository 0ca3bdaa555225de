import test from 'ava';
import { foreignMutators, mutatorLine, type Mutators } from '../../operator/targets/canary/index.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  Namespace,
} from '../../operator/kube/index.ts';

const apiVersion = 'admissionregistration.k8s.io/v1';
type Json = Readonly<Record<string, unknown>>;

const rule = (changes: Json = {}): Json => ({
  apiGroups: ['twinlock.dev'],
  apiVersions: ['*'],
  resources: ['workloadlocks'],
  operations: ['*'],
  ...changes,
});
// Test data has the parts that are looked at.
const policy = (match: Json, name = 'm'): MutatingAdmissionPolicy =>
  ({ apiVersion, kind: 'MutatingAdmissionPolicy', metadata: { name }, spec: { matchConstraints: match } }) as never;
const binding = (matchResources?: Json, policyName = 'm'): MutatingAdmissionPolicyBinding =>
  ({
    apiVersion,
    kind: 'MutatingAdmissionPolicyBinding',
    metadata: { name: 'b' },
    spec: { policyName, matchResources },
  }) as never;
const webhook = (...hooks: readonly Json[]): MutatingWebhookConfiguration =>
  ({ apiVersion, kind: 'MutatingWebhookConfiguration', metadata: { name: 'w' }, webhooks: hooks }) as never;
const namespace = (name: string, labels: Readonly<Record<string, string>> = {}): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
});

const world = (changes: Partial<Mutators>): Mutators => ({
  policies: [],
  bindings: [],
  webhooks: [],
  namespaces: [namespace('shop'), namespace('twinlock-system', { team: 'platform' }), namespace('kube-system')],
  systemNamespace: 'twinlock-system',
  isOwn: (name) => name === 'twinlock-requested-by',
  ...changes,
});
const ofPolicy = (match: Json, narrowed?: Json): readonly string[] =>
  foreignMutators(world({ policies: [policy(match)], bindings: [binding(narrowed)] })).flatMap(
    ({ changes }) => changes,
  );
const ofWebhook = (hook: Json): readonly string[] =>
  foreignMutators(world({ webhooks: [webhook(hook)] })).flatMap(({ changes }) => changes);
const only = (resourceRules: Json): Json => ({ resourceRules: [resourceRules] });

const LOCKS = 'workloadlocks.twinlock.dev';
const RULES: readonly (readonly [string, Json, readonly string[]])[] = [
  ['by name', {}, [LOCKS]],
  ['with its subresources', { resources: ['workloadlocks/*'] }, [LOCKS]],
  ['by group *', { apiGroups: ['*'] }, [LOCKS]],
  ['one operation', { operations: ['UPDATE'] }, [LOCKS]],
  ['one object, whose name is not looked at', { resourceNames: ['lock'] }, [LOCKS]],
  ['a version that the group converts to', { apiVersions: ['v1beta1'] }, [LOCKS]],
  ['namespaced objects', { scope: 'Namespaced' }, [LOCKS]],
  ['the status of some', { resources: ['promotions/status'] }, ['promotions/status.twinlock.dev']],
  ['pods of any namespace', { apiGroups: [''], resources: ['pods'] }, ['pods in twinlock-system']],
  [
    'pods with subresources',
    { apiGroups: [''], resources: ['pods/*'] },
    ['pods in twinlock-system', 'pods/ephemeralcontainers in twinlock-system'],
  ],
  ['another group', { apiGroups: ['apps'] }, []],
  ['another resource', { resources: ['workloadlock'] }, []],
  ['only what is deleted', { operations: ['DELETE'] }, []],
  ['only what is connected to', { operations: ['CONNECT'] }, []],
  ['cluster-scoped objects', { scope: 'Cluster' }, []],
  ['a subresource that it has not', { resources: ['workloadlocks/status'] }, []],
  ['no resources', { resources: [] }, []],
];

test('which rules match what the operator writes or runs', (t) => {
  for (const [what, changes, expected] of RULES) {
    t.deepEqual(ofPolicy(only(rule(changes))), expected, `policy: ${what}`);
    t.deepEqual(ofWebhook({ rules: [rule(changes)] }), expected, `webhook: ${what}`);
  }
});

test('* is every resource and no subresource, */* is everything', (t) => {
  const every = ofWebhook({ rules: [rule({ resources: ['*'] })] });
  t.true(every.includes(LOCKS) && every.includes('promotions.twinlock.dev') && !every.some((one) => one.includes('/')));
  t.true(ofWebhook({ rules: [rule({ resources: ['*/*'] })] }).includes('promotions/status.twinlock.dev'));
  t.true(
    ofWebhook({ rules: [rule({ apiGroups: ['*'], resources: ['*/*'] })] }).includes('deployments in twinlock-system'),
  );
});

test('a version counts where matching is exact', (t) => {
  t.deepEqual(ofPolicy({ ...only(rule({ apiVersions: ['v1beta1'] })), matchPolicy: 'Exact' }), []);
  t.deepEqual(ofPolicy({ ...only(rule({ apiVersions: ['v1alpha1'] })), matchPolicy: 'Exact' }), [LOCKS]);
});

test('what is excluded is not found, unless only by name or for some operations', (t) => {
  const all = only(rule());
  t.deepEqual(ofPolicy({ ...all, excludeResourceRules: [rule()] }), []);
  t.deepEqual(ofPolicy({ ...all, excludeResourceRules: [rule({ resources: ['*'] })] }), []);
  t.deepEqual(ofPolicy({ ...all, excludeResourceRules: [rule({ resourceNames: ['lock'] })] }), [LOCKS]);
  t.deepEqual(ofPolicy({ ...all, excludeResourceRules: [rule({ operations: ['CREATE'] })] }), [LOCKS]);
  t.deepEqual(ofPolicy(all, { excludeResourceRules: [rule()] }), []);
});

test('a policy without a binding does nothing; a binding narrows its policy down', (t) => {
  t.deepEqual(foreignMutators(world({ policies: [policy(only(rule()))] })), []);
  t.deepEqual(foreignMutators(world({ policies: [policy(only(rule()))], bindings: [binding({}, 'other')] })), []);
  t.deepEqual(ofPolicy(only(rule()), only(rule())), [LOCKS]);
  t.deepEqual(ofPolicy(only(rule()), only(rule({ resources: ['promotions'] }))), []);
});

test("the lock's own policy is not foreign", (t) => {
  const name = 'twinlock-requested-by';
  t.deepEqual(
    foreignMutators(world({ policies: [policy(only(rule()), name)], bindings: [binding(undefined, name)] })),
    [],
  );
});

const at = (...requirements: readonly Json[]): Json => ({ namespaceSelector: { matchExpressions: requirements } });
const key = 'kubernetes.io/metadata.name';
const PODS = [rule({ apiGroups: [''], resources: ['pods'] })];
const SELECTORS: readonly (readonly [string, Json, boolean])[] = [
  ['its label', { namespaceSelector: { matchLabels: { team: 'platform' } } }, true],
  ['its name', at({ key, operator: 'In', values: ['twinlock-system'] }), true],
  ['not another', at({ key, operator: 'NotIn', values: ['kube-system'] }), true],
  ['a label that is there', at({ key: 'team', operator: 'Exists' }), true],
  ['a label that is absent', at({ key: 'mesh', operator: 'DoesNotExist' }), true],
  ['an operator of tomorrow', at({ key: 'team', operator: 'Like', values: ['p'] }), true],
  ['objects with a label, which anybody can set', { objectSelector: { matchLabels: { inject: 'true' } } }, true],
  ['conditions in CEL', { matchConditions: [{ name: 'a', expression: 'false' }] }, true],
  ['another name', at({ key, operator: 'In', values: ['shop'] }), false],
  ['all but it', at({ key, operator: 'NotIn', values: ['twinlock-system'] }), false],
  ['a label that it has not', at({ key: 'mesh', operator: 'Exists' }), false],
  ['none of both', at({ key: 'team', operator: 'DoesNotExist' }), false],
];

test("namespaces are those whose labels match: for pods, the operator's own", (t) => {
  for (const [what, selector, expected] of SELECTORS) {
    const found = expected ? ['pods in twinlock-system'] : [];
    t.deepEqual(ofWebhook({ rules: PODS, ...selector }), found, `webhook: ${what}`);
    t.deepEqual(ofPolicy({ resourceRules: PODS, ...selector }), found, `policy: ${what}`);
    t.deepEqual(ofPolicy({ resourceRules: PODS }, selector), found, `binding: ${what}`);
  }
});

test('policy and binding have to select the same namespace', (t) => {
  const shop = at({ key, operator: 'In', values: ['shop'] });
  const other = at({ key, operator: 'In', values: ['kube-system'] });
  t.deepEqual(ofPolicy({ ...only(rule()), ...shop }, shop), [LOCKS]);
  t.deepEqual(ofPolicy({ ...only(rule()), ...shop }, other), []);
});

test('objects without a namespace are matched whatever namespaces are selected', (t) => {
  const nowhere = at({ key, operator: 'In', values: ['nowhere'] });
  t.deepEqual(ofWebhook({ rules: [rule({ resources: ['approverkeyrings', 'promotions'] })], ...nowhere }), [
    'approverkeyrings.twinlock.dev',
  ]);
});

test('it is told in one line, however much it may change', (t) => {
  const [found] = foreignMutators(world({ webhooks: [webhook({ rules: [rule({ resources: ['*/*'] })] })] }));
  t.regex(mutatorLine(found!), /^MutatingWebhookConfiguration w may change .* and \d+ more\): /);
  t.true(mutatorLine(found!).length < 400);
});
