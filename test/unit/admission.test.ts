import test from 'ava';
import { readFileSync } from 'node:fs';
import { all, any, not, sameExcept, text } from '../../operator/admission/cel.ts';
import { renderTemplate } from '../../operator/admission/generate.ts';
import { renderPolicies, type PolicyObject } from '../../operator/admission/index.ts';
import { STATUS_WRITERS } from '../../operator/admission/pod-status.ts';

const policies = renderPolicies({ systemNamespace: 'somewhere', mutating: true });
const ofKind = (kind: string): readonly PolicyObject[] => policies.filter((policy) => policy.kind === kind);

interface Spec {
  readonly policyName?: string;
  readonly failurePolicy?: string;
  readonly paramKind?: object;
  readonly paramRef?: { readonly parameterNotFoundAction?: string };
  readonly validationActions?: readonly string[];
  readonly matchResources?: { readonly namespaceSelector?: { readonly matchLabels?: object } };
  readonly validations?: readonly { readonly expression: string; readonly messageExpression: string }[];
  readonly matchConstraints?: { readonly namespaceSelector: object; readonly resourceRules: readonly object[] };
}
const specOf = (policy: PolicyObject): Spec => policy.spec;
const bindingOf = (name: string): Spec => {
  const binding = ofKind('ValidatingAdmissionPolicyBinding').find(({ metadata }) => metadata.name === name);
  if (binding === undefined) throw new Error(`no binding ${name}`);
  return specOf(binding);
};

test('every policy has a binding of its name, and every binding a policy', (t) => {
  for (const side of ['Validating', 'Mutating']) {
    const names = ofKind(`${side}AdmissionPolicy`).map(({ metadata }) => metadata.name);
    const bindings = ofKind(`${side}AdmissionPolicyBinding`);
    const own = bindings.filter(({ metadata }) => !metadata.name.endsWith('-warn'));
    t.deepEqual(own.map((binding) => specOf(binding).policyName).toSorted(), names.toSorted());
    for (const binding of bindings) t.is(binding.metadata.name.replace(/-warn$/, ''), specOf(binding).policyName ?? '');
    t.is(new Set(names).size, names.length);
    t.true(names.every((name) => name.startsWith('twinlock-')));
  }
  t.is(policies.length, policies.filter(({ kind }) => kind.includes('AdmissionPolicy')).length);
});

/** What goes on while a namespace and its lock go; a rule beside it needs no lock and holds what is absolute. */
const WITHOUT_LOCK = [
  'twinlock-pod-writers',
  'twinlock-objects',
  'twinlock-removal',
  'twinlock-configuration-removal',
  'twinlock-job-runs',
  'twinlock-records-in-use',
  'twinlock-record-cuts',
  'twinlock-record-targets',
];

/** Compares with an object of Twinlock's own namespace, where it is asked for one process alone. */
const WITH_ANOTHER = ['twinlock-record-cuts'];

test('deny is the default: errors fail, a missing lock denies, every policy has a binding that denies', (t) => {
  for (const policy of ofKind('ValidatingAdmissionPolicy')) {
    t.is(specOf(policy).failurePolicy, 'Fail', policy.metadata.name);
    const spec = bindingOf(policy.metadata.name);
    t.deepEqual(spec.validationActions, ['Deny']);
    const hasParam = specOf(policy).paramKind !== undefined;
    const missing = WITHOUT_LOCK.includes(policy.metadata.name) ? 'Allow' : 'Deny';
    t.is(spec.paramRef?.parameterNotFoundAction, hasParam ? missing : undefined);
  }
});

const labelsOf = (binding: Spec): unknown => binding.matchResources?.namespaceSelector?.matchLabels;

test('a rule of protected namespaces denies where the label says so, and tells where it says that', (t) => {
  const guarded = ofKind('ValidatingAdmissionPolicy').filter((policy) =>
    JSON.stringify(specOf(policy).matchConstraints?.namespaceSelector).includes('twinlock.dev/protected'),
  );
  t.true(guarded.length >= 9);
  for (const { metadata, spec } of guarded) {
    t.deepEqual(labelsOf(bindingOf(metadata.name)), { 'twinlock.dev/protected': 'true' }, metadata.name);
    const warn = bindingOf(`${metadata.name}-warn`);
    t.deepEqual(labelsOf(warn), { 'twinlock.dev/protected': 'warn' });
    t.deepEqual(warn.validationActions, ['Warn', 'Audit']);
    // A binding without its parameter refuses, whatever its actions are.
    if (spec['paramKind'] !== undefined) t.is(warn.paramRef?.parameterNotFoundAction, 'Allow');
  }
  const warnings = ofKind('ValidatingAdmissionPolicyBinding').filter(({ metadata }) => metadata.name.endsWith('-warn'));
  t.is(warnings.length, guarded.length);
});

test('what a user fills is counted first, and nothing else is looked at beyond that', (t) => {
  for (const name of ['votes', 'requested-by', 'workloads', 'pods', 'bounds']) {
    const policy = ofKind('ValidatingAdmissionPolicy').find(({ metadata }) => metadata.name === `twinlock-${name}`);
    const [first, ...others] = (policy && specOf(policy).validations) ?? [];
    t.regex(first?.expression ?? '', /^variables\.bounded/, name);
    for (const { expression } of others) t.true(expression.startsWith('!variables.bounded\n||'), expression);
  }
});

test('every denial names Twinlock', (t) => {
  for (const policy of ofKind('ValidatingAdmissionPolicy')) {
    for (const { messageExpression } of specOf(policy).validations ?? []) {
      t.true(messageExpression.startsWith("'twinlock: "), `${policy.metadata.name}: ${messageExpression}`);
    }
  }
});

test('a denied change of production says how a change gets in', (t) => {
  for (const name of ['workloads', 'pods', 'replicasets', 'pods-live']) {
    const policy = ofKind('ValidatingAdmissionPolicy').find(({ metadata }) => metadata.name === `twinlock-${name}`);
    t.regex(
      (policy &&
        specOf(policy)
          .validations?.map(({ messageExpression }) => messageExpression)
          .join('\n')) ??
        '',
      /create a Promotion of images by digest that ran in an environment, or of whole manifests in objects\[\]/,
      name,
    );
  }
});

test('a denial is one line that fits into a terminal', (t) => {
  for (const policy of ofKind('ValidatingAdmissionPolicy')) {
    for (const { messageExpression } of specOf(policy).validations ?? []) {
      const words = [...messageExpression.matchAll(/'((?:[^'\\]|\\.)*)'/g)].map(([, text = '']) => text).join('');
      t.true(words.length < 700, `${policy.metadata.name}: ${words.length} characters: ${words}`);
      t.notRegex(words, /\\n/);
    }
  }
});

test('what the lock trusts about the status of pods is written down, each with why', (t) => {
  t.true(STATUS_WRITERS.every(({ why }) => why.length > 10));
  const ready = STATUS_WRITERS.flatMap(({ conditions = [] }) => conditions).filter((type) => type.startsWith('Ready'));
  t.deepEqual(ready, ['Ready=False'], 'only a kubelet says that a pod is ready');
  t.deepEqual(
    STATUS_WRITERS.flatMap(({ fields = [] }) => fields).filter(
      (name) => /IP|Statuses$/.test(name) && !/Claim/.test(name),
    ),
    [],
  );
});

test('a namespace can go: no rule that looks at deletion or at the status of pods needs a lock', (t) => {
  for (const policy of ofKind('ValidatingAdmissionPolicy')) {
    const rules = JSON.stringify(specOf(policy).matchConstraints?.resourceRules);
    if ([...WITHOUT_LOCK, ...WITH_ANOTHER].includes(policy.metadata.name)) continue;
    if (/"DELETE"|"pods\/\*"/.test(rules)) {
      t.is(specOf(policy).paramKind, undefined, policy.metadata.name);
    }
  }
});

test('the system namespace is the only thing that differs between two installations', (t) => {
  const other = JSON.stringify(renderPolicies({ systemNamespace: 'elsewhere', mutating: true }));
  t.is(other.replaceAll('elsewhere', 'somewhere'), JSON.stringify(policies));
  t.notRegex(JSON.stringify(policies), /twinlock-system/);
});

test('the policies of the chart, which the attack tests judge and Helm installs, are those of this code', (t) => {
  const chart = readFileSync(new URL('../../charts/twinlock/templates/policies.yaml', import.meta.url), 'utf8');
  t.true(renderTemplate() === chart, 'run make generate, and the attack tests');
});

test("the chart's template leaves to Helm the namespace, the choice by what the API server has, the kinds of the values, and nothing else", (t) => {
  const template = renderTemplate();
  t.regex(template, /system:serviceaccount:\{\{ \.Release\.Namespace \}\}:twinlock-promotions/);
  const helms = new Set([...template.matchAll(/\{\{[^}]*\}\}/g)].map(([action]) => action));
  t.deepEqual([...helms].toSorted(), [
    '{{ .Release.Namespace }}',
    '{{ .group }}',
    '{{ .kind }}',
    '{{ .plural }}',
    '{{- else }}',
    '{{- end }}',
    '{{- if .Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy" }}',
    '{{- if .Values.promotions.kinds }}',
    '{{- range .Values.promotions.kinds }}',
  ]);
  const older = renderPolicies({ systemNamespace: 'somewhere', mutating: false });
  const both = older.filter(({ metadata, spec }) =>
    policies.some(
      (policy) => policy.metadata.name === metadata.name && JSON.stringify(policy.spec) === JSON.stringify(spec),
    ),
  );
  const ofKinds = template.match(/^ {2}name: twinlock-defined-objects/gm)?.length ?? 0;
  t.is(template.match(/^kind: /gm)?.length, policies.length + older.length - both.length + ofKinds);
});

test('CEL: operands are set off where they would bind otherwise', (t) => {
  t.is(all('a', any('b', 'c')), 'a\n&& (\n  b\n  || c\n)');
  t.is(any('a', all('b', 'c')), 'a\n|| (\n  b\n  && c\n)');
  t.is(all('a ? b : c', 'd'), '(a ? b : c)\n&& d');
  t.is(all('x.exists(y, y || z)', 'a.?b == c'), 'x.exists(y, y || z)\n&& a.?b == c');
  t.is(all("a == ' || '", 'b'), "a == ' || '\n&& b", 'text is no operator');
  t.is(all('m[?k] == b', 'c'), 'm[?k] == b\n&& c');
  t.is(not('a && b'), '!(a && b)');
  t.is(all(), 'true');
  t.is(any(), 'false');
});

test('CEL: text literals keep quotes and backslashes', (t) => {
  t.is(text("it's \\ fine"), "'it\\'s \\\\ fine'");
});

test('CEL: maps are compared in both directions', (t) => {
  const expression = sameExcept('a', 'b', ['x']);
  t.regex(expression, /a\.all\(k, k in \['x'\] \|\| b\[\?k\] == optional\.of\(a\[k\]\)\)/);
  t.regex(expression, /b\.all\(k, k in \['x'\] \|\| k in a\)/);
});
