import type { KubeObject } from '../kube/index.ts';
import { rightsOn, type PodMaker } from '../workloads/index.ts';
import { any, not } from './cel.ts';
import { API_VERSION, LOCK_NAME, policyName, PROTECTED_LABEL, PROTECTIONS } from './names.ts';

/** A rendered policy or binding; `spec` has every default written out, so that what is installed can be compared. */
export interface PolicyObject extends KubeObject {
  readonly spec: Readonly<Record<string, unknown>>;
}

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** Requests that a policy looks at. */
export interface ResourceRule {
  readonly groups: readonly string[];
  /** Left out: all, each as it was sent; else what is sent in another version is converted. */
  readonly versions?: readonly string[];
  readonly resources: readonly string[];
  readonly operations: readonly Operation[];
  /** Names of the objects; left out: all. The cheapest way to say so: nothing is converted for the others. */
  readonly names?: readonly string[];
}

/** Requests on kinds that make pods, or on a subresource of each: one rule for each API group. */
export function requestsOn(
  makers: readonly PodMaker[],
  operations: readonly Operation[],
  subresource?: string,
): readonly ResourceRule[] {
  const types = makers.map(({ type }) => type);
  return rightsOn(types, operations, subresource).map(({ apiGroups, resources, verbs }) => ({
    groups: apiGroups,
    resources,
    operations: verbs,
  }));
}

/** A named CEL expression. */
export interface Variable {
  readonly name: string;
  readonly expression: string;
}

/** What must hold; `message` is a CEL expression of one line of text that tells the user what to do next. */
export interface Validation {
  readonly expression: string;
  readonly message: string;
  /** CEL of what differs, alone: for who evaluates the rule outside of the API server. */
  readonly difference?: string;
}

/**
 * What must hold first. Every other expression of the rule is looked at only when it does, so that a map or a list which a
 * user fills costs nothing beyond its length.
 */
export interface Bounds extends Validation {
  /** CEL: what is out of bounds is let in all the same, and nothing else of it is looked at. */
  readonly unless?: string;
}

/** Objects that a rule is evaluated with, each for itself: one by name, or those of a kind in the request's namespace. */
export interface Params {
  readonly kind: { readonly apiVersion: string; readonly kind: string };
  readonly ref: { readonly name: string; readonly namespace: string } | { readonly selector: object };
}

/** One rule of the lock; see docs of the lock in security.md. */
export interface PolicyRule {
  /** The policy and its binding are named after it: {@link policyName}. */
  readonly name: string;
  /** What it holds up, for people who find the policy in a cluster. */
  readonly description: string;
  readonly match: readonly ResourceRule[];
  /** Namespaces it looks at; left out: all, and cluster-scoped objects. */
  readonly namespaces?: Readonly<Record<string, unknown>>;
  /** Labels of the objects that it looks at, before or after the change; left out: all. */
  readonly objects?: Readonly<Record<string, unknown>>;
  /**
   * True when it compares with the namespace's WorkloadLock; a missing lock denies. `IfPresent`: a missing one says
   * nothing, for what goes on while a namespace and its lock go; another rule without a lock holds what is absolute.
   */
  readonly lock?: boolean | 'IfPresent';
  /**
   * What it compares with where that is not the lock. Nothing there says nothing, since a denial would be everybody's,
   * whatever the conditions of the rule: no namespace could go. Another rule holds what is absolute.
   */
  readonly params?: Params;
  /** Requests are looked at only when all of these hold. */
  readonly conditions?: readonly Variable[];
  readonly bounds?: Bounds;
  readonly variables?: readonly Variable[];
  readonly validations: readonly Validation[];
}

/**
 * The namespaces that hold production, those of `mode: Warn` too. A rule of theirs has two bindings: one refuses, the other
 * only tells.
 */
export const protectedNamespaces = {
  matchExpressions: [{ key: PROTECTED_LABEL, operator: 'In', values: Object.values(PROTECTIONS) }],
};

/** The ValidatingAdmissionPolicy of a rule and the bindings that turn it on. */
export function renderRule(rule: PolicyRule): readonly PolicyObject[] {
  const params = paramsOf(rule);
  const metadata = describe(rule.name, rule.description);
  const variables = [
    ...(rule.bounds ? [{ name: 'bounded', expression: rule.bounds.expression }] : []),
    ...(rule.variables ?? []),
  ];
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        ...(params !== undefined && { paramKind: params.kind }),
        matchConstraints: matchConstraints(rule.match, rule.namespaces, rule.objects),
        ...(rule.conditions && { matchConditions: rule.conditions }),
        ...(variables.length > 0 && { variables }),
        validations: withBounds(rule).map(({ expression, message }) => ({
          expression,
          messageExpression: message,
          reason: 'Forbidden',
        })),
      },
    },
    ...bindings(rule),
  ];
}

/** The API server evaluates a variable when it is first asked for, so what is out of bounds is not looked at further. */
function withBounds({ bounds, validations }: PolicyRule): readonly Validation[] {
  if (bounds === undefined) return validations;
  const unless = bounds.unless === undefined ? [] : [bounds.unless];
  return [
    { expression: any('variables.bounded', ...unless), message: bounds.message },
    ...validations.map((validation) => ({
      ...validation,
      expression: any(not('variables.bounded'), validation.expression),
    })),
  ];
}

function bindings(rule: PolicyRule): readonly PolicyObject[] {
  const missing = rule.lock === 'IfPresent' || rule.params !== undefined ? 'Allow' : 'Deny';
  if (rule.namespaces !== protectedNamespaces) return [binding(rule, rule.name, ['Deny'], missing)];
  return [
    binding(rule, rule.name, ['Deny'], missing, PROTECTIONS.enforce),
    // A parameter that is missing is an error of the binding, which refuses whatever its actions are.
    binding(rule, `${rule.name}-warn`, ['Warn', 'Audit'], 'Allow', PROTECTIONS.warn),
  ];
}

function paramsOf({ lock, params }: PolicyRule): { readonly kind: Params['kind']; readonly ref: object } | undefined {
  return lock === undefined || lock === false
    ? params
    : { kind: { apiVersion: API_VERSION, kind: 'WorkloadLock' }, ref: { name: LOCK_NAME } };
}

function binding(
  rule: PolicyRule,
  name: string,
  validationActions: readonly ('Deny' | 'Warn' | 'Audit')[],
  parameterNotFoundAction: 'Deny' | 'Allow',
  protection?: string,
): PolicyObject {
  const params = paramsOf(rule);
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: describe(name, rule.description),
    spec: {
      policyName: policyName(rule.name),
      ...(params !== undefined && { paramRef: { ...params.ref, parameterNotFoundAction } }),
      ...(protection !== undefined && {
        matchResources: {
          matchPolicy: 'Equivalent',
          namespaceSelector: { matchLabels: { [PROTECTED_LABEL]: protection } },
          objectSelector: {},
        },
      }),
      validationActions,
    },
  };
}

/** Name, labels and description that every rendered object carries. */
export function describe(name: string, description: string): KubeObject['metadata'] {
  return {
    name: policyName(name),
    labels: { 'app.kubernetes.io/name': 'twinlock', 'app.kubernetes.io/component': 'admission' },
    annotations: { 'twinlock.dev/description': description },
  };
}

/** Match constraints with the API server's defaults written out. */
export function matchConstraints(
  rules: readonly ResourceRule[],
  namespaces: Readonly<Record<string, unknown>> = {},
  objects: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    matchPolicy: 'Equivalent',
    namespaceSelector: namespaces,
    objectSelector: objects,
    resourceRules: rules.map(({ groups, versions = ['*'], resources, operations, names }) => ({
      apiGroups: groups,
      apiVersions: versions,
      resources,
      operations,
      ...(names && { resourceNames: names }),
      scope: '*',
    })),
  };
}
