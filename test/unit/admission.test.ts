import test from 'ava';
import { all, any, not, sameExcept, text } from '../../operator/admission/cel.ts';
import { renderTemplate } from '../../operator/admission/generate.ts';
import { renderPolicies, type PolicyObject } from '../../operator/admission/index.ts';
import { STATUS_WRITERS } from '../../operator/admission/pod-status.ts';

const policies = renderPolicies({ systemNamespace: 'somewhere' });
const ofKind = (kind: string): readonly PolicyObject[] => policies.filter((policy) => policy.kind === kind);

interface Spec {
  readonly policyName?: string;
  readonly failurePolicy?: string;
  readonly paramKind?: object;
  readonly paramRef?: { readonly parameterNotFoundAction?: string };
  readonly validationActions?: readonly string[];
  readonly validations?: readonly { readonly expression: string; readonly messageExpression: string }[];
  readonly matchConstraints?: { readonly namespaceSelector: object; readonly resourceRules: readonly object[] };
}
const specOf = (policy: PolicyObject): Spec => policy.spec;

test('every policy has a binding of its name, and every binding a policy', (t) => {
  for (const side of ['Validating', 'Mutating']) {
    const names = ofKind(`${side}AdmissionPolicy`).map(({ metadata }) => metadata.name);
    const bound = ofKind(`${side}AdmissionPolicyBinding`).map((binding) => specOf(binding).policyName);
    t.deepEqual(bound.toSorted(), names.toSorted());
    t.is(new Set(names).size, names.length);
    t.true(names.every((name) => name.startsWith('twinlock-')));
  }
  t.is(policies.length, policies.filter(({ kind }) => kind.includes('AdmissionPolicy')).length);
});

/** What goes on while a namespace and its lock go; a rule beside it needs no lock and holds what is absolute. */
const WITHOUT_LOCK = ['twinlock-pod-writers'];

test('deny is the default: errors fail, a missing lock denies, every binding denies', (t) => {
  for (const policy of ofKind('ValidatingAdmissionPolicy')) {
    t.is(specOf(policy).failurePolicy, 'Fail', policy.metadata.name);
    const binding = ofKind('ValidatingAdmissionPolicyBinding').find(
      ({ metadata }) => metadata.name === policy.metadata.name,
    );
    t.deepEqual(binding && specOf(binding).validationActions, ['Deny']);
    const hasParam = specOf(policy).paramKind !== undefined;
    const missing = WITHOUT_LOCK.includes(policy.metadata.name) ? 'Allow' : 'Deny';
    t.is(binding && specOf(binding).paramRef?.parameterNotFoundAction, hasParam ? missing : undefined);
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
  for (const name of ['workloads', 'pods', 'replicasets', 'scale', 'pods-live']) {
    const policy = ofKind('ValidatingAdmissionPolicy').find(({ metadata }) => metadata.name === `twinlock-${name}`);
    t.regex(
      policy === undefined ? '' : (specOf(policy).validations?.[0]?.messageExpression ?? ''),
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
    if (WITHOUT_LOCK.includes(policy.metadata.name)) continue;
    if (/"DELETE"|"pods\/\*"/.test(rules)) {
      t.is(specOf(policy).paramKind, undefined, policy.metadata.name);
    }
  }
});

test('the system namespace is the only thing that differs between two installations', (t) => {
  const other = JSON.stringify(renderPolicies({ systemNamespace: 'elsewhere' }));
  t.is(other.replaceAll('elsewhere', 'somewhere'), JSON.stringify(policies));
  t.notRegex(JSON.stringify(policies), /twinlock-system/);
});

test("the chart's template leaves the namespace to Helm and nothing else", (t) => {
  const template = renderTemplate();
  t.regex(template, /system:serviceaccount:\{\{ \.Release\.Namespace \}\}:twinlock-promotions/);
  t.false(template.replaceAll('{{ .Release.Namespace }}', '').includes('{{'));
  t.is(template.match(/^kind: /gm)?.length, policies.length);
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
