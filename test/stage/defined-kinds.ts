/** Kinds of objects that an installation names, as somebody else's definitions serve them. */
import type { DefinedKind } from '../../operator/api/index.ts';
import { waitFor, type Cluster } from '../harness/index.ts';
import type { Json } from './stage.ts';

/** One with a status apart, a size that others write, and defaults; one without any schema. */
export const mesh: DefinedKind = { group: 'mesh.example.com', version: 'v1', kind: 'MeshRoute', plural: 'meshroutes' };
export const loose: DefinedKind = { group: 'loose.example.com', version: 'v1', kind: 'Anything', plural: 'anythings' };

const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const meshSpec = {
  type: 'object',
  properties: {
    hosts: { type: 'array', items: { type: 'string' } },
    replicas: { type: 'integer', default: 1 },
    retry: {
      type: 'object',
      default: {},
      properties: { attempts: { type: 'integer', default: 2 } },
    },
  },
};

/** Which versions a definition serves; the last one is stored. */
export function meshDefinition(served: readonly string[] = ['v1beta1', 'v1'], kind = mesh): Json {
  return definition(
    kind,
    ['v1beta1', 'v1'].map((name) => ({
      name,
      served: served.includes(name),
      storage: name === 'v1',
      schema: { openAPIV3Schema: { type: 'object', properties: { spec: meshSpec, status: anything } } },
      subresources: {
        status: {},
        scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
      },
    })),
  );
}

export const looseDefinition = definition(loose, [
  { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: anything } },
]);

function definition({ group, kind, plural }: DefinedKind, versions: readonly Json[]): Json {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      scope: 'Namespaced',
      versions,
    },
  };
}

/** Installs them and waits until they are served in this version. */
export async function define(
  cluster: Cluster,
  definitions: readonly Json[],
  kinds: readonly DefinedKind[],
): Promise<void> {
  await cluster.apply(definitions);
  await waitFor('the kinds are served', async (seen) => {
    for (const { group, version, plural } of kinds) {
      const { status, body } = await cluster.request('GET', `/apis/${group}/${version}/${plural}?resourceVersion=0`);
      seen(body);
      if (status !== 200) return false;
    }
    return true;
  });
}

/** Path of a kind's objects in a namespace, of one with a name. */
export function pathOf({ group, version, plural }: DefinedKind, namespace: string, name = ''): string {
  return `/apis/${group}/${version}/namespaces/${namespace}/${plural}${name === '' ? '' : `/${name}`}`;
}

export const meshRoute = (spec: Json, metadata: Json = {}): Json => ({
  apiVersion: 'mesh.example.com/v1',
  kind: 'MeshRoute',
  metadata: { name: 'web', ...metadata },
  spec,
});
export const anythingOf = (members: Json): Json => ({
  apiVersion: 'loose.example.com/v1',
  kind: 'Anything',
  metadata: { name: 'web' },
  ...members,
});
