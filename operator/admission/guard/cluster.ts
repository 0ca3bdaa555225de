import { all, any, text, texts } from '../cel.ts';
import { refusal } from '../denial.ts';
import type { PolicyRule } from '../policy.ts';
import { controllers, may, onSubResource } from '../who.ts';

const BOOTSTRAP = 'bootstrap.kubernetes.io/token';

/**
 * What a kubelet, kubeadm or an aggregated server starts from: how it is configured and whom it believes. Each is written at
 * installation and upgrade, and by the account here.
 */
const CONFIGURATION = ['cluster-info', 'extension-apiserver-authentication', 'kubeadm-config', 'kubelet-config'];

/** Static pods of a control plane are named after their node. */
const CONTROL_PLANE = ['etcd-', 'kube-apiserver-', 'kube-controller-manager-', 'kube-scheduler-'];

/**
 * The lock trusts nodes and the control plane, so an ordinary verb in kube-system makes neither: a bootstrap token joins a
 * node, which gets tokens of the pods that are bound to it; a command in etcd's pod writes what nobody admits.
 */
export function guardCluster(systemNamespace: string): PolicyRule {
  const bootstrapSigner = controllers(['bootstrap-signer']).replaceAll('\n', ' ');
  return {
    name: 'guard-cluster',
    description: 'Nobody becomes a node or the control plane by ordinary verbs in kube-system and kube-public.',
    namespaces: {
      matchExpressions: [
        { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['kube-system', 'kube-public'] },
      ],
    },
    match: [
      { groups: [''], resources: ['secrets'], operations: ['CREATE', 'UPDATE'] },
      {
        groups: [''],
        resources: ['configmaps'],
        operations: ['CREATE', 'UPDATE', 'DELETE'],
      },
      {
        groups: [''],
        resources: ['pods/exec', 'pods/attach'],
        operations: ['CONNECT'],
      },
    ],
    conditions: [
      {
        name: 'node-or-control-plane',
        expression: `request.resource.resource == 'secrets' ? dyn(object).?type.orValue('') == ${text(BOOTSTRAP)}
  : request.resource.resource == 'configmaps' ? dyn(object == null ? oldObject : object).metadata.?name.orValue('') in ${texts(CONFIGURATION)}
  : ${texts(CONTROL_PLANE)}.exists(p, request.name.startsWith(p))`,
      },
    ],
    validations: [
      {
        expression: any(
          all("request.resource.resource == 'configmaps'", onSubResource(''), `(${bootstrapSigner})`),
          may('upgrade', 'productiontargets', text(systemNamespace)),
        ),
        message: refusal(
          "' makes a node or is the control plane, which the lock trusts: this needs the verb upgrade on productiontargets'",
        ),
      },
    ],
  };
}
