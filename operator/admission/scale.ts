import { appWorkloads } from '../workloads/index.ts';
import { any, text } from './cel.ts';
import { refusal } from './denial.ts';
import { protectedNamespaces, requestsOn, type PolicyRule, type Validation } from './policy.ts';

/**
 * Not below the target's `minReplicas`, nor further below where it is less already.
 *
 * @param approved CEL of the approved entries of the workload that is scaled
 */
export function keepsReplicas(approved: string): Validation {
  const replicas = 'object.spec.?replicas.orValue(0)';
  return {
    expression: any(
      `${approved}.all(a, ${replicas} >= a.?minReplicas.orValue(1))`,
      `(request.operation == 'UPDATE' && ${replicas} >= oldObject.spec.?replicas.orValue(0))`,
    ),
    message: refusal(
      `' would run ' + string(${replicas}) + ' replicas, below minReplicas of its target (' + string(int(${approved}[0].?minReplicas.orValue(1))) + '): lower minReplicas of the ProductionTarget, or raise the minimum of the autoscaler'`,
    ),
  };
}

/** Those that have replicas, which the subresource alone tells apart. */
const SCALED = appWorkloads.filter(({ scales }) => scales);
const kind = SCALED.map(({ type }, index) =>
  index + 1 < SCALED.length
    ? `request.resource.resource == ${text(type.plural)} ? ${text(type.kind)} : `
    : text(type.kind),
).join('');

/** Nobody scales production away. The replicas in the workload itself are the rule workloads' business. */
export function scale(): PolicyRule {
  return {
    name: 'scale',
    description: 'Workloads of a protected namespace keep the replicas that their target asks for.',
    lock: true,
    namespaces: protectedNamespaces,
    match: requestsOn(SCALED, ['CREATE', 'UPDATE'], 'scale'),
    variables: [
      { name: 'kind', expression: kind },
      {
        name: 'approved',
        expression:
          'params.spec.?approved.orValue([]).filter(a, a.kind == variables.kind && a.name == object.metadata.name)',
      },
    ],
    validations: [keepsReplicas('variables.approved')],
  };
}
