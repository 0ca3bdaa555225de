/** What is known of an answer of something in an environment. */
export interface Told<Target, Answer> {
  readonly target: Target;
  /** Uids of the Ready pods that answer. */
  readonly pods: readonly string[];
  /** `pending`: asked for, or not, and not there yet. */
  readonly report: Answer | { readonly pending: true };
  /** This process has had an answer of it, of these pods or others. */
  readonly heard: boolean;
  /** The first answer of these pods is on its way. */
  readonly asking: boolean;
  /** Its pods are Ready, and they were not asked yet, or not for long. */
  readonly due: boolean;
  /** Milliseconds until it is to be asked again; undefined while nobody could answer, or where one answer is enough. */
  readonly dueIn: number | undefined;
}
