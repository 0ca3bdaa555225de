/** A rule of an admission policy or webhook, as the API server stores it. */
export interface MatchRule {
  readonly apiGroups?: readonly string[] | undefined;
  readonly apiVersions?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly operations?: readonly string[] | undefined;
  readonly resourceNames?: readonly string[] | undefined;
  readonly scope?: string | undefined;
}

/** A request, as far as rules look at it. */
export interface MatchedRequest {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** '' for the object itself. */
  readonly subresource: string;
  readonly operation: 'CREATE' | 'UPDATE';
  readonly namespaced: boolean;
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

/** `metav1.LabelSelector`. */
export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?: readonly Requirement[] | undefined;
}

/** What a policy, a binding or a webhook looks at. What is left out matches everything. */
export interface MatchResources {
  readonly matchPolicy?: string | undefined;
  readonly namespaceSelector?: Selector | undefined;
  readonly resourceRules?: readonly MatchRule[] | undefined;
  readonly excludeResourceRules?: readonly MatchRule[] | undefined;
}

/**
 * Whether a rule may match, as k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules decides it: `*` is every
 * resource without subresources, `pods/*` the pod and its subresources. Names are not known here and match.
 */
function ruleMatches(rule: MatchRule, request: MatchedRequest, anyVersion: boolean): boolean {
  return (
    has(rule.apiGroups, request.group) &&
    (anyVersion || has(rule.apiVersions, request.version)) &&
    has(rule.operations, request.operation) &&
    (rule.scope ?? '*').match(request.namespaced ? /^(\*|Namespaced)$/ : /^(\*|Cluster)$/) !== null &&
    (rule.resources ?? []).some((pattern) => {
      const [resource, subresource = ''] = pattern.split('/');
      return (
        (resource === '*' || resource === request.resource) &&
        (subresource === '*' || subresource === request.subresource)
      );
    })
  );
}

/** Whether a request may match by its resource. What cannot be decided here (names, selectors of objects, CEL) matches. */
export function resourceMatches(
  { matchPolicy, resourceRules, excludeResourceRules = [] }: MatchResources,
  request: MatchedRequest,
): boolean {
  // Equivalent: a rule for another version of the group matches too, after a conversion.
  const anyVersion = matchPolicy !== 'Exact';
  return (
    (resourceRules?.some((rule) => ruleMatches(rule, request, anyVersion)) ?? true) &&
    !excludeResourceRules.some((rule) => excludes(rule, request))
  );
}

/** Only what is excluded whatever its name is surely not looked at. */
function excludes(rule: MatchRule, request: MatchedRequest): boolean {
  return (rule.resourceNames ?? []).length === 0 && ruleMatches(rule, request, false);
}

/** Whether a selector matches labels; an operator that is not known matches. */
export function selects(selector: Selector | undefined, labels: Readonly<Record<string, string>> = {}): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector ?? {};
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every((requirement) => holds(requirement, labels))
  );
}

function holds({ key, operator, values = [] }: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return true;
  }
}

function has(list: readonly string[] | undefined, value: string): boolean {
  return list?.some((item) => item === '*' || item === value) ?? false;
}
