import { any, text, texts } from '../cel.ts';
import { refusal } from '../denial.ts';
import type { PolicyRule } from '../policy.ts';
import { CONTROLLER_ACCOUNTS, controllerManager, may } from '../who.ts';

const ACCOUNT = 'kubernetes.io/service-account.name';
const named = (object: string): string => `dyn(${object}).metadata.?annotations[?${text(ACCOUNT)}].orValue('')`;

/**
 * The lock trusts Kubernetes' controllers, so nobody else may be one: no token of their accounts is minted but by the
 * controller manager, none is filled into a Secret, and no pod has one, whoever makes the pod (which holds for every
 * template, too). All three of them `edit` would give in kube-system.
 */
export function guardControllers(systemNamespace: string): PolicyRule {
  return {
    name: 'guard-controllers',
    description: "The accounts of Kubernetes' controllers in kube-system are used by the controller manager only.",
    namespaces: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    match: [
      { groups: [''], resources: ['serviceaccounts/token', 'pods'], operations: ['CREATE'] },
      { groups: [''], resources: ['secrets'], operations: ['CREATE', 'UPDATE'] },
    ],
    conditions: [
      {
        name: 'account-of-a-controller',
        expression: `(request.resource.resource == 'pods' ? dyn(object).spec.?serviceAccountName.orValue('')
  : request.resource.resource == 'serviceaccounts' ? request.name
  : dyn(object).?type.orValue('') != 'kubernetes.io/service-account-token' ? ''
  : oldObject != null && ${named('oldObject')} == ${named('object')} ? ''
  : ${named('object')}) in ${texts(CONTROLLER_ACCOUNTS)}`,
      },
    ],
    validations: [
      {
        expression: any(
          `request.resource.resource == 'serviceaccounts' && ${controllerManager.replaceAll('\n', ' ')}`,
          may('upgrade', 'productiontargets', text(systemNamespace)),
        ),
        message: refusal(
          "' would act as a controller of Kubernetes, which the lock trusts: this needs the verb upgrade on productiontargets'",
        ),
      },
    ],
  };
}
