import { AGAIN_MS, until, type EnvironmentDecision } from '../decision.ts';
import { entranceProblem, untold } from '../entrance.ts';
import { reporting } from '../observed.ts';
import { wordsOfRefusal } from '../refused.ts';
import { sleepChangesIn } from '../lifecycle/index.ts';
import { onlyAsking, reachabilityOf, tried } from '../reach.ts';
import type { InventoryItem } from '../situation.ts';
import type { AppReport, Report } from '../wiring/index.ts';
import type { PlannedWorld } from '../world.ts';

/** Nothing speaks against it, and nothing is left to do: it is looked at. */
export function running(world: PlannedWorld): EnvironmentDecision {
  const { environment, planned, lifetime, now, parts, wordsDueIn, copied, reports, applied, settings, sleep, busy } =
    world;
  const refused = applied?.outcome.kind === 'Sent' ? applied.outcome.refused : [];
  const changesIn = sleepChangesIn(sleep, now);
  const apps = reporting(planned.plan, reports);
  return {
    situation: onlyAsking(world)
      ? undefined
      : {
          kind: 'Active',
          plan: planned.plan,
          lifetime,
          parts,
          reach: reachabilityOf(world),
          entrance: entranceProblem(world),
          reports: new Map(apps.map((app) => [app.target.workload, reportOf(world, app)])),
          inventory: inventoryOf(world),
          rejected: [...refused.map(wordsOfRefusal), ...(copied?.problems ?? [])].toSorted((x, y) =>
            x.message < y.message ? -1 : 1,
          ),
          copied: copied?.there ?? [],
          suspended: environment.spec.suspend,
          sleep,
          busy,
          bounded: settings.boundaryImage !== undefined,
          policiesEnforced: settings.policiesEnforced,
        },
    requeueAfter: until(
      lifetime,
      now,
      ...(refused.length > 0 ? [AGAIN_MS] : []),
      ...[...apps, ...tried(world)].flatMap(({ dueIn }) => dueIn ?? []),
      ...(untold(world) ? [AGAIN_MS] : []),
      ...(changesIn === undefined ? [] : [changesIn]),
      ...(wordsDueIn === undefined ? [] : [wordsDueIn]),
      ...(copied === undefined || copied.wanted.length === 0 ? [] : [copied.dueIn]),
    ),
  };
}

/** What was seen of this very spec before this process started holds until the app was asked again. */
function reportOf({ environment: { metadata, status } }: PlannedWorld, { report, heard }: AppReport): Report {
  return 'pending' in report && !heard && status?.observedGeneration === metadata.generation
    ? { asBefore: true }
    : report;
}

/** What lives outside the namespace, and the namespace, with which everything else goes. */
function inventoryOf({ home, planned, volumes }: PlannedWorld): readonly InventoryItem[] {
  const uid = home?.metadata.uid;
  return [
    { group: '', kind: 'Namespace', name: planned.plan.home.namespace, ...(uid === undefined ? {} : { uid }) },
    ...volumes.map((name) => ({ group: '', kind: 'PersistentVolume', name })),
  ];
}
