import { all, any, sameExcept } from './cel.ts';
import { refusal } from './denial.ts';
import { protectedNamespaces, type PolicyRule } from './policy.ts';
import { clearsNamespace } from './who.ts';

const replicas = (of: string): string => `${of}.?replicas.orValue(1)`;

/**
 * What makes pods and can be no approved content is refused when it is made, in words: admitted, it would try for ever,
 * and whoever waits for it (a hook of a sync, a release) waits without a reason. What is there already may be stopped.
 */
export function podMakers(): PolicyRule {
  const [spec, before] = ['dyn(object.spec)', 'dyn(oldObject.spec)'];
  return {
    name: 'pod-makers',
    description: 'Jobs, CronJobs and ReplicationControllers are not made in a protected namespace.',
    namespaces: protectedNamespaces,
    match: [
      { groups: ['batch'], resources: ['jobs', 'cronjobs'], operations: ['CREATE', 'UPDATE'] },
      {
        groups: [''],
        resources: ['replicationcontrollers', 'replicationcontrollers/scale'],
        operations: ['CREATE', 'UPDATE'],
      },
    ],
    validations: [
      {
        expression: all(
          "request.operation == 'UPDATE'",
          any(
            `${spec} == ${before}`,
            all(
              "request.resource.group == 'batch'",
              `${spec}.?suspend.orValue(false)`,
              sameExcept(spec, before, ['suspend']),
            ),
            all(
              "request.resource.group == ''",
              `${replicas(spec)} <= ${replicas(before)}`,
              sameExcept(spec, before, ['replicas']),
            ),
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
