import { all, any, field } from './cel.ts';

/** What the ServiceAccount admission plugin mounts; anything else under such a name is refused. */
const TOKEN_VOLUME = `{
  'defaultMode': dyn(420),
  'sources': dyn([
    {'serviceAccountToken': {'expirationSeconds': dyn(3607), 'path': dyn('token')}},
    {'configMap': {'name': dyn('kube-root-ca.crt'), 'items': dyn([{'key': 'ca.crt', 'path': 'ca.crt'}])}},
    {'downwardAPI': {'items': dyn([{'path': dyn('namespace'), 'fieldRef': dyn({'apiVersion': 'v1', 'fieldPath': 'metadata.namespace'})}])}}
  ])
}`;

const INJECTED_VOLUMES = "['emptyDir', 'downwardAPI', 'projected', 'configMap']";

/** A variable of a pod policy that {@link sameVolumes} reads. */
export const tokenVolume = { name: 'tokenVolume', expression: TOKEN_VOLUME };

/**
 * The pod's volumes are the template's, in order; beyond them: the token's, a StatefulSet's claims, and, where containers
 * are injected, volumes without access to the node or to other data (approved containers mount none of them, since
 * their mounts are compared).
 *
 * @param p CEL of the pod's spec
 * @param t CEL of the approved template's spec; `a` is the approved entry
 */
export function sameVolumes(p: string, t: string): string {
  const claims = field('a.spec', 'volumeClaimTemplates', '[]');
  const approved = `${field(t, 'volumes', '[]')}.filter(w, !${claims}.exists(c, c.metadata.name == w.name))`;
  const added = any(
    all("v.name.startsWith('kube-api-access-')", 'v.size() == 2', 'v.?projected == optional.of(variables.tokenVolume)'),
    `${claims}.exists(c, v == {'name': c.metadata.name, 'persistentVolumeClaim': dyn({'claimName': c.metadata.name + '-' + object.metadata.?name.orValue('')})})`,
    all(`${field('a', 'injected', '[]')}.size() > 0`, `v.all(k, k == 'name' || k in ${INJECTED_VOLUMES})`),
  );
  return `${field(p, 'volumes', '[]')}.filter(v, ${field(t, 'volumes', '[]')}.exists(w, w.name == v.name && !${claims}.exists(c, c.metadata.name == w.name))
  || !(
    ${added.replaceAll('\n', '\n    ')}
  )) == ${approved}`;
}
