import { all, any, field, text, texts } from '../cel.ts';
import { ENVIRONMENTS, PROMOTIONS } from '../names.ts';
import { tokenVolume } from '../volumes.ts';

/** One Deployment of the chart, as its pods are. */
interface OwnPod {
  readonly container: string;
  readonly account: string;
  /** CEL of what must hold for the container `c`. */
  readonly runs: string;
  /** CEL of what must hold for the volume `v`, and for the mount `m` of the container. */
  readonly volume: string;
  readonly mount: string;
}

/** Fields that pods of the chart have, by its values, defaulted, or filled in by Kubernetes' own admission. */
const POD_FIELDS = [
  'automountServiceAccountToken',
  'containers',
  'dnsPolicy',
  'enableServiceLinks',
  'imagePullSecrets',
  'nodeSelector',
  'preemptionPolicy',
  'priority',
  'priorityClassName',
  'restartPolicy',
  'schedulerName',
  'securityContext',
  'serviceAccount',
  'serviceAccountName',
  'terminationGracePeriodSeconds',
  'tolerations',
  'volumes',
];

const CONTAINER_FIELDS = [
  'args',
  'command',
  'env',
  'image',
  'imagePullPolicy',
  'livenessProbe',
  'name',
  'ports',
  'readinessProbe',
  'resources',
  'securityContext',
  'terminationMessagePath',
  'terminationMessagePolicy',
  'volumeMounts',
];

const token = all(
  "v.name.startsWith('kube-api-access-')",
  'v.size() == 2',
  'v.?projected == optional.of(variables.tokenVolume)',
);
const tokenMount = all(
  "m.mountPath == '/var/run/secrets/kubernetes.io/serviceaccount'",
  'm.?readOnly == optional.of(true)',
  'm.size() == 3',
);

/** The pods of the chart's Deployments (controllers.yaml, front-door.yaml), by their label app.kubernetes.io/name. */
function ownPods(systemNamespace: string): Readonly<Record<string, OwnPod>> {
  const controller = (name: string, account: string, flags: readonly string[]): OwnPod => ({
    container: name,
    account,
    runs: all(
      '!has(c.command) && !has(c.env) && c.args.size() > 1',
      `c.args[0] == ${text(name)} && c.args[1] == ${text(`--namespace=${systemNamespace}`)}`,
      `c.args.all(a, a in [c.args[0], c.args[1]] || ${texts(['--log-level=', '--cluster-name=', ...flags])}.exists(f, f.endsWith('=') ? a.startsWith(f) : a == f))`,
    ),
    volume: token,
    mount: tokenMount,
  });
  return {
    [ENVIRONMENTS]: controller('environments', ENVIRONMENTS, [
      '--leader-elect',
      '--boundary-image=',
      '--network-policies-enforced',
    ]),
    [PROMOTIONS]: controller('promotions', PROMOTIONS, ['--leader-elect']),
    'twinlock-front-door': {
      container: 'caddy',
      account: 'default',
      runs: all(
        '!has(c.args)',
        "c.?command.orValue([]) == ['caddy', 'run', '--config', '/etc/caddy/Caddyfile', '--adapter', 'caddyfile']",
        "c.?env.orValue([]) == [{'name': 'XDG_CONFIG_HOME', 'value': '/tmp'}, {'name': 'XDG_DATA_HOME', 'value': '/tmp'}]",
      ),
      volume: any(
        "v == {'name': dyn('config'), 'configMap': dyn({'name': dyn('twinlock-front-door'), 'defaultMode': dyn(420)})}",
        "v.name == 'tmp' && v.all(k, k in ['name', 'emptyDir'])",
      ),
      mount:
        "[['config', '/etc/caddy'], ['tmp', '/tmp']].exists(x, x[0] == m.name && x[1] == m.mountPath) && !m.exists(k, k.startsWith('subPath'))",
    },
  };
}

/** Variables that {@link isOwnPod} reads. */
export const ownPodVariables = [{ name: 'pod', expression: 'dyn(object.spec)' }, tokenVolume];

/**
 * CEL: the new pod is one of the chart's, by what it runs. The image is the Deployment's, which admission does not see from
 * here; every other way to run something else beside or instead of it is closed: what is not in the chart is refused.
 */
export function isOwnPod(systemNamespace: string): string {
  const rows = Object.entries(ownPods(systemNamespace)).map(([name, row]) =>
    all(
      `object.metadata.?labels[?'app.kubernetes.io/name'] == optional.of(${text(name)})`,
      `${field('variables.pod', 'serviceAccountName', "'default'")} == ${text(row.account)}`,
      `variables.pod.containers.all(c, ${all(`c.name == ${text(row.container)}`, row.runs, mounts(row.mount)).replaceAll('\n', '\n  ')})`,
      `${field('variables.pod', 'volumes', '[]')}.all(v, ${row.volume.replaceAll('\n', '\n  ')})`,
    ),
  );
  return all(
    `variables.pod.all(k, k in ${texts(POD_FIELDS)})`,
    `${field('variables.pod', 'enableServiceLinks', 'true')} == false`,
    `variables.pod.containers.size() == 1`,
    `variables.pod.containers.all(c, ${all(
      `c.all(k, k in ${texts(CONTAINER_FIELDS)})`,
      "c.image.contains('@sha256:')",
      `['livenessProbe', 'readinessProbe'].all(p, !(p in c) || (has(c[p].httpGet) && !has(c[p].httpGet.host)))`,
      'c.?securityContext.?allowPrivilegeEscalation.orValue(true) == false',
      'c.?securityContext.?privileged.orValue(false) == false',
      "c.?securityContext.?capabilities.orValue({}) == {'drop': ['ALL']}",
      "c.?securityContext.?procMount.orValue('Default') == 'Default'",
    ).replaceAll('\n', '\n  ')})`,
    `!has(variables.pod.securityContext.sysctls) && !has(variables.pod.securityContext.windowsOptions)`,
    any(...rows),
  );
}

function mounts(mount: string): string {
  return `${field('c', 'volumeMounts', '[]')}.all(m, ${mount})`;
}
