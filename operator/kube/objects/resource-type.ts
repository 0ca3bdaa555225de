import type { KubeObject } from './object.ts';

declare const objectType: unique symbol;

/** Where the API server serves a kind, and (as a type only) what its objects look like. */
export interface ResourceType<T extends KubeObject = KubeObject> {
  /** `''` for the core group. */
  readonly group: string;
  readonly version: string;
  /** `group/version`, or `version` for the core group. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly [objectType]?: T;
}

/**
 * Describes a kind once; everything else takes the description.
 *
 * @example
 * const Widget = resourceType<Widget>({ apiVersion: 'acme.dev/v1', kind: 'Widget', plural: 'widgets', namespaced: true });
 */
export function resourceType<T extends KubeObject>(definition: {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}): ResourceType<T> {
  const slash = definition.apiVersion.indexOf('/');
  return Object.freeze({
    ...definition,
    group: slash < 0 ? '' : definition.apiVersion.slice(0, slash),
    version: definition.apiVersion.slice(slash + 1),
  });
}

/** Path of a collection, of an object or of a subresource below the API server's root. */
export function resourcePath(
  type: ResourceType,
  at: {
    readonly namespace?: string | undefined;
    readonly name?: string;
    readonly subresource?: string | undefined;
  } = {},
): string {
  const root = type.group === '' ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  const namespace =
    type.namespaced && at.namespace !== undefined && at.namespace !== ''
      ? `/namespaces/${encodeURIComponent(at.namespace)}`
      : '';
  const name = at.name === undefined ? '' : `/${encodeURIComponent(at.name)}`;
  const subresource = at.subresource === undefined ? '' : `/${at.subresource}`;
  return `${root}${namespace}/${type.plural}${name}${subresource}`;
}

/** `deployments.apps`, `pods`: how messages and metrics name a type. */
export function resourceName(type: ResourceType): string {
  return type.group === '' ? type.plural : `${type.plural}.${type.group}`;
}
