import { printable } from '../../../canonical/index.ts';
import type { Condition } from '../../../kube/index.ts';

/** What keeps something from going away, as `status.blockedBy` shows it. */
export interface Blocker {
  readonly group: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
  readonly message: string;
}

/** A namespace that is to go, as far as it is looked at. */
export interface EndingNamespace {
  readonly name: string;
  readonly conditions: readonly Pick<Condition, 'type' | 'status' | 'message'>[];
}

/** Conditions by which the namespace controller says why it is not done (k8s.io/api/core/v1, NamespaceConditionType). */
const blocking: ReadonlySet<string> = new Set([
  'NamespaceDeletionDiscoveryFailure',
  'NamespaceDeletionContentFailure',
  'NamespaceDeletionGroupVersionParsingFailure',
  'NamespaceContentRemaining',
  'NamespaceFinalizersRemaining',
]);

/**
 * What holds a namespace up, in the words of the namespace controller, with what to do. Twinlock removes no finalizer of
 * others: whoever set one has still something to clean up.
 */
export function blockersOf({ name, conditions }: EndingNamespace): readonly Blocker[] {
  return conditions
    .filter(({ type, status }) => blocking.has(type) && status === 'True')
    .map(({ type, message }) => ({
      group: '',
      kind: 'Namespace',
      name,
      message: `${type}: ${printable(message, 600)}. ${adviceFor(type, name)}`,
    }));
}

function adviceFor(type: string, namespace: string): string {
  switch (type) {
    case 'NamespaceFinalizersRemaining':
      return 'The controllers that own these finalizers have to finish; check that they run';
    case 'NamespaceDeletionDiscoveryFailure':
    case 'NamespaceDeletionGroupVersionParsingFailure':
      return 'An API service of the cluster does not answer: kubectl get apiservices';
    default:
      return `See what is left: kubectl api-resources --verbs=list --namespaced -o name | xargs -n1 kubectl get -n ${namespace}`;
  }
}

/** A volume that outlives its claim although its StorageClass says that it goes with it. */
export function volumeBlocker(name: string): Blocker {
  const message = `PersistentVolume ${name} is still there: its provisioner has not deleted it yet, see the volume's events`;
  return { group: '', kind: 'PersistentVolume', name, message };
}
