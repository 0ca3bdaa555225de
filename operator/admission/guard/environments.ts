import { all, any, text, texts } from '../cel.ts';
import { refusal } from '../denial.ts';
import { ENVIRONMENT_LABEL, GROUP, PROTECTED_LABEL, PROTECTIONS } from '../names.ts';
import type { PolicyRule } from '../policy.ts';
import { onSubResource, type Who } from '../who.ts';
import { label } from './labels.ts';

/** The environments process runs code that nobody reviewed yet: it writes in environments and nowhere else. */
export function guardEnvironments(by: Who, systemNamespace: string): PolicyRule {
  return {
    name: 'guard-environments',
    description: "The environments process writes in environments' own namespaces only.",
    match: [{ groups: ['*'], resources: ['*/*'], operations: ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] }],
    conditions: [{ name: 'environments-account', expression: by.namedEnvironments }],
    variables: [
      { name: 'isNamespace', expression: resource('', ['namespaces']) },
      { name: 'inEnvironment', expression: own('namespaceObject') },
    ],
    validations: [
      {
        expression: any(
          'variables.isNamespace',
          'variables.inEnvironment',
          all(resource(GROUP, ['twinenvironments', 'twinenvironmentsets'])),
          all(resource(GROUP, ['twinclasses', 'vendortwins']), onSubResource('status')),
          resource('', ['events']),
          resource('events.k8s.io', ['events']),
          all(resource('coordination.k8s.io', ['leases']), `request.namespace == ${text(systemNamespace)}`),
          "request.resource.group in ['authentication.k8s.io', 'authorization.k8s.io']",
        ),
        message: refusal("' is in no environment, and the environments process writes nowhere else'"),
      },
      {
        expression: any(
          '!variables.isNamespace',
          all(`(object == null || (${own('object')}))`, `(oldObject == null || (${own('oldObject')}))`),
        ),
        message: refusal("' is no environment: the environments process may not touch it'"),
      },
    ],
  };
}

function own(object: string): string {
  return `${object} != null && ${label(object, ENVIRONMENT_LABEL)}.hasValue() && !(${label(object, PROTECTED_LABEL)}.orValue('') in ${texts(Object.values(PROTECTIONS))})`;
}

function resource(group: string, names: readonly string[]): string {
  return all(`request.resource.group == ${text(group)}`, `request.resource.resource in ${texts(names)}`);
}
