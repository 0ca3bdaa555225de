import { all, any, field, text, texts } from './cel.ts';
import { isNamed, isOf, mutatesNamed, mutations } from './mutations.ts';

/** What the ServiceAccount admission plugin mounts; anything else under such a name is refused. */
const TOKEN_VOLUME = `{
  'defaultMode': dyn(420),
  'sources': dyn([
    {'serviceAccountToken': {'expirationSeconds': dyn(3607), 'path': dyn('token')}},
    {'configMap': {'name': dyn('kube-root-ca.crt'), 'items': dyn([{'key': 'ca.crt', 'path': 'ca.crt'}])}},
    {'downwardAPI': {'items': dyn([{'path': dyn('namespace'), 'fieldRef': dyn({'apiVersion': 'v1', 'fieldPath': 'metadata.namespace'})}])}}
  ])
}`;
const TOKEN_NAMES = text('kube-api-access-');
const TOKEN_PATH = text('/var/run/secrets/kubernetes.io/serviceaccount');

/** Where identity webhooks mount their tokens, and no image has code. */
const SECRETS_PATH = text('/var/run/secrets/');

/** A variable of a pod policy that {@link sameVolumes} reads. */
export const tokenVolume = { name: 'tokenVolume', expression: TOKEN_VOLUME };

const claims = field('a.spec', 'volumeClaimTemplates', '[]');
const approvedVolumes = field('a.spec.template.spec', 'volumes', '[]');
const getsToken = field('a.spec.template.spec', 'automountServiceAccountToken', 'true');

/** Some approved volume of the entry `a`, a StatefulSet's claims included, has this name. */
export function approvedVolume(name: string): string {
  return `(${approvedVolumes}.exists(w, w.name == ${name}) || ${claims}.exists(w, w.metadata.name == ${name}))`;
}

/**
 * A volume that others may add: it reaches neither the node nor other data. A projected token has an audience of its own,
 * as the identity of a cloud or a mesh has it; a token for the API server is the ServiceAccount plugin's to mount. Not
 * `secret` and not `csi`: a Secret's content and whatever a driver hands out were approved by nobody, so they belong into
 * the template. Nor `podCertificate`: it can be an identity for the API server.
 */
const isHarmless = all(
  "v.all(k, k in ['name', 'emptyDir', 'downwardAPI', 'projected', 'configMap'])",
  `!v.name.startsWith(${TOKEN_NAMES})`,
  `${field('v', 'projected.?sources', '[]')}.all(s, s.size() == 1 && s.all(k, k in ['serviceAccountToken', 'downwardAPI', 'configMap', 'clusterTrustBundle'])
  && (!has(s.serviceAccountToken) || [${field('s', 'serviceAccountToken.?audience', "''")}].all(o, o != '' && !o.startsWith('https://kubernetes.default'))))`,
  `!${approvedVolume('v.name')}`,
);

/** The volume `v` of a pod may stand beside the approved ones: the token's, a StatefulSet's claim, or an added one. */
export const isAddedVolume = any(
  all(
    `v.name.startsWith(${TOKEN_NAMES})`,
    'v.size() == 2',
    'v.?projected == optional.of(variables.tokenVolume)',
    getsToken,
  ),
  `${claims}.exists(c, v == {'name': c.metadata.name, 'persistentVolumeClaim': dyn({'claimName': c.metadata.name + '-' + object.metadata.?name.orValue('')})})`,
  all(any(`${field('a', 'injected', '[]')}.size() > 0`, mutatesNamed('Volumes', 'v.name')), isHarmless),
);

/** The approved volumes that a pod has as they stand. */
export const ownVolumes = `${approvedVolumes}.filter(w, !${claims}.exists(c, c.metadata.name == w.name))`;

/**
 * The pod's volumes are the template's, in order; beyond them: the token's, a StatefulSet's claims, and, where containers
 * are injected or a mutation names them, volumes without access to the node or to other data.
 *
 * @param p CEL of the pod's spec; `a` is the approved entry
 */
export function sameVolumes(p: string): string {
  return `${field(p, 'volumes', '[]')}.filter(v, ${approvedVolumes}.exists(w, w.name == v.name && !${claims}.exists(c, c.metadata.name == w.name))
  || !(
    ${isAddedVolume.replaceAll('\n', '\n    ')}
  )) == ${ownVolumes}`;
}

/**
 * The mounts of the approved container, in order; beyond them: the token's, and those of added volumes.
 *
 * @param p CEL of the pod's container
 * @param t CEL of the approved one
 */
export function sameMounts(p: string, t: string): string {
  const approved = field(t, 'volumeMounts', '[]');
  const without = (added: string): string =>
    `${field(p, 'volumeMounts', '[]')}.filter(m, !(\n    ${added.replaceAll('\n', '\n    ')}\n  )) == ${approved}`;
  return any(
    without(isTokenMount('m')),
    all(`${mutations}.exists(x, ${isOf('Volumes', `${p}.name`)})`, without(isAddedMount('m', p, t))),
  );
}

function isTokenMount(m: string): string {
  return all(
    `${m}.name.startsWith(${TOKEN_NAMES})`,
    `${m}.mountPath == ${TOKEN_PATH}`,
    `${m}.?readOnly == optional.of(true)`,
    `${m}.size() == 3`,
    getsToken,
  );
}

/**
 * The token's mount, or one of an added volume: below {@link SECRETS_PATH} or at a path that the same mutation names
 * (elsewhere it could lie over the code of the image), and apart from every approved mount and from the token's.
 */
export function isAddedMount(m: string, p: string, t: string): string {
  const path = `${m}.mountPath`;
  const others = `(${field(t, 'volumeMounts', '[]')}.map(o, o.mountPath) + [${TOKEN_PATH}])`;
  return any(
    isTokenMount(m),
    all(
      `${mutations}.exists(x, ${isOf('Volumes', `${p}.name`)} && ${isNamed(`${m}.name`)}
  && (${path}.startsWith(${SECRETS_PATH}) || ${isNamed(path)}))`,
      `${m}.all(k, k in ${texts(['name', 'mountPath', 'subPath', 'readOnly', 'recursiveReadOnly'])})`,
      `!${approvedVolume(`${m}.name`)}`,
      `!${m}.name.startsWith(${TOKEN_NAMES})`,
      isPlain(path),
      `${others}.all(o, ${isPlain('o')} && [${folder('o')}].all(i, [${folder(path)}].all(j, !i.startsWith(j) && !j.startsWith(i))))`,
    ),
  );
}

/** Absolute, and without the steps by which one place has two names. */
function isPlain(path: string): string {
  return `${path}.startsWith('/') && !['//', '/./', '/../'].exists(s, ${withSlash(path)}.contains(s))`;
}

/** In images /var/run is /run. */
function folder(path: string): string {
  return withSlash(`(${path}.startsWith('/var/run/') ? ${path}.substring(4) : ${path})`);
}

function withSlash(path: string): string {
  return `(${path}.endsWith('/') ? ${path} : ${path} + '/')`;
}
