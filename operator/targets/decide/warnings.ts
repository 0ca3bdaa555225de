import { MAX_POD_WRITERS } from '../../lock/index.ts';
import { printable } from '../../canonical/index.ts';
import { podTemplateOf, type PodTemplate } from '../../workloads/index.ts';
import { allWriters, unadopted } from './adopt.ts';
import { onlyWarns, sameWorkload, shown } from './common.ts';
import { shownTags, tagImages } from './images.ts';
import { OBSTACLES } from './inventory.ts';
import { isFullQuota } from './rehearsal.ts';
import type { TargetWorld } from './world.ts';

const MAX_WARNINGS = 32;

/** What works and will hurt one day, one line each, with what to do. */
export function warningsOf(world: TargetWorld): readonly string[] {
  return [...beforeEnforcing(world), ...givenUp(world), ...ofWorkloads(world), ...quotas(world), ...writers(world)]
    .map((line) => printable(line, 1000))
    .slice(0, MAX_WARNINGS);
}

/** In mode Warn what would keep the namespace from being enforced. */
function beforeEnforcing(world: TargetWorld): readonly string[] {
  if (!onlyWarns(world)) return [];
  // Without the live content there is nothing to compare with: the target's condition says so.
  if (world.workloads.some(({ live }) => live === undefined)) return [];
  return OBSTACLES.flatMap((step) => {
    const verdict = step(world);
    return verdict === undefined ? [] : [`before mode: Enforce: ${verdict.message}`];
  });
}

function givenUp({ target, givenUp: workloads }: TargetWorld): readonly string[] {
  return workloads
    .filter(({ live }) => live !== undefined)
    .map(
      (workload) =>
        `${shown(workload)} is not named any more and runs on as approved: delete it (needs the verb unprotect) or name it again, in ProductionTarget ${target.metadata.name} or another`,
    );
}

function ofWorkloads(world: TargetWorld): readonly string[] {
  const fresh = unadopted(world, world.workloads);
  return world.workloads.flatMap((workload) => {
    const { kind, live } = workload;
    if (live?.spec === undefined) return [];
    const template = podTemplateOf(kind, live);
    const tags = fresh.some((each) => sameWorkload(each, workload))
      ? []
      : tagImages(workload, world.target.spec.injected);
    return [
      tags.length > 0 &&
        `${shown(workload)} was taken over with images without a digest, which can change without a promotion: ${shownTags(tags)}; promote digests`,
      live.spec['revisionHistoryLimit'] === 0 &&
        `${shown(workload)} keeps no old revision (revisionHistoryLimit: 0), so kubectl rollout undo has no way back: promote it with 1 or more`,
      template?.spec?.enableServiceLinks !== false &&
        `${shown(workload)} has service links: whoever makes a Service in this namespace sets variables such as REDIS_PORT in new pods; set enableServiceLinks: false in the pod template`,
      !hasReadiness(template) &&
        `${shown(workload)} has no readiness probe, so a rollout is verified by running containers alone: add a readinessProbe`,
    ].filter((line) => line !== false);
  });
}

function hasReadiness(template: PodTemplate | undefined): boolean {
  const spec = template?.spec;
  return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some(
    ({ readinessProbe }) => readinessProbe !== undefined,
  );
}

function quotas(world: TargetWorld): readonly string[] {
  return world.rehearsals
    .filter((each) => isFullQuota(world, each))
    .map(
      (each) =>
        `the quota of the namespace is full: a rollout of ${shown(each)} that starts new pods before old ones go waits for ever; raise the quota by what one more pod takes`,
    );
}

function writers(world: TargetWorld): readonly string[] {
  const over = allWriters(world).slice(MAX_POD_WRITERS);
  return over.length === 0
    ? []
    : [
        `a lock holds ${MAX_POD_WRITERS} podWriters, so these have no say: ${over.map(({ user }) => user).join(', ')}; name fewer`,
      ];
}
