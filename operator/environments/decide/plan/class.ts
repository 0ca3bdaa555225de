import type { TwinClass, TwinEnvironment } from '../../../api/index.ts';
import { problem, type Problem } from '../resolve/index.ts';

/**
 * The class of an environment: the one that it names, or the only one that is the default.
 *
 * @param classes every TwinClass.
 */
export function classOf(
  environment: Pick<TwinEnvironment, 'spec'>,
  classes: readonly TwinClass[],
): TwinClass | Problem {
  const wanted = environment.spec.classRef?.name;
  if (wanted !== undefined) {
    const found = classes.find(({ metadata }) => metadata.name === wanted);
    return found ?? problem('ClassNotFound', `there is no TwinClass ${wanted}; name one that exists in classRef`);
  }
  const defaults = classes.filter(({ spec }) => spec.default);
  const [only] = defaults;
  if (only === undefined) {
    return problem('NoDefaultClass', 'no TwinClass is the default; name one in classRef, or set default: true on one');
  }
  if (defaults.length > 1) {
    const names = defaults.map(({ metadata }) => metadata.name).toSorted();
    return problem(
      'DefaultClassAmbiguous',
      `TwinClasses ${names.join(', ')} are all the default; name one in classRef, or set default: false on all but one`,
    );
  }
  return only;
}

/** Why the class does not take environments from that namespace. */
export function namespaceProblem(
  namespace: string,
  found: Readonly<Record<string, string>> | undefined,
  twinClass: TwinClass,
): Problem | undefined {
  const wanted = Object.entries(twinClass.spec.namespaceSelector.matchLabels);
  const missing = wanted.filter(([key, value]) => found?.[key] !== value).map(([key, value]) => `${key}=${value}`);
  if (missing.length === 0) return undefined;
  return problem(
    'NamespaceNotAllowed',
    `TwinClass ${twinClass.metadata.name} takes environments from namespaces labelled ${missing.join(', ')} only; somebody who may label namespace ${namespace} has to`,
  );
}
