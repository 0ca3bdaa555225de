import { k8s } from 'cdk8s-plus-33';
import type { Construct } from 'constructs';

/** A rule of RBAC. Wildcards are refused by {@link clusterRole}. */
export interface Rule {
  readonly apiGroups?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
  readonly resourceNames?: readonly string[] | undefined;
  readonly nonResourceURLs?: readonly string[] | undefined;
  readonly verbs: readonly string[];
}

export interface RoleDefinition {
  readonly name: string;
  /** A role of Kubernetes' own that these rules are added to. */
  readonly aggregateTo?: 'view' | 'edit' | undefined;
  readonly rules: readonly Rule[];
}

/** Labels that Helm's own helpers would give; they carry no version, so that generated files change with the rules only. */
export const roleLabels = { 'app.kubernetes.io/part-of': 'twinlock' } as const;

/** @throws Error when a rule has a wildcard: every right of Twinlock is named */
export function clusterRole(scope: Construct, { name, aggregateTo, rules }: RoleDefinition): Construct {
  return new k8s.KubeClusterRole(scope, `role-${name}`, {
    metadata: {
      name,
      labels: {
        ...roleLabels,
        ...(aggregateTo && { [`rbac.authorization.k8s.io/aggregate-to-${aggregateTo}`]: 'true' }),
      },
    },
    rules: policyRules(name, rules),
  });
}

/** The same for one namespace. */
export function role(scope: Construct, namespace: string, name: string, rules: readonly Rule[]): Construct {
  return new k8s.KubeRole(scope, `role-${namespace}-${name}`, {
    metadata: { name, namespace, labels: roleLabels },
    rules: policyRules(name, rules),
  });
}

function policyRules(name: string, rules: readonly Rule[]): k8s.PolicyRule[] {
  return rules.map(({ apiGroups, resources, resourceNames, nonResourceURLs, verbs }) => {
    const all = [apiGroups, resources, resourceNames, nonResourceURLs, verbs].flatMap((list) => list ?? []);
    if (all.includes('*')) throw new Error(`role ${name} has a wildcard: name what it may do`);
    return {
      verbs: [...verbs],
      ...(apiGroups && { apiGroups: [...apiGroups] }),
      ...(resources && { resources: [...resources] }),
      ...(resourceNames && { resourceNames: [...resourceNames] }),
      ...(nonResourceURLs && { nonResourceUrLs: [...nonResourceURLs] }),
    };
  });
}
