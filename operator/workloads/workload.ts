import type { KubeObject, LabelSelectorSpec, OwnerReference, Pod, ResourceType } from '../kube/index.ts';
import type { PodTemplate, Spec, WorkloadObject } from './object.ts';
import type { Progress, ProgressInput, Running, Standing } from './rollout/types.ts';

export type PodSpec = NonNullable<Pod['spec']>;

/** What the controller of a workload gives to every pod of the present template beside that. */
export interface PodOrigin {
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined while nothing is there that would make the pod. */
  readonly owner: OwnerReference | undefined;
}

/**
 * A kind of workload: a row of the table, and all that the rest of the operator knows of the kind.
 *
 * Functions are methods, so that the row of one kind fits the table of all: an object is only ever given to the row of
 * its own kind.
 */
export interface Workload<T extends WorkloadObject = WorkloadObject> {
  readonly type: ResourceType<T>;

  // What an approval covers.
  /** Where the pod template is, from the object's root. What `kubectl rollout restart` writes there is not covered. */
  readonly templatePath: readonly ['spec', ...string[]];
  /** What is there. */
  template(live: T): PodTemplate | undefined;
  /** Members of the spec that no approval covers: scaling. */
  readonly uncovered: readonly string[];
  /** Member of the spec that makes its controller stand still while it is true. */
  readonly pause: string | undefined;

  // Who makes its pods.
  /** Its pods stay until others take their place; of a kind that is not lasting they end by themselves. */
  readonly lasting: boolean;
  /** What controls its pods: the kind itself, or one that it makes. */
  readonly podOwner: ResourceType;
  /** Label by which its controller tells pods of one revision from those of another. */
  readonly revisionLabel: string;
  /** What it controls beside pods, and has to be read to tell its pods and its revision. */
  readonly owns: readonly ResourceType[];
  /** Selects its pods and what it owns; undefined where owner references alone lead to it. */
  selector(live: T): LabelSelectorSpec | undefined;
  /** How its controller would make the next pod. */
  podOrigin(live: T, owned: readonly KubeObject[]): PodOrigin;
  /** What its controller makes of the template for a pod of this name, beside what admission adds. */
  podSpec(template: PodSpec, content: Spec, name: string): PodSpec;
  /** Whether a pod that it made is of its newest revision; never, where nothing is replaced. */
  isOfNewest(pod: Pod, live: T, owned: readonly KubeObject[]): boolean;

  // Revision and undo.
  /** Of what it owns, what its revision is read from. */
  readonly numberedBy: readonly ResourceType[];
  /** Its revision, a number that grows with every change of the template; undefined while nobody has given it one. */
  revision(live: T, owned: readonly KubeObject[]): string | undefined;
  /** What `kubectl rollout undo` puts back; `Nothing`: the kind has no such command. */
  readonly undo: 'Template' | 'Nothing';
  /**
   * Pods of other content for which its controller waits instead of replacing them; undefined while it has not seen the
   * content that is there now.
   */
  stuck(running: Running<T>): readonly Pod[] | undefined;

  // Progress.
  standing(live: T): Standing;
  /** Whether what was applied runs, and why it does not. */
  progress(input: ProgressInput<T>): Progress;
}
