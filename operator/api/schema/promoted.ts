import { workloadKinds } from '../workload-kinds.ts';
import { isNeverPromoted, kindName, neverKindsCel } from './defined-kinds.ts';
import { withRules } from './rule.ts';
import { objectName } from './text.ts';
import { choice } from './values.ts';

const celWorkloads = `[${workloadKinds.map((kind) => `'${kind}'`).join(', ')}]`;
export const workloadKind = choice('Kind of the workload.', workloadKinds);
export const workloadName = objectName('Name of the workload.');

export const objectKind = withRules(
  kindName(
    'Kind of the object: ServiceAccount, ConfigMap, NetworkPolicy, PodDisruptionBudget, Service, HorizontalPodAutoscaler, Ingress, HTTPRoute, or one that the installation names (promotions.kinds of the chart). Workloads have a list of their own, and pods, Secrets, roles and kinds of Twinlock are never promoted.',
  ),
  {
    cel: `!(self in ${celWorkloads}) && !(self in ${neverKindsCel})`,
    message:
      'list workloads in spec.workloads; what makes pods, Secrets and roles are never promoted as objects: a Secret changes under a new name, or by a rotator',
    check: (kind) => !workloadKinds.some((each) => each === kind) && !isNeverPromoted(kind),
  },
);
export const nameOfObject = objectName('Name of the object.');
