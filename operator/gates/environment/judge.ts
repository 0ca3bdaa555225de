import { conditionOf, type TwinEnvironment } from '../../api/index.ts';
import { digestOf, printable, type Digest } from '../../canonical/index.ts';
import type { Artifact } from '../artifact.ts';

export type GateOutcome =
  | { readonly result: 'Passed'; readonly evidenceDigest: Digest; readonly summary: string }
  | { readonly result: 'Pending' | 'Failed'; readonly summary: string };

/**
 * The gate that is always there (design: api, "Gates"): the environment's status speaks about its present spec, it is
 * Ready, every twin is wired, and what runs is what is promoted. The evidence covers what was seen,
 * without times: equal sights give equal digests.
 *
 * @param environment undefined when it does not exist
 * @param artifacts what was found to run there
 */
export function environmentGate(environment: TwinEnvironment | undefined, artifacts: readonly Artifact[]): GateOutcome {
  // It may be applied later, by the same commit even.
  if (environment === undefined) return { result: 'Pending', summary: 'the environment does not exist' };
  const { metadata, spec, status } = environment;
  const shown = printable(`${metadata.namespace ?? ''}/${metadata.name}`);
  if (metadata.deletionTimestamp !== undefined)
    return { result: 'Failed', summary: `environment ${shown} is being deleted` };
  if (status?.observedGeneration !== metadata.generation)
    return { result: 'Pending', summary: `environment ${shown} has changed and its controller has not caught up yet` };
  for (const type of ['Ready', 'TwinsWired'] as const) {
    const condition = conditionOf(environment, type);
    if (condition?.status !== 'True')
      return {
        result: 'Pending',
        summary: `environment ${shown} is not ${type}: ${printable(condition?.message ?? 'it does not say why', 500)}`,
      };
  }
  const services = (status?.services ?? []).map(({ name, mode, verified, ready }) => ({ name, mode, verified, ready }));
  const evidence = {
    environment: { namespace: metadata.namespace, name: metadata.name, uid: metadata.uid },
    revision: spec.source?.revision,
    services,
    artifacts,
  };
  const twins = services.filter(({ mode }) => mode === 'Twin').length;
  return {
    result: 'Passed',
    evidenceDigest: digestOf(evidence),
    summary: `environment ${shown} is Ready, ${twins} of ${services.length} services are twins and wired, and it runs these images`,
  };
}
