/** What an environment is planned from, and what a plan is. */
import { isDeepStrictEqual } from 'node:util';
import type { TwinClass, TwinEnvironment, VendorTwin } from '../../../api/index.ts';
import type { Digest } from '../../../canonical/index.ts';
import type { EnvironmentHosts } from '../../naming/index.ts';
import type { Home, Manifest, Upstream } from '../children/index.ts';
import type { Copy } from '../copies.ts';
import {
  choosingOf,
  type Catalogue,
  type ResolvedService,
  type ResolvedWorkload,
  type Variable,
} from '../resolve/index.ts';
import type { PlannedCertificate, PlannedRoutes } from './exposure.ts';

/** What holds for every environment of an installation. */
export interface PlanSettings {
  readonly systemNamespace: string;
  /** Without one, environments have no boundary and are reached by port-forward. */
  readonly boundaryImage: string | undefined;
}

export interface PlanInput {
  readonly environment: TwinEnvironment;
  readonly twinClass: TwinClass;
  readonly catalogue: Catalogue;
  readonly settings: PlanSettings;
  /** Whether the cluster has the Gateway API. */
  readonly hasRoutes: boolean;
  /** It sleeps: of what stays, nothing runs. */
  readonly asleep: boolean;
}

/** Whether two inputs give the same plan. */
export function samePlanInput(a: PlanInput, b: PlanInput): boolean {
  const names = [...a.catalogue.keys()];
  return (
    sameSpec(a.environment, b.environment) &&
    isDeepStrictEqual(choosingOf(a.environment), choosingOf(b.environment)) &&
    sameSpec(a.twinClass, b.twinClass) &&
    a.hasRoutes === b.hasRoutes &&
    a.asleep === b.asleep &&
    names.length === b.catalogue.size &&
    names.every((name) => sameSpec(a.catalogue.get(name), b.catalogue.get(name)))
  );
}

type Planned = Pick<TwinEnvironment | TwinClass | VendorTwin, 'metadata' | 'spec'>;

function sameSpec(a: Planned | undefined, b: Planned | undefined): boolean {
  return a === b || (a?.metadata.uid === b?.metadata.uid && isDeepStrictEqual(a?.spec, b?.spec));
}

/** A workload with what the plan knows of it. */
export interface PlannedWorkload extends ResolvedWorkload {
  readonly templateDigest: Digest;
  /** Name of what runs it: its own, or of what runs this content once. */
  readonly object: string;
  readonly url: string | undefined;
  readonly variables: readonly Variable[];
}

/** All that an environment is to be. */
export interface Plan {
  readonly home: Home;
  readonly hosts: EnvironmentHosts;
  /** URL of the environment; undefined without a boundary. */
  readonly url: string | undefined;
  readonly services: readonly ResolvedService[];
  readonly workloads: readonly PlannedWorkload[];
  /** What the boundary leads to. */
  readonly exposed: readonly Pick<Upstream, 'name' | 'port'>[];
  /** Of the Ingress that leads there; undefined where none of it is Twinlock's. */
  readonly certificate: PlannedCertificate | undefined;
  /** HTTPRoutes that lead there; undefined where the class has no Gateway. */
  readonly routes: PlannedRoutes | undefined;
  readonly copies: readonly Copy[];
  readonly manifests: PlannedManifests;
  /** What runs each component that runs here, of the manifests. */
  readonly runners: ReadonlyMap<string, Manifest>;
  /** Components that sleep; undefined of an environment that is awake. */
  readonly asleep: ReadonlySet<string> | undefined;
}

/** In the order in which they have to exist. */
export interface PlannedManifests {
  readonly namespace: Manifest;
  /** Gives this process its rights in the namespace. */
  readonly binding: Manifest;
  /** Bounds, isolation, and who is let in: before the first pod. */
  readonly guards: readonly Manifest[];
  /** What runs. */
  readonly parts: readonly Manifest[];
}
