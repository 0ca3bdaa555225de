import { appMade, appWorkloads, type PodMaker } from '../workloads/index.ts';
import { all, any, field, named, sameExcept, text } from './cel.ts';
import { refusal } from './denial.ts';
import { isResized } from './mutations.ts';
import { protectedNamespaces, type PolicyRule } from './policy.ts';

const pod = 'variables.pod';
const before = 'variables.before';
const LISTS = ['containers', 'initContainers'];

/** The containers of both lists, in order, with nothing but resources changed, as a mutation of the entry `a` lets them. */
const resized = all(
  sameExcept(pod, before, LISTS),
  ...LISTS.map((name) => {
    const [now, then] = [field(pod, name, '[]'), field(before, name, '[]')];
    const same = all(
      sameExcept('c', 'd', ['resources']),
      any('c.?resources == d.?resources', isResized('c', 'd', 'c.name')),
    ).replaceAll('\n', '\n  ');
    return all(
      `${now}.map(c, c.name) == ${then}.map(d, d.name)`,
      `${now}.all(c, ${then}.exists(d, d.name == c.name\n  && ${same}))`,
    );
  }),
).replaceAll('\n', '\n  ');

const isOf = (o: PodMaker): string =>
  all(`o.kind == ${text(o.type.kind)}`, `o.apiVersion.startsWith(${text(`${o.type.group}/`)})`);

/** The owner `o` of a pod is the workload of the entry `a`, or what that made: named after it, and a hash. */
const isMaker = any(
  ...appWorkloads.map((maker) => all(isOf(maker), 'o.kind == a.kind', 'o.name == a.name')),
  ...appMade.map((made) =>
    all(
      isOf(made),
      `a.kind == ${text(made.madeBy?.type.kind ?? '')}`,
      "o.name.startsWith(a.name + '-')",
      "!o.name.substring(a.name.size() + 1).contains('-')",
    ),
  ),
);

/**
 * CPU and memory of a pod that runs change by who the target names for it, in containers whose `Resources` its mutations
 * let differ: then the pod is still one that could have been made so. Everybody else could starve what is approved.
 */
export function podResize(): PolicyRule {
  return {
    name: 'pod-resize',
    description: 'Running pods of a protected namespace are resized in place by named writers, in named containers.',
    lock: true,
    namespaces: protectedNamespaces,
    match: [{ groups: [''], resources: ['pods/resize'], operations: ['UPDATE'] }],
    variables: [
      { name: 'pod', expression: 'dyn(object.spec)' },
      { name: 'before', expression: 'dyn(oldObject.spec)' },
      { name: 'labels', expression: 'oldObject.metadata.?labels.orValue({})' },
      {
        name: 'makers',
        expression: 'oldObject.metadata.?ownerReferences.orValue([]).filter(o, o.?controller.orValue(false))',
      },
      {
        // The workload that made the pod, and whose pods have such labels, which no running pod loses or gets.
        name: 'approved',
        expression: `params.spec.?approved.orValue([]).filter(a, a.spec.?selector.?matchLabels.hasValue()
  && a.spec.selector.matchLabels.all(k, variables.labels[?k] == optional.of(a.spec.selector.matchLabels[k]))
  && variables.makers.exists(o, ${isMaker.replaceAll('\n', '\n  ')}))`,
      },
    ],
    validations: [
      {
        expression: any(
          `${pod} == ${before}`,
          `params.spec.?podWriters.orValue([]).exists(w, w.?resizes.orValue(false) && ${named('[w.user]', 'request.userInfo.username')})`,
        ),
        message: refusal(
          "' is resized in place only by who is named with resizes: true in podWriters of the ProductionTarget or of the chart, and ' + request.userInfo.username + ' is not'",
        ),
      },
      {
        expression: any(`${pod} == ${before}`, `variables.approved.exists(a, ${resized})`),
        message: refusal(
          "' would have other resources than the approved ones: name the container with the field Resources in mutations of the ProductionTarget, or promote them'",
        ),
      },
    ],
  };
}
