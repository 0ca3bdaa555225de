import { imageDigest, isMembers, itemsOf, type JSONValue } from '../../canonical/index.ts';
import { leavesOf } from './changes.ts';
import { predicateOf } from './parse.ts';
import type { Change } from './types.ts';

/** What an environment ran a workload with, as far as its author wrote it. */
export interface RanWith {
  /** A PodTemplateSpec; it has a canonical form. */
  readonly template: JSONValue;
  /** Whether the author wrote a template, so that what is not in it was not there either. */
  readonly whole: boolean;
  /** Variables that the environment set or took out itself, as `container/variable`; `All` where it is not known which. */
  readonly variables: ReadonlySet<string> | 'All';
}

export interface ExercisedInput {
  readonly workload: { readonly kind: string; readonly name: string };
  /** Changes of any workload. */
  readonly changes: readonly Change[];
  /** Undefined when the environment is not there, or has no such workload. */
  readonly ran: RanWith | undefined;
  /** What was seen to run, by container. */
  readonly images: readonly { readonly container: string; readonly image: string }[];
}

/** Fields that an environment has of its own where the template does not name them. */
const OWN_DEFAULTS: ReadonlySet<string> = new Set(
  ['automountServiceAccountToken', 'enableServiceLinks', 'terminationGracePeriodSeconds'].map(
    (name) => `spec.template.spec.${name}`,
  ),
);
/** What an environment sets whatever the template says. */
const OVERRIDDEN: ReadonlySet<string> = new Set(['spec.template.metadata.labels["app.kubernetes.io/name"]']);

/** A path below the spec, of a workload that makes Jobs as if the pods were its own. */
function ofPods(path: string): string {
  return path.replace(/^spec\.jobTemplate\.spec\.template/, 'spec.template');
}

const container = String.raw`spec\.template\.spec\.(?:containers|initContainers)\[name=([^\]]+)\]`;
const IMAGE = new RegExp(`^${container}\\.image$`);
const VARIABLE = new RegExp(`^${container}\\.env\\[name=([^\\]]+)\\]`);
/** What the author of a workload given by `image` says. */
const SAID = new RegExp(`^${container}\\.(?:name|(?:env|args)(?:[. [].*)?)$`);
const VOLUME_IMAGE = /^spec\.template\.spec\.volumes\[[^\]]+\]\.image\.reference$/;

/** What the API server fills in, in production and in an environment alike. */
const DEFAULTS: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^${container}\\.imagePullPolicy$`), '"IfNotPresent"'],
  [new RegExp(`^${container}\\.terminationMessagePath$`), '"/dev/termination-log"'],
  [new RegExp(`^${container}\\.terminationMessagePolicy$`), '"File"'],
  [new RegExp(`^${container}\\.resources$`), '{}'],
  [new RegExp(`^${container}\\.ports\\[[^\\]]+\\]\\.protocol$`), '"TCP"'],
  [new RegExp(`^${container}\\.\\w+Probe\\.httpGet\\.scheme$`), '"HTTP"'],
  [new RegExp(`^${container}\\.\\w+Probe\\.(?:timeoutSeconds|successThreshold)$`), '1'],
  [new RegExp(`^${container}\\.\\w+Probe\\.periodSeconds$`), '10'],
  [new RegExp(`^${container}\\.\\w+Probe\\.failureThreshold$`), '3'],
  [new RegExp(`^${container}\\.env\\[[^\\]]+\\]\\.valueFrom\\.fieldRef\\.apiVersion$`), '"v1"'],
  [/^spec\.template\.spec\.volumes\[[^\]]+\]\.(?:configMap|secret|projected|downwardAPI)\.defaultMode$/, '420'],
];

/**
 * Paths of the changes of a workload that the environment did not run with (rule 1: "The twin is the source of truth"):
 * all but images that were seen to run, and values that the environment's own workload has at the very same place.
 * In doubt a change is listed. Sorted as the changes are.
 */
export function notExercised({ workload, changes, ran, images }: ExercisedInput): readonly string[] {
  const start = `${workload.kind}/${workload.name} `;
  const leaves = ran === undefined ? new Map<string, JSONValue>() : leavesOf('spec.template', ran.template);
  const paths = changes.map(({ path }) => path);
  return changes.flatMap((change) => {
    if (!change.path.startsWith(start)) return [];
    const path = ofPods(change.path.slice(start.length));
    const image = IMAGE.exec(path)?.[1];
    if (image !== undefined && change.to !== undefined)
      return images.some((seen) => seen.container === image && sameDigest(seen.image, change.to)) ? [] : [change.path];
    return ran !== undefined && (isSame(path, change, ran, leaves) || grew(change, paths)) ? [] : [change.path];
  });
}

/** Whether an image is at that path of a change: what did not run anywhere is never promoted, whatever a policy says. */
export function isImagePath(path: string): boolean {
  const inside = ofPods(path.slice(path.indexOf(' ') + 1));
  return IMAGE.test(inside) || VOLUME_IMAGE.test(inside);
}

/**
 * The same for a round after the first, when the environment may have moved on or be gone: a change counts as run when
 * the first statement had it, with that outcome, and did not list it.
 *
 * @param first the text that approved in the first round
 */
export function notExercisedSince(
  first: string,
  changes: readonly Change[],
  images: ReadonlyMap<string, ExercisedInput['images']>,
): readonly string[] {
  const { changes: told, notExercised: listed } = predicateOf(first);
  const open = new Set(itemsOf(listed));
  const ran = new Set(
    itemsOf(told)
      .filter(isChange)
      .filter(({ path }) => !open.has(path))
      .map(keyOf),
  );
  return changes.flatMap((change) => {
    const at = change.path.indexOf(' ');
    const image = IMAGE.exec(ofPods(change.path.slice(at + 1)))?.[1];
    const seen = images.get(change.path.slice(0, at)) ?? [];
    const isSeen = seen.some((each) => each.container === image && sameDigest(each.image, change.to));
    return isSeen || ran.has(keyOf(change)) ? [] : [change.path];
  });
}

function isSame(path: string, { to }: Change, ran: RanWith, leaves: ReadonlyMap<string, JSONValue>): boolean {
  if (!path.startsWith('spec.template.') || OVERRIDDEN.has(path)) return false;
  const [, of, variable] = VARIABLE.exec(path) ?? [];
  if (of !== undefined && (ran.variables === 'All' || ran.variables.has(`${of}/${variable ?? ''}`))) return false;
  if (!ran.whole && !SAID.test(path)) return false;
  const found = leaves.get(path);
  if (found !== undefined) return JSON.stringify(found) === JSON.stringify(to);
  if (to === undefined) return !OWN_DEFAULTS.has(path);
  if (isAbove(path, [...leaves.keys()])) return false;
  return DEFAULTS.some(([field, value]) => field.test(path) && value === JSON.stringify(to));
}

/** What was empty and is not any more: what came in is a change of its own. */
function grew({ path, from, to }: Change, paths: readonly string[]): boolean {
  const wasEmpty = typeof from === 'object' && from !== null && Object.keys(from).length === 0;
  return to === undefined && wasEmpty && isAbove(path, paths);
}

function isAbove(path: string, paths: readonly string[]): boolean {
  return paths.some((each) => each.startsWith(`${path}.`) || each.startsWith(`${path}[`));
}

function sameDigest(seen: string, to: JSONValue | undefined): boolean {
  const wanted = typeof to === 'string' ? imageDigest(to) : undefined;
  return wanted !== undefined && imageDigest(seen) === wanted;
}

function keyOf({ path, to }: Change): string {
  return `${path} ${JSON.stringify(to) ?? ''}`;
}

function isChange(value: unknown): value is Change {
  return isMembers(value) && typeof value['path'] === 'string';
}
