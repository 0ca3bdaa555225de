import { all, field, texts } from './cel.ts';
import { approvedVolume } from './volumes.ts';

/** Capabilities of Pod Security `baseline`, and those of a mesh that redirects traffic. */
const CAPABILITIES =
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_ADMIN NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  );

const template = 'a.spec.template.spec';
const context = field('c', 'securityContext', '{}');

/** The entry lets containers be injected at all. */
const injects = `${field('a', 'injected', '[]')}.size() > 0`;

/**
 * The container `c` of a pod is one that the entry `a` lets others add: by name and image, never in the place of an
 * approved one, without a way to the node, and with none of the approved volumes: they hold data, and sometimes what
 * approved containers execute.
 */
export const isInjected = all(
  `!(${template}.containers + ${field(template, 'initContainers', '[]')}).exists(d, d.name == c.name)`,
  `${field('a', 'injected', '[]')}.exists(i, i.container == c.name && (c.image == i.imagePrefix
  || [':', '@', '/'].exists(s, c.image.startsWith(i.imagePrefix + s) || (i.imagePrefix.endsWith(s) && c.image.startsWith(i.imagePrefix)))))`,
  `${field(context, 'privileged', 'false')} == false`,
  `${field(context, 'procMount', "'Default'")} == 'Default'`,
  `['seccompProfile', 'appArmorProfile'].all(s, ${context}[?s].?type.orValue('') != 'Unconfined')`,
  `${field(context, 'seLinuxOptions', '{}')}.all(k, k == 'level')`,
  `!('windowsOptions' in ${context})`,
  `${field(context, 'capabilities.?add', '[]')}.all(s, s in ${texts(CAPABILITIES)})`,
  `${field('c', 'volumeMounts', '[]')}.all(m, !${approvedVolume('m.name')})`,
  '!has(c.volumeDevices)',
  `${field('c', 'ports', '[]')}.all(o, ${template}.?hostNetwork.orValue(false) || ${field('o', 'hostPort', '0')} == 0)`,
);

/** Labels of meshes beside the template's; the names of others are a mutation. */
export function isMeshLabel(key: string): string {
  return all(injects, `['istio.io/', 'linkerd.io/'].exists(s, ${key}.contains(s))`);
}

/**
 * Annotations of meshes. Nodes and network plugins take orders from annotations (further networks, a runtime's settings),
 * so the names of others are a mutation.
 */
export function isMeshAnnotation(key: string): string {
  return all(
    injects,
    `['istio.io/', 'linkerd.io/', 'prometheus.io/', 'kubectl.kubernetes.io/default-'].exists(s, ${key}.contains(s))`,
  );
}
