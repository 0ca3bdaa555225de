/** Plain objects as the API server hands them out, defaults filled in. */
import { ownVariables, twinClassSpec, twinEnvironmentSpec, vendorTwinSpec } from '../../operator/api/index.ts';
import type { TwinClass, TwinEnvironment, VendorTwin } from '../../operator/api/index.ts';
import { planEnvironment, type Plan } from '../../operator/environments/decide/plan/index.ts';
import type { Problem } from '../../operator/environments/decide/resolve/index.ts';

const apiVersion = 'twinlock.dev/v1alpha1';
export const image = `registry.example/web@sha256:${'a'.repeat(64)}`;
export const settings = {
  systemNamespace: 'twinlock-system',
  boundaryImage: `registry.example/caddy@sha256:${'c'.repeat(64)}`,
  policiesEnforced: true,
};

export function environment(
  spec: object,
  rest: Partial<Pick<TwinEnvironment, 'status'>> & { metadata?: object } = {},
): TwinEnvironment {
  return {
    apiVersion,
    kind: 'TwinEnvironment',
    metadata: {
      name: 'pr-42',
      namespace: 'shop-dev',
      uid: 'uid-1',
      generation: 1,
      creationTimestamp: '2026-11-21T08:00:00Z',
      ...rest.metadata,
    },
    spec: twinEnvironmentSpec.parse(spec),
    ...(rest.status === undefined ? {} : { status: rest.status }),
  };
}

/** Past the schema: for what a schema cannot see, or what a cluster without it would let through. */
export function unchecked(spec: object): TwinEnvironment {
  const base = environment({});
  return { ...base, spec: { ...base.spec, ...spec } };
}

export function twinClass(spec: object = {}, name = 'default'): TwinClass {
  return { apiVersion, kind: 'TwinClass', metadata: { name }, spec: twinClassSpec.parse({ default: true, ...spec }) };
}

export function vendorTwin(name: string, ...versions: readonly object[]): VendorTwin {
  const image = `registry.example/${name}@sha256:${'b'.repeat(64)}`;
  const entries = (versions.length === 0 ? [{}] : versions).map((each) => ({
    version: 'v1',
    image,
    port: 12_111,
    ...each,
  }));
  return {
    apiVersion,
    kind: 'VendorTwin',
    metadata: { name },
    spec: vendorTwinSpec.parse({ vendor: name, versions: entries }),
  };
}

export const stripe = vendorTwin('stripe', {
  adminPort: 12_999,
  statePath: '/state',
  dummyKey: 'sk_test_twin',
  liveKeyPatterns: ['^sk_live_'],
  bindings: [
    { env: 'STRIPE_API_BASE', source: 'URL' },
    { env: 'STRIPE_API_KEY', source: 'DummyKey' },
  ],
});

export interface PlanOptions {
  readonly twinClass?: TwinClass;
  readonly catalogue?: readonly VendorTwin[];
  readonly boundaryImage?: string | undefined;
  readonly hasRoutes?: boolean;
  readonly asleep?: boolean;
}

/** What is planned for a spec, with Stripe in the catalogue. */
export function planOf(
  spec: object | TwinEnvironment,
  options: PlanOptions = {},
): Plan | { readonly problems: readonly Problem[] } {
  const catalogue = new Map((options.catalogue ?? [stripe]).map((twin) => [twin.metadata.name, twin]));
  return planEnvironment({
    environment: 'kind' in spec ? (spec as TwinEnvironment) : environment(spec),
    twinClass: options.twinClass ?? twinClass(),
    catalogue,
    hasRoutes: options.hasRoutes ?? true,
    asleep: options.asleep ?? false,
    settings: 'boundaryImage' in options ? { ...settings, boundaryImage: options.boundaryImage } : settings,
  });
}

/** The plan of a spec that has to be accepted. */
export function accepted(spec: object, options: PlanOptions = {}): Plan {
  const plan = planOf(spec, options);
  if ('problems' in plan) throw new Error(plan.problems.map(({ message }) => message).join('; '));
  return plan;
}

/** The one child of that kind and name. */
export function child(plan: Plan, kind: string, name: string): Readonly<Record<string, unknown>> {
  const found = [...plan.manifests.guards, ...plan.manifests.parts].find(
    (manifest) => manifest.kind === kind && manifest.metadata.name === name,
  );
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return { ...found };
}

interface Container {
  readonly name: string;
  readonly image: string;
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly volumeMounts?: readonly unknown[];
}

/** The pod spec of a Deployment of the plan. */
export function podOf(
  plan: Plan,
  name: string,
): {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly [field: string]: unknown;
} {
  const { spec } = child(plan, 'Deployment', name) as { spec: { template: { spec: ReturnType<typeof podOf> } } };
  return spec.template.spec;
}

/** Variables of the first container of a Deployment of the plan, less what every workload is told about itself. */
export function envOf(plan: Plan, name: string): Container['env'] {
  const own: readonly string[] = Object.values(ownVariables);
  return podOf(plan, name).containers[0]?.env?.filter((each) => !own.includes(each.name));
}
