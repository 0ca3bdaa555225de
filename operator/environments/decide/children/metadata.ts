import { membersOf } from '../../../canonical/index.ts';
import type { ObjectMeta } from '../../../kube/index.ts';
import { COMPONENT_LABEL, ROLE_LABEL, ownerLabels, type ComponentRole, type Owner } from '../../naming/index.ts';

/** Where the children of an environment are made, and for whom. */
export interface Home {
  readonly owner: Owner;
  /** The environment's own namespace. */
  readonly namespace: string;
  /** What every pod pulls its images with. */
  readonly pullSecrets: readonly string[];
}

/** References to the pull secrets, beside those that a template names itself. */
export function pullSecretsOf(
  { pullSecrets }: Home,
  own: readonly unknown[] = [],
): { readonly imagePullSecrets?: readonly { readonly name: string }[] } {
  const named = own.flatMap((each) => {
    const { name } = membersOf(each);
    return typeof name === 'string' ? [name] : [];
  });
  const names = [...new Set([...named, ...pullSecrets])];
  return names.length === 0 ? {} : { imagePullSecrets: names.map((name) => ({ name })) };
}

/** A part of an environment that runs: a twin, a workload, the boundary. */
export interface Component {
  readonly name: string;
  readonly role: ComponentRole;
}

/** Metadata of a child that belongs to the whole environment. */
export function childMetadata(home: Home, name: string): ObjectMeta {
  return { name, namespace: home.namespace, labels: ownerLabels(home.owner) };
}

/** Metadata of an object of a component. */
export function componentMetadata(home: Home, component: Component): ObjectMeta {
  return { name: component.name, namespace: home.namespace, labels: componentLabels(home, component) };
}

/** Labels of a component's objects and pods. */
export function componentLabels(home: Home, component: Component): Readonly<Record<string, string>> {
  return {
    ...ownerLabels(home.owner),
    'app.kubernetes.io/name': component.name,
    [COMPONENT_LABEL]: component.name,
    [ROLE_LABEL]: component.role,
  };
}

/** Selects a component's pods within its namespace; a Deployment keeps its selector for life, so it is the bare minimum. */
export function componentSelector(name: string): Readonly<Record<string, string>> {
  return { [COMPONENT_LABEL]: name };
}
