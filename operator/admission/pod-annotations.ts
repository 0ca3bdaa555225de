import { all, any, field, sameField, text } from './cel.ts';
import { denial, refusal } from './denial.ts';
import type { Validation } from './policy.ts';
import { WORKLOAD_CONTROLLERS, controllers } from './who.ts';

const ALL = 'metadata.annotations';
const BEFORE_KEY = `${ALL}['`;
const AFTER_KEY = "']";

const now = 'object.metadata.?annotations.orValue({})';
const before = 'oldObject.metadata.?annotations.orValue({})';

/** The annotations did not change. */
export const sameAnnotations = sameField('object.metadata', 'oldObject.metadata', 'annotations');

/**
 * What a pod reads of its own annotations (the downward API: variables at each start of a container, files all the time)
 * is content, whoever writes it. Fields of the pod are walked, never its annotations: those have no bound.
 */
export const keepsReadAnnotations: Validation = {
  expression: any(
    "request.operation == 'CREATE'",
    sameAnnotations,
    all(
      `(dyn(oldObject.spec).containers + ${list('initContainers')} + ${list('ephemeralContainers')}).all(c,
  c.?env.orValue([]).all(e, ${keeps("e.?valueFrom.?fieldRef.?fieldPath.orValue('')")}))`,
      `${list('volumes')}.all(v,
  v.?downwardAPI.?items.orValue([]).all(i, ${keeps("i.?fieldRef.?fieldPath.orValue('')")})
  && v.?projected.?sources.orValue([]).all(s, s.?downwardAPI.?items.orValue([]).all(i, ${keeps("i.?fieldRef.?fieldPath.orValue('')")})))`,
    ),
  ),
  message: denial("' reads its annotations by the downward API, so that these are content'"),
};

/** A binding carries annotations and labels into the pod, and no scheduler of Kubernetes sends any but labels of the node. */
export const bindsWithoutAnnotations: Validation = {
  expression: `request.operation == 'UPDATE' || ${now}.size() == 0`,
  message: denial("' would get annotations with its node'"),
};

/**
 * A finalizer keeps the object after its process ended: a StatefulSet then waits for it, and so does a namespace that
 * goes. Everybody may take one away. The garbage collector needs no right to add: the API server does at a deletion.
 */
export const addsNoFinalizer: Validation = {
  expression: any(
    "request.operation == 'CREATE'",
    `${field('object.metadata', 'finalizers', '[]')}.all(f, f in ${field('oldObject.metadata', 'finalizers', '[]')})`,
    controllers([...WORKLOAD_CONTROLLERS, 'generic-garbage-collector']),
  ),
  message: refusal("' gets no finalizer while it runs: it would stay when it has ended, and its place with it'"),
};

function list(name: string): string {
  return field('dyn(oldObject.spec)', name, '[]');
}

/** Only evaluated when some annotation changed: then whoever reads all of them reads a change. */
function keeps(path: string): string {
  const key = `${path}.substring(${BEFORE_KEY.length}, ${path}.size() - ${AFTER_KEY.length})`;
  return `(!${path}.startsWith(${text(ALL)}) || (${path} != ${text(ALL)} && ${now}[?${key}] == ${before}[?${key}]))`;
}
