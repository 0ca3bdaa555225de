import { unnameableMakers } from '../workloads/index.ts';
import { all, any, sameExcept } from './cel.ts';
import { refusal } from './denial.ts';
import { protectedNamespaces, requestsOn, type PolicyRule } from './policy.ts';
import { clearsNamespace } from './who.ts';

const replicas = (of: string): string => `${of}.?replicas.orValue(1)`;

/**
 * What makes pods and can be no approved content is refused when it is made, in words: admitted, it would try for ever,
 * and whoever waits for it (a hook of a sync, a release) waits without a reason. What is there already may be stopped.
 */
export function podMakers(): PolicyRule {
  const [spec, before] = ['dyn(object.spec)', 'dyn(oldObject.spec)'];
  const kinds = unnameableMakers.map(({ type }) => `${type.kind}s`).join(', ');
  return {
    name: 'pod-makers',
    description: `${kinds} are not made in a protected namespace.`,
    namespaces: protectedNamespaces,
    match: [
      ...requestsOn(unnameableMakers, ['CREATE', 'UPDATE']),
      ...requestsOn(unnameableMakers, ['CREATE', 'UPDATE'], 'scale'),
    ],
    validations: [
      {
        expression: all(
          "request.operation == 'UPDATE'",
          any(
            `${spec} == ${before}`,
            all(`${replicas(spec)} <= ${replicas(before)}`, sameExcept(spec, before, ['replicas'])),
            clearsNamespace,
          ),
        ),
        message: refusal(
          "' is not approved content of a ProductionTarget: its pods would be refused; run it in another namespace, or before the promotion, in the environment'",
        ),
      },
    ],
  };
}
