import { ownVariables, type TwinEnvironment } from '../../../api/index.ts';
import { CanonicalError, canonicalJSON, type JSONValue } from '../../../canonical/index.ts';

/** What a workload of an environment ran with, as its author wrote it; see RanWith of the statement. */
interface Ran {
  readonly template: JSONValue;
  readonly whole: boolean;
  readonly variables: ReadonlySet<string> | 'All';
}

/** @returns undefined when the environment has no such workload, or one of which nothing can be said for sure */
export function ranWith(environment: TwinEnvironment | undefined, name: string): Ran | undefined {
  const { spec, status } = environment ?? {};
  const workload = spec?.workloads?.find((each) => each.name === name);
  if (workload === undefined) return undefined;
  // Variables of a service that is no twin are taken out, and which ones they are is in its VendorTwin.
  const known = (spec?.services ?? []).every(({ mode }) => mode === 'Twin');
  const rendered = (status?.services ?? []).flatMap((service) => service.rendered ?? []);
  const set = rendered.filter((variable) => variable.workload === name);
  const template = canonical(workload.template ?? templateOf(workload));
  return template === undefined
    ? undefined
    : {
        template,
        whole: workload.template !== undefined,
        variables: known
          ? new Set([...set.map(({ container, env }) => `${container}/${env}`), ...ownOf(workload)])
          : 'All',
      };
}

/** What Twinlock says to every container in place of whatever was written. */
function ownOf({ name, template }: Workload): readonly string[] {
  const { containers = [], initContainers = [] } = template?.spec ?? {};
  const names = template === undefined ? [name] : [...containers, ...initContainers].map((each) => each.name);
  return names.flatMap((container) => Object.values(ownVariables).map((env) => `${container}/${env}`));
}

type Workload = NonNullable<TwinEnvironment['spec']['workloads']>[number];

/** A workload given by `image` has one container, of its own name; its values are taken as they stand. */
function templateOf({ name, env = [], args }: Workload): object {
  const variables = env.map((entry) => ({ name: entry.name, value: entry.value.replaceAll('$', '$$$$') }));
  return { spec: { containers: [{ name, env: variables, ...(args === undefined ? {} : { args }) }] } };
}

/** What has no canonical form is refused by the environment too, and may be nested without end. */
function canonical(value: unknown): JSONValue | undefined {
  try {
    return JSON.parse(canonicalJSON(value));
  } catch (error) {
    if (!(error instanceof CanonicalError)) throw error;
    return undefined;
  }
}
