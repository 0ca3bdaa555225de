import { all, any, field, sameExcept, sameField } from './cel.ts';
import { differentEntries } from './differences.ts';
import { isAddedEnv, isResized, isRewrittenProbe, mutates } from './mutations.ts';
import type { FieldRule } from './pod-fields.ts';
import { sameResources } from './resources.ts';
import { isIndexed } from './templates.ts';
import { isAddedMount, sameMounts } from './volumes.ts';

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'];

/** Fields of a container that need more than equality. Every other one, known today or not, must be equal. */
export const CONTAINER_FIELDS: Readonly<Record<string, FieldRule>> = {
  resources: {
    why: 'requests default to limits, a LimitRange fills in what is left out, a mutation may resize',
    compare: (p, t) => any(sameResources(p, t), isResized(p, t, `${p}.name`)),
  },
  imagePullPolicy: {
    why: 'the admission plugin AlwaysPullImages sets Always',
    compare: (p, t) => any(sameField(p, t, 'imagePullPolicy'), `${field(p, 'imagePullPolicy', "''")} == 'Always'`),
  },
  ports: {
    why: "on the host's network, hostPort is filled in on pods, not on templates",
    compare: (p, t) =>
      any(
        sameField(p, t, 'ports'),
        all(
          'a.spec.template.spec.?hostNetwork.orValue(false)',
          `${field(p, 'ports', '[]')}.size() == ${field(t, 'ports', '[]')}.size()`,
          `${field(p, 'ports', '[]')}.all(x, x.hostPort == x.containerPort && ${field(t, 'ports', '[]')}.exists(y, ${sameExcept('x', 'y', ['hostPort'])}))`,
        ),
      ),
  },
  volumeMounts: {
    why: "the service account's token is mounted by admission, and a mutation may mount added volumes",
    compare: sameMounts,
    entries: (p, t) => {
      const [found, approved] = [field(p, 'volumeMounts', '[]'), field(t, 'volumeMounts', '[]')];
      return differentEntries(found, approved, 'mountPath', (m) => isAddedMount(m, p, t));
    },
  },
  env: {
    why: 'a mutation may add variables by name, and the Job controller adds the number of a pod',
    compare: (p, t) => any(sameEnv(p, t), isNumbered(p, t)),
    entries: (p, t) => {
      const [found, approved] = [field(p, 'env', '[]'), field(t, 'env', '[]')];
      return differentEntries(found, approved, 'name', (e) => isAddedEnv(e, `${p}.name`, approved));
    },
  },
  ...Object.fromEntries(PROBES.map((name) => [name, probe(name)])),
};

/** The variables of the approved container `t`, in order, and those that a mutation lets others add. */
export function sameEnv(p: string, t: string): string {
  const added = isAddedEnv('e', `${p}.name`, field(t, 'env', '[]')).replaceAll('\n', '\n    ');
  return any(
    sameField(p, t, 'env'),
    all(
      mutates('Env', `${p}.name`),
      `${field(p, 'env', '[]')}.filter(e, !(\n    ${added}\n  )) == ${field(t, 'env', '[]')}`,
    ),
  );
}

const NUMBER = 'JOB_COMPLETION_INDEX';

/** The variables of the approved container, and the number of the pod, which it reads of itself. */
function isNumbered(p: string, t: string): string {
  const approved = field(t, 'env', '[]');
  const number = `e.name == '${NUMBER}' && e.?valueFrom.?fieldRef.?fieldPath.orValue('').contains("['batch.kubernetes.io/job-completion-index']")`;
  return all(
    isIndexed,
    `!${approved}.exists(f, f.name == '${NUMBER}')`,
    `${field(p, 'env', '[]')}.filter(e, !(${number})) == ${approved}`,
  );
}

function probe(name: string): FieldRule {
  return {
    why: 'a mutation may send it to the agent of a mesh',
    compare: (p, t) => any(sameField(p, t, name), isRewrittenProbe(p, t, name)),
  };
}
