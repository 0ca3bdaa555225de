import { appWorkloads, inWords } from '../workloads/index.ts';
import { podBounds } from './bounds.ts';
import { all, any, field, not, group, sameBeside, text, texts } from './cel.ts';
import { CONTAINER_FIELDS } from './container-fields.ts';
import { denial } from './denial.ts';
import { differentContainers, differentFields, differentKeys, differentVolumes, namesOf } from './differences.ts';
import { isInjected, isMeshAnnotation, isMeshLabel } from './injected.ts';
import { mutatesNamed } from './mutations.ts';
import {
  ADDED_ANNOTATIONS,
  ADDED_LABELS,
  ADDED_LABEL_PREFIX,
  JOB_ANNOTATIONS,
  JOB_POD_LABELS,
  POD_FIELDS,
  sameByTable,
} from './pod-fields.ts';
import { PODS_MANAGER, RESTARTED_AT, RULES } from './names.ts';
import { protectedNamespaces, type PolicyRule, type Variable } from './policy.ts';
import { isOfJobs, templates } from './templates.ts';
import { isAddedVolume, ownVolumes, sameVolumes, tokenVolume } from './volumes.ts';
import { WORKLOAD_CONTROLLERS, controllers, fieldManager, isDryRun, type Who } from './who.ts';

const pod = 'variables.pod';
const template = 'a.spec.template.spec';
const metadata = 'a.spec.template.metadata';

const isAddedLabel = (key: string): string =>
  any(
    `${key} in ${texts(ADDED_LABELS)}`,
    `${key}.startsWith(${text(ADDED_LABEL_PREFIX)})`,
    all(isOfJobs, `${key} in ${texts(JOB_POD_LABELS)}`),
    isMeshLabel(key),
    mutatesNamed('Labels', key),
  );
const isAddedAnnotation = (key: string): string =>
  any(
    `${key} in ${texts(ADDED_ANNOTATIONS)}`,
    all(isOfJobs, `${key} in ${texts(JOB_ANNOTATIONS)}`),
    isMeshAnnotation(key),
    mutatesNamed('Annotations', key),
  );

const labels = ['variables.labels', field(metadata, 'labels', '{}'), isAddedLabel] as const;
// A restart before or after the approval leaves its mark in either place, and is no change of content.
const annotations = [
  'variables.annotations',
  field(metadata, 'annotations', '{}'),
  isAddedAnnotation,
  [RESTARTED_AT],
] as const;

interface Step {
  readonly name: string;
  /** What differs when this step keeps no entry, for the message. */
  readonly what: string;
  /** The pod agrees with the approved entry `a`. */
  readonly agrees: string;
  /** The variable that says what of it differs. */
  readonly said: string;
}

/** Each step keeps the approved entries that agree so far. */
const STEPS: readonly Step[] = [
  { name: 'sameLabels', what: 'labels', agrees: sameBeside(...labels), said: 'unlikeLabels' },
  { name: 'sameAnnotations', what: 'annotations', agrees: sameBeside(...annotations), said: 'unlikeAnnotations' },
  { name: 'sameFields', what: 'pod fields', agrees: sameByTable(pod, template, POD_FIELDS), said: 'unlikeFields' },
  { name: 'sameVolumes', what: 'volumes', agrees: sameVolumes(pod), said: 'unlikeVolumes' },
  {
    name: 'sameInitContainers',
    what: 'init containers',
    agrees: sameContainers('initContainers'),
    said: 'unlikeContainers',
  },
  { name: 'sameContainers', what: 'containers', agrees: sameContainers('containers'), said: 'unlikeContainers' },
];

const inInit = 'variables.sameInitContainers.size() == 0';
const eitherContainers = `(${inInit} ? ${field(template, 'initContainers', '[]')} : ${template}.containers)`;

/** Variables of the message: the API server evaluates them for a pod that is refused only. */
const SAID: readonly Variable[] = [
  {
    // The workload whose pods have such labels.
    name: 'nearest',
    expression: `variables.approved.filter(a, variables.approved.size() == 1
  || ${field('a.spec', 'selector.?matchLabels', '{}')}.all(k, variables.labels[?k] == optional.of(a.spec.selector.matchLabels[k])))`,
  },
  {
    name: 'unlikeLabels',
    expression: `variables.nearest.size() == 0 ? 'no approved workload has them'
: ${namesOf('variables.nearest', differentKeys(...labels))}`,
  },
  { name: 'unlikeAnnotations', expression: namesOf('variables.sameLabels', differentKeys(...annotations)) },
  {
    name: 'unlikeFields',
    expression: namesOf('variables.sameAnnotations', differentFields(pod, template, POD_FIELDS)),
  },
  {
    name: 'unlikeVolumes',
    expression: namesOf('variables.sameFields', differentVolumes(pod, ownVolumes, isAddedVolume)),
  },
  {
    // One text for both lists: it is long.
    name: 'found',
    expression: `${inInit} ? ${field(pod, 'initContainers', '[]')} : ${field(pod, 'containers', '[]')}`,
  },
  {
    name: 'unlikeContainers',
    expression: namesOf(
      `(${inInit} ? variables.sameVolumes : variables.sameInitContainers)`,
      differentContainers('variables.found', eitherContainers, isInjected, CONTAINER_FIELDS),
    ),
  },
  {
    name: 'difference',
    expression: STEPS.reduceRight(
      (otherwise, { name, what, said }) =>
        `variables.${name}.size() == 0 ? ${text(`${what} differ: `)} + variables.${said}\n: ${otherwise}`,
      text('nothing differs'),
    ).replace(/^/, "variables.approved.size() == 0 ? 'nothing is approved'\n: "),
  },
];

/**
 * A new pod is one of an approved template, Fallback's included (an old pod that is evicted in mid-rollout comes back),
 * and a workload controller made it: a bare pod would outlive the approval of its content. It is looked at after every
 * mutation, so what a webhook changes is compared too.
 */
export function pods(by: Who): PolicyRule {
  return {
    name: RULES.pods,
    description: 'Pods of a protected namespace are made by its workloads and have approved content only.',
    lock: true,
    namespaces: protectedNamespaces,
    match: [{ groups: [''], resources: ['pods'], operations: ['CREATE'] }],
    bounds: podBounds('object.metadata'),
    variables: [
      { name: 'pod', expression: 'dyn(object.spec)' },
      { name: 'labels', expression: field('object.metadata', 'labels', '{}') },
      { name: 'annotations', expression: field('object.metadata', 'annotations', '{}') },
      tokenVolume,
      { name: 'approved', expression: templates },
      ...STEPS.map(({ name, agrees }, index) => ({
        name,
        expression: `variables.${STEPS[index - 1]?.name ?? 'approved'}.filter(a,\n  ${agrees.replaceAll('\n', '\n  ')})`,
      })),
      ...SAID,
    ],
    validations: [
      {
        expression: `variables.${STEPS.at(-1)?.name}.size() > 0`,
        message: denial("' does not match the approved content (' + variables.difference + ')'"),
        difference: 'variables.difference',
      },
      {
        // The canary asks with an unstored pod whether one of approved content would be let in.
        expression: any(
          controllers(WORKLOAD_CONTROLLERS),
          all(isDryRun, `${fieldManager} == ${text(PODS_MANAGER)}`, by.promotions),
        ),
        message: denial(`' is not made by a ${inWords(appWorkloads, 'or')}, so it would outlive its approval'`),
      },
    ],
  };
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
