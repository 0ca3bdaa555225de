import type { TwinEnvironment, VendorTwin } from '../../api/index.ts';
import { keyOf, type ObjectKey } from '../../kube/index.ts';
import {
  hasFinalizer,
  hasHome,
  isEnding,
  observedParts,
  type Applied,
  type EnvironmentWorld,
  type ObservedParts,
  type PrunedChild,
  type World,
} from '../decide/index.ts';
import type { NamespaceChild } from '../decide/live.ts';
import { classOf } from '../decide/plan/index.ts';
import type { KnownReach } from '../decide/reach.ts';
import type { AppReport } from '../decide/wiring/index.ts';
import { BOUNDARY_NAME, belongsTo, homeOf, ownerOf, TLS_SECRET } from '../naming/index.ts';
import { childTypes, slimNamespace } from './cache/index.ts';
import type { Context } from './context.ts';
import { readOrphans } from './orphans.ts';
import { readLeftVolumes, volumesOf } from './volumes.ts';

/** What is read of, and what one reconcile remembers of its own writes. */
export interface Memory {
  /** Uids of namespaces that it removed: the caches may not know yet. */
  readonly removed: ReadonlySet<string | undefined>;
  readonly applied: Applied | undefined;
}

type Sources = Pick<
  Context,
  'client' | 'informers' | 'clock' | 'settings' | 'slots' | 'reports' | 'reach' | 'words' | 'copies'
>;

/** Reads the world of an environment: from the caches, but for what none of them may say alone. */
export async function readWorld(
  context: Sources,
  key: ObjectKey,
  { removed, applied }: Memory,
  signal: AbortSignal,
): Promise<World> {
  const { informers, clock, settings, slots } = context;
  const orphans = (await readOrphans(context, key, signal)).filter(({ uid }) => !removed.has(uid));
  const environment = informers.environments.lister.get(key);
  if (environment === undefined) return { key, orphans, environment };
  const classes = informers.classes.lister.list();
  const now = clock.now();
  const name = homeOf(environment);
  const ends = isEnding({ environment, classes, now }) && hasFinalizer(environment);
  const cached = informers.namespaces.lister.get({ name });
  // From the API server before it is given up: the cache may be behind.
  const home = cached ?? (ends ? await liveNamespace(context, name, signal) : undefined);
  const volumes = volumesOf(context, environment, name);
  const leftVolumes =
    ends && !hasHome({ environment, home }) ? await readLeftVolumes(context, volumes, name, signal) : [];
  const pods = informers.pods.lister.list(name);
  const workloads = informers.workloads.flatMap(({ lister }) => lister.list(name));
  const words = await context.words.of(keyOf(environment), name, { pods, workloads }, signal);
  const parts = observedParts(words.workloads, words.pods);
  const twinClass = classOf(environment, classes);
  return {
    key,
    orphans,
    environment,
    now,
    classes,
    namespaceLabels: informers.namespaces.lister.get({ name: environment.metadata.namespace ?? '' })?.metadata.labels,
    home,
    homeRemoved: removed.has(home?.metadata.uid),
    catalogue: catalogueOf(context, environment),
    parts,
    wordsDueIn: words.dueIn,
    children: childrenOf(context, environment, name),
    copied: context.copies.of(keyOf(environment)),
    reports: reportsOf(context, environment, parts),
    reach: reachOf(context, environment, parts),
    front: frontOf(context, name),
    volumes,
    leftVolumes,
    settings,
    applied,
    // Last, with nothing to wait for after it: what was given meanwhile is seen.
    room: slots.read(environment, 'reason' in twinClass ? undefined : twinClass),
  };
}

async function liveNamespace(
  { client }: Sources,
  name: string,
  signal: AbortSignal,
): Promise<NamespaceChild | undefined> {
  const live = await client.find(childTypes.Namespace, { name }, { signal });
  return live === undefined ? undefined : slimNamespace(live);
}

function catalogueOf({ informers }: Sources, { spec }: TwinEnvironment): ReadonlyMap<string, VendorTwin> {
  return new Map(
    (spec.services ?? []).flatMap(({ name, vendorTwinRef }) => {
      const wanted = vendorTwinRef?.name ?? name;
      const found = informers.catalogue.lister.get({ name: wanted });
      return found === undefined ? [] : [[wanted, found] as const];
    }),
  );
}

/** Of the kinds that come and go with the spec: those that were made for this very environment and are not going yet. */
function childrenOf({ informers }: Sources, environment: TwinEnvironment, home: string): readonly PrunedChild[] {
  const owner = ownerOf(environment);
  return informers.pruned.flatMap(({ type, lister }) =>
    lister
      .list(home)
      .flatMap(({ metadata: { name, uid, labels, deletionTimestamp } }) =>
        deletionTimestamp === undefined && belongsTo(labels, owner) ? [{ kind: type.kind, name, uid }] : [],
      ),
  );
}

/** What is known of the apps' reports, of those that say where they report. */
function reportsOf(
  { reports }: Sources,
  environment: TwinEnvironment,
  { pods }: ObservedParts,
): EnvironmentWorld['reports'] {
  const namespace = homeOf(environment);
  return new Map(
    (environment.spec.workloads ?? []).flatMap(({ name: workload, port, servicesEndpoint }) => {
      if (port === undefined || servicesEndpoint === undefined) return [];
      const target = { namespace, workload, port, path: servicesEndpoint.path };
      const known: AppReport = reports.of(keyOf(environment), target, readyOf(pods, workload));
      return [[workload, known] as const];
    }),
  );
}

/** What is known of the way through the boundary, of what may be exposed; it leads through pods of both. */
function reachOf({ reach }: Sources, environment: TwinEnvironment, { pods }: ObservedParts): EnvironmentWorld['reach'] {
  const namespace = homeOf(environment);
  const { workloads = [], services = [] } = environment.spec;
  const boundary = readyOf(pods, BOUNDARY_NAME);
  return new Map(
    [...workloads, ...services].flatMap(({ name: workload, expose }) => {
      if (expose === 'None') return [];
      const behind = readyOf(pods, workload);
      const whole = boundary.length > 0 && behind.length > 0;
      const known: KnownReach = reach.of(
        keyOf(environment),
        { namespace, workload },
        whole ? [...boundary, ...behind] : [],
      );
      return [[workload, known] as const];
    }),
  );
}

/** What is known of what stands before the boundary; the certificate has the name of its Secret. */
function frontOf({ informers: { certificates, routes } }: Sources, namespace: string): EnvironmentWorld['front'] {
  return {
    certificate: certificates.served ? certificates.lister.get({ namespace, name: TLS_SECRET }) : 'Unserved',
    routes: routes.served ? routes.lister.list(namespace) : 'Unserved',
  };
}

/** Uids of the Ready pods of a component. */
function readyOf(pods: ObservedParts['pods'], component: string): readonly string[] {
  return (pods.get(component) ?? []).flatMap((pod) => (pod.ready ? [pod.metadata.uid ?? ''] : []));
}
