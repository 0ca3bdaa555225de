import { all, any, field, group, not, sameBeside, text, texts } from './cel.ts';
import { denial } from './denial.ts';
import {
  ADDED_ANNOTATIONS,
  ADDED_LABELS,
  ADDED_LABEL_PREFIX,
  CONTAINER_FIELDS,
  POD_FIELDS,
  sameByTable,
} from './pod-fields.ts';
import { PODS_MANAGER, RESTARTED_AT } from './names.ts';
import { protectedNamespaces, type PolicyRule } from './policy.ts';
import { sameVolumes, tokenVolume } from './volumes.ts';
import { WORKLOAD_CONTROLLERS, controllers, fieldManager, isDryRun, type Who } from './who.ts';

const pod = 'variables.pod';
const template = 'a.spec.template.spec';
const injects = `${field('a', 'injected', '[]')}.size() > 0`;

/** By name and image, never privileged, and never in the place of an approved container. */
const isInjected = all(
  `!(${template}.containers + ${field(template, 'initContainers', '[]')}).exists(d, d.name == c.name)`,
  `${field('a', 'injected', '[]')}.exists(i, i.container == c.name && (c.image == i.imagePrefix
  || [':', '@', '/'].exists(s, c.image.startsWith(i.imagePrefix + s) || (i.imagePrefix.endsWith(s) && c.image.startsWith(i.imagePrefix)))))`,
  `${field('c', 'securityContext.?privileged', 'false')} == false`,
);

interface Step {
  readonly name: string;
  /** What differs when this step keeps no entry, for the message. */
  readonly what: string;
  /** The pod agrees with the approved entry `a`. */
  readonly agrees: string;
}

/** Each step keeps the approved entries that agree so far. */
const STEPS: readonly Step[] = [
  {
    name: 'sameLabels',
    what: 'labels',
    agrees: sameBeside('variables.labels', field('a.spec.template.metadata', 'labels', '{}'), (key) =>
      any(
        `${key} in ${texts(ADDED_LABELS)}`,
        `${key}.startsWith(${text(ADDED_LABEL_PREFIX)})`,
        `(${injects} && ['.istio.io/', 'linkerd.io/'].exists(s, ${key}.contains(s)))`,
      ),
    ),
  },
  {
    name: 'sameAnnotations',
    what: 'annotations',
    // A restart before or after the approval leaves its mark in either place, and is no change of content.
    agrees: sameBeside(
      'variables.annotations',
      field('a.spec.template.metadata', 'annotations', '{}'),
      (key) => any(`${key} in ${texts(ADDED_ANNOTATIONS)}`, injects),
      [RESTARTED_AT],
    ),
  },
  { name: 'sameFields', what: 'pod fields', agrees: sameByTable(pod, template, POD_FIELDS) },
  { name: 'sameVolumes', what: 'volumes', agrees: sameVolumes(pod, template) },
  { name: 'sameInitContainers', what: 'init containers', agrees: sameContainers('initContainers') },
  { name: 'sameContainers', what: 'containers', agrees: sameContainers('containers') },
];

/**
 * A new pod is one of an approved template, Fallback's included (an old pod that is evicted in mid-rollout comes back),
 * and a workload controller made it: a bare pod would outlive the approval of its content. It is looked at after every
 * mutation, so what a webhook changes is compared too.
 */
export function pods(by: Who): PolicyRule {
  return {
    name: 'pods',
    description: 'Pods of a protected namespace are made by its workloads and have approved content only.',
    lock: true,
    namespaces: protectedNamespaces,
    match: [{ groups: [''], resources: ['pods'], operations: ['CREATE'] }],
    variables: [
      { name: 'pod', expression: 'dyn(object.spec)' },
      { name: 'labels', expression: field('object.metadata', 'labels', '{}') },
      { name: 'annotations', expression: field('object.metadata', 'annotations', '{}') },
      tokenVolume,
      { name: 'approved', expression: field('params.spec', 'approved', '[]') },
      ...STEPS.map(({ name, agrees }, index) => ({
        name,
        expression: `variables.${STEPS[index - 1]?.name ?? 'approved'}.filter(a,\n  ${agrees.replaceAll('\n', '\n  ')})`,
      })),
    ],
    validations: [
      {
        expression: `variables.${STEPS.at(-1)?.name}.size() > 0`,
        message: denial(`' does not match the approved content (' + (${firstDifference()}) + ')'`),
        difference: firstDifference(),
      },
      {
        // The canary asks with an unstored pod whether one of approved content would be let in.
        expression: any(
          controllers(WORKLOAD_CONTROLLERS),
          all(isDryRun, `${fieldManager} == ${text(PODS_MANAGER)}`, by.promotions),
        ),
        message: denial("' is not made by a Deployment, StatefulSet or DaemonSet, so it would outlive its approval'"),
      },
    ],
  };
}

function firstDifference(): string {
  const [last, ...before] = STEPS.toReversed();
  return before.reduce(
    (otherwise, { name, what }) => `variables.${name}.size() == 0 ? ${text(`${what} differ`)}\n  : ${otherwise}`,
    text(`${last?.what} differ`),
  );
}

/** The same names in the same order, beside injected ones, and each container equal to the template's. */
function sameContainers(list: 'containers' | 'initContainers'): string {
  const [found, approved] = [field(pod, list, '[]'), field(template, list, '[]')];
  const same = sameByTable('c', 'd', CONTAINER_FIELDS).replaceAll('\n', '\n  ');
  return all(
    `${found}.filter(c, ${not(group(isInjected))}).map(c, c.name) == ${approved}.map(d, d.name)`,
    `${approved}.all(d, ${found}.exists(c, c.name == d.name\n  && ${same}))`,
  );
}
