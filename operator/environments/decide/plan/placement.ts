import { printable } from '../../../canonical/index.ts';
import { problem, volumesOf, type Problem } from '../resolve/index.ts';
import type { Content } from './content.ts';

/** Where and with what precedence pods run is the platform's to say; these let an environment crowd out production. */
const PLATFORM_FIELDS = [
  'nodeName',
  'priority',
  'priorityClassName',
  'resourceClaims',
  'runtimeClassName',
  'schedulerName',
  'tolerations',
];
/** What the API server fills in; templates that were read from a cluster have it. */
const DEFAULTS: ReadonlyMap<string, unknown> = new Map([['schedulerName', 'default-scheduler']]);
/** What restricted Pod Security lets through, and images; a node would mount the others past every NetworkPolicy. */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
];

/** The first field of a template that an environment may not set. */
export function placementProblem({ workloads }: Pick<Content, 'workloads'>): Problem | undefined {
  for (const { name, written } of workloads) {
    const field = PLATFORM_FIELDS.find(
      (each) => isSet(written.spec[each]) && written.spec[each] !== DEFAULTS.get(each),
    );
    if (field !== undefined) {
      return problem(
        'TemplateFieldRefused',
        `workload ${name}: template.spec.${field} is not an environment's to set; take it out`,
      );
    }
    for (const volume of volumesOf(written)) {
      const source = Object.keys(volume).find((key) => key !== 'name' && !VOLUMES.includes(key));
      if (source !== undefined) {
        return problem(
          'TemplateFieldRefused',
          `workload ${name}: a volume of type ${printable(source)} is refused; use one of ${VOLUMES.join(', ')}`,
        );
      }
    }
  }
  return undefined;
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}

/** Bytes of a template as JSON. Its Deployment, ReplicaSets and every pod repeat it, in etcd and in caches. */
const MAX_TEMPLATE = 128 * 1024;

/** The first template that is too large. */
export function sizeProblem({ workloads }: Pick<Content, 'workloads'>): Problem | undefined {
  const large = workloads.find(({ written }) => Buffer.byteLength(JSON.stringify(written)) > MAX_TEMPLATE);
  if (large === undefined) return undefined;
  return problem(
    'TemplateTooLarge',
    `workload ${large.name}: its pod template has more than ${MAX_TEMPLATE / 1024} KiB; put large values into the image or mount them as a ConfigMap`,
  );
}
