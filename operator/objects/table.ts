import { objectKinds, type DefinedKind, type ObjectKind } from '../api/index.ts';
import { printable } from '../canonical/index.ts';
import {
  ConfigMap,
  HorizontalPodAutoscaler,
  HTTPRoute,
  Ingress,
  NetworkPolicy,
  PodDisruptionBudget,
  resourceType,
  Service,
  ServiceAccount,
  type ResourceType,
} from '../kube/index.ts';

/** What is known of each kind of object; a missing row does not compile. */
const rows: Readonly<Record<ObjectKind, ResourceType>> = {
  ServiceAccount,
  ConfigMap,
  NetworkPolicy,
  PodDisruptionBudget,
  Service,
  HorizontalPodAutoscaler,
  Ingress,
  HTTPRoute,
};

/** Kinds that every installation knows: the schema of none of them is anybody else's. */
export function isKnownKind(kind: string): kind is ObjectKind {
  return objectKinds.some((each) => each === kind);
}

/** Where the API server serves a kind of object that every installation knows. */
export function objectType(kind: ObjectKind): ResourceType {
  return rows[kind];
}

/** All of them. */
export const objectTypes: readonly ResourceType[] = Object.values(rows);

/** An object that cannot be read says nothing, least of all that it is not there. */
export class ObjectUnreadable extends Error {
  override readonly name = 'ObjectUnreadable';
  readonly code = 'OBJECT_UNREADABLE';
}

/** Where the API server serves the kinds of objects that an installation knows. */
export class ObjectTypes {
  readonly #types: ReadonlyMap<string, ResourceType>;

  /** @param defined those that the installation names beside the known ones */
  constructor(defined: readonly DefinedKind[] = []) {
    const added = defined.map(({ group, version, kind, plural }) =>
      resourceType({ apiVersion: group === '' ? version : `${group}/${version}`, kind, plural, namespaced: true }),
    );
    this.#types = new Map([...objectTypes, ...added].map((type) => [type.kind, type]));
  }

  /** @throws ObjectUnreadable for a kind that the installation does not name */
  of(kind: string): ResourceType {
    const type = this.#types.get(kind);
    if (type !== undefined) return type;
    throw new ObjectUnreadable(
      `${printable(kind)} is no kind of object that this installation knows: a platform engineer names it in promotions.kinds of the chart, or takes it out of spec.objects of the ProductionTarget`,
    );
  }

  /** What is said of a kind whose plural is another kind's. */
  misnamed(kind: string, found: unknown): ObjectUnreadable {
    const { apiVersion, plural } = this.of(kind);
    return new ObjectUnreadable(
      `${plural} of ${apiVersion} are of kind ${printable(String(found))}, and promotions.kinds of the chart calls them ${kind}: write kind and plural of one definition`,
    );
  }

  /** What is said of a kind that the API server does not serve as the installation names it. */
  unserved(kind: string): ObjectUnreadable {
    const { apiVersion, plural } = this.of(kind);
    const named = isKnownKind(kind) ? '' : ', or name in promotions.kinds of the chart what it serves';
    return new ObjectUnreadable(
      `the API server serves no ${plural} of ${apiVersion} in namespaces, so that ${kind} cannot be read: install its CustomResourceDefinition${named}`,
    );
  }
}
