import { all, any, field, named, sameExcept } from './cel.ts';
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
        // The workload whose pods have such labels, which no running pod loses or gets.
        name: 'approved',
        expression: `params.spec.?approved.orValue([]).filter(a, a.spec.?selector.?matchLabels.hasValue()
  && a.spec.selector.matchLabels.all(k, variables.labels[?k] == optional.of(a.spec.selector.matchLabels[k])))`,
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
