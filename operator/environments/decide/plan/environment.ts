import { CanonicalError } from '../../../canonical/index.ts';
import { environmentRow } from '../../../workloads/index.ts';
import type { Manifest } from '../children/index.ts';
import { COMPONENT_LABEL, environmentHosts, homeOf } from '../../naming/index.ts';
import {
  choosingOf,
  ownConfigMapsOf,
  problem,
  resolveServices,
  resolveWorkloads,
  type Problem,
} from '../resolve/index.ts';
import { copyProblem, liveKeysOf, ownLiveKeyProblem } from '../copies.ts';
import { assemble } from './assemble.ts';
import { selves } from './boundary.ts';
import { exposeProblem, imageProblem, liveKeyProblem, nameClash, patternProblem, tagProblem } from './content.ts';
import { egressProblem } from './egress.ts';
import { certificateKeyProblem, hostProblem } from './exposure.ts';
import { forwardOf } from './forward.ts';
import { needsProblem } from './needs.ts';
import { placementProblem, sizeProblem } from './placement.ts';
import { quotaProblem, withinQuota } from './quota.ts';
import { putToSleep, sleepersOf } from './sleepers.ts';
import type { Plan, PlanInput } from './terms.ts';

/**
 * Plans an environment.
 *
 * @returns the plan, or everything that speaks against it; then nothing of it is to be applied.
 */
export function planEnvironment(input: PlanInput): Plan | { readonly problems: readonly Problem[] } {
  const { environment, twinClass, catalogue } = input;
  const { spec } = environment;
  const { podSecurity, allowedImages } = twinClass.spec;
  const { services, problems } = resolveServices(spec.services ?? [], catalogue, choosingOf(environment));
  const own = ownConfigMapsOf(spec);
  const app = resolveWorkloads(spec.workloads ?? [], services, podSecurity, selves(input), own);
  const content = { workloads: app.workloads, services, allowedImages };
  const broken = patternProblem(content);
  const forward = forwardOf(environment, twinClass);
  const found = [
    ...problems,
    ...app.problems,
    nameClash(content),
    needsProblem(spec),
    exposeProblem(content),
    tagProblem(content),
    placementProblem(content),
    sizeProblem(content),
    imageProblem(content),
    broken ?? liveKeyProblem(content) ?? ownLiveKeyProblem(own, liveKeysOf(services)),
    copyProblem(environment, twinClass),
    certificateKeyProblem(environment, app.workloads),
    hostProblem(twinClass, environmentHosts(twinClass.spec.exposure, homeOf(environment)).host),
    forward !== undefined && 'reason' in forward ? forward : undefined,
    egressProblem(spec.network?.egress ?? [], twinClass.spec.network.requestable ?? []),
  ].filter((each) => each !== undefined);
  if (found.length > 0 || (forward !== undefined && 'reason' in forward)) return { problems: found };
  try {
    const plan = assemble(input, services, app.workloads, forward);
    if ('problems' in plan) return plan;
    const { parts } = plan.manifests;
    const large = quotaProblem(parts, twinClass);
    if (large !== undefined) return { problems: [large] };
    const rolled = withinQuota(parts, twinClass);
    const asleep = input.asleep ? sleepersOf(rolled, spec.sleep?.except ?? []) : undefined;
    const all = asleep === undefined ? rolled : putToSleep(rolled, asleep);
    return { ...plan, manifests: { ...plan.manifests, parts: all }, runners: runnersOf(all), asleep };
  } catch (error) {
    // Embedded templates may hold what has no digest (fractions, half of a surrogate pair); nothing else throws so.
    if (!(error instanceof CanonicalError)) throw error;
    return { problems: [problem('TemplateInvalid', `a pod template cannot be digested: ${error.message}`)] };
  }
}

function runnersOf(parts: readonly Manifest[]): ReadonlyMap<string, Manifest> {
  const runners = parts.filter(({ kind }) => environmentRow(kind) !== undefined);
  return new Map(runners.map((part) => [part.metadata.labels?.[COMPONENT_LABEL] ?? '', part]));
}
