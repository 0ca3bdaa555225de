import type { ProductionTarget, TwinClass } from '../../api/index.ts';
import { printable } from '../../canonical/index.ts';

export interface AdmittedInput {
  /** Namespace of the environment. */
  readonly namespace: string;
  /** Its labels; undefined when the namespace does not exist. */
  readonly labels: Readonly<Record<string, string>> | undefined;
  readonly allowedFrom: ProductionTarget['spec']['allowedFrom'];
  readonly classes: readonly TwinClass[];
}

export interface NotAdmitted {
  /** What to do. */
  readonly message: string;
  readonly namespaceGone: boolean;
}

/**
 * Whether environments of a namespace may be promoted to a target (design: api, `allowedFrom`). Without a list the
 * namespace has to match the namespaceSelector of a TwinClass; an empty selector matches nothing here, never "all".
 *
 * @returns undefined when they may, else why not
 */
export function notAdmitted({ namespace, labels, allowedFrom, classes }: AdmittedInput): NotAdmitted | undefined {
  const shown = printable(namespace);
  if (allowedFrom !== undefined && allowedFrom.length > 0)
    return allowedFrom.some((entry) => entry.namespace === namespace)
      ? undefined
      : refused(
          `the target's allowedFrom does not list namespace ${shown}: a platform engineer adds it, or the environment is made elsewhere`,
        );
  if (labels === undefined) return { message: `namespace ${shown} does not exist`, namespaceGone: true };
  const matched = classes.some(({ spec }) => {
    const wanted = Object.entries(spec.namespaceSelector.matchLabels ?? {});
    return wanted.length > 0 && wanted.every(([key, value]) => labels[key] === value);
  });
  return matched
    ? undefined
    : refused(
        `namespace ${shown} matches the namespaceSelector of no TwinClass and the target has no allowedFrom: a platform engineer labels it or lists it`,
      );
}

function refused(message: string): NotAdmitted {
  return { message, namespaceGone: false };
}
