import { environmentKind, type EnvironmentKind } from '../../../api/index.ts';
import { itemsOf } from '../../../canonical/index.ts';
import { environmentRowOf, type PodTemplate } from '../../../workloads/index.ts';
import type { PersistentVolumeClaim, Service } from '../../../kube/index.ts';
import {
  containerSecurity,
  literal,
  podDefaults,
  podSecurityOf,
  readinessProbe,
  STATE_GROUP,
  stateVolume,
  type NamedPort,
  type PodSecurity,
  type ResolvedService,
  type ResolvedWorkload,
  type RunningTwin,
} from '../resolve/index.ts';
import {
  componentLabels,
  componentMetadata,
  componentSelector,
  pullSecretsOf,
  type Component,
  type Home,
} from './metadata.ts';
import type { ComponentManifest, Container, Manifest, WrittenTemplate } from './types.ts';

/** What runs a workload, where its state is kept and, where a port is known, its Service. */
export function workloadManifests(
  home: Home,
  workload: ResolvedWorkload & Required<Pick<Runs, 'object'>>,
): readonly Manifest[] {
  const component: Component = { name: workload.name, role: 'workload' };
  const { kind, object, template, replicas, port, protocol } = workload;
  const labels = { ...template.metadata.labels, ...componentLabels(home, component) };
  const { annotations } = template.metadata;
  const pods = componentManifest<WrittenTemplate>(home, component, {
    kind,
    object,
    replicas,
    template: {
      metadata: { labels, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
      spec: { ...template.spec, ...pullSecretsOf(home, itemsOf(template.spec['imagePullSecrets'])) },
    },
  });
  const claims = workload.claim === undefined ? [] : [claimManifest(home, component, workload.claim)];
  if (port === undefined) return [...claims, pods];
  return [...claims, pods, serviceManifest(home, component, [{ name: protocol.toLowerCase(), port, protocol }])];
}

/** What runs a twin, its Service and claim; only the claim while the service is Real or Disabled. */
export function twinManifests(home: Home, service: ResolvedService, podSecurity: PodSecurity): readonly Manifest[] {
  const component: Component = { name: service.name, role: 'twin' };
  const claims = service.claim === undefined ? [] : [claimManifest(home, component, service.claim)];
  const { twin } = service;
  if (twin === undefined) return claims;
  const mounted = twin.statePath !== undefined;
  const durable = mounted && claims.length > 0;
  const { command, runAsUser, writablePaths } = twin.start;
  const volumes = [
    ...(twin.statePath === undefined
      ? []
      : [{ path: twin.statePath, volume: stateVolume(durable ? service.name : undefined) }]),
    ...writablePaths.map((path, index) => ({ path, volume: { name: `writable-${index}`, emptyDir: {} } })),
  ];
  const container: Container = {
    name: service.name,
    image: twin.image,
    ...(command === undefined ? {} : { command }),
    ...(twin.args === undefined ? {} : { args: twin.args }),
    ...(twin.env === undefined ? {} : { env: twin.env.map(({ name, value }) => ({ name, value: literal(value) })) }),
    ...(twin.resources === undefined ? {} : { resources: quantities(twin.resources) }),
    ports: twin.ports.map(({ name, port }) => ({ name, containerPort: port, protocol: 'TCP' })),
    readinessProbe: readinessProbe(probedPort(twin), twin.readinessPath),
    securityContext: { ...containerSecurity, ...(runAsUser === undefined ? {} : { runAsUser }) },
    ...(volumes.length === 0
      ? {}
      : { volumeMounts: volumes.map(({ path, volume }) => ({ name: volume.name, mountPath: path })) }),
  };
  const pods = componentManifest<PodTemplate>(home, component, {
    replicas: 1,
    // A volume that one node may mount once: the old pod has to be gone before the new one starts.
    ...(durable ? { strategy: { type: 'Recreate' } } : {}),
    template: {
      metadata: { labels: componentLabels(home, component) },
      spec: {
        containers: [container],
        ...podDefaults,
        ...pullSecretsOf(home),
        securityContext: { ...podSecurityOf(podSecurity), ...(mounted ? { fsGroup: STATE_GROUP } : {}) },
        ...(volumes.length === 0 ? {} : { volumes: volumes.map(({ volume }) => volume) }),
      },
    },
  });
  const { adminPort: port } = twin;
  const admin = port === undefined ? [] : [{ name: 'admin', port, protocol: 'HTTP' } as const];
  return [...claims, pods, serviceManifest(home, component, [...twin.ports, ...admin])];
}

/** The kubelet asks for a path in HTTP/1 only. */
function probedPort({ port, ports, readinessPath }: RunningTwin): number {
  const asked = readinessPath === undefined ? port : ports.find(({ protocol }) => protocol === 'HTTP');
  return (asked ?? port).port;
}

/** How the template of a component is run. */
interface Runs {
  /** Left out: as twins and the boundary are. */
  readonly kind?: EnvironmentKind;
  /** Name of what runs it; left out, the component's. */
  readonly object?: string;
  readonly replicas: number;
  readonly strategy?: { readonly type: 'Recreate' };
}

/** What runs a component; of what has revisions, it keeps two old ones at most. */
export function componentManifest<Template extends PodTemplate | WrittenTemplate>(
  home: Home,
  component: Component,
  {
    kind = environmentKind,
    object = component.name,
    replicas,
    strategy,
    template,
  }: Runs & { readonly template: Template },
): ComponentManifest<Template> {
  const { name } = component;
  const { type, spec } = environmentRowOf(kind);
  return {
    apiVersion: type.apiVersion,
    kind: type.kind,
    metadata: { ...componentMetadata(home, component), name: object },
    spec: {
      ...spec({ name, replicas, selector: componentSelector(name) }),
      ...(strategy === undefined ? {} : { strategy }),
      template,
    },
  };
}

/** What a mesh, an Ingress or a Gateway has to know of a port, or takes from its name. */
const appProtocols: Readonly<Record<NamedPort['protocol'], string>> = {
  HTTP: 'http',
  H2C: 'kubernetes.io/h2c',
  TCP: 'tcp',
};

/** The Service of a component inside the namespace: each port leads to the same one of the pods. */
export function serviceManifest(home: Home, component: Component, ports: readonly NamedPort[]): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: componentMetadata(home, component),
    spec: {
      type: 'ClusterIP',
      selector: componentSelector(component.name),
      ports: ports.map(({ name, port, protocol }) => ({
        name,
        port,
        protocol: 'TCP',
        appProtocol: appProtocols[protocol],
        targetPort: port,
      })),
    },
  };
}

function claimManifest(
  home: Home,
  component: Component,
  claim: NonNullable<ResolvedService['claim']>,
): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: componentMetadata(home, component),
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: claim.size } },
      ...(claim.storageClassName === undefined ? {} : { storageClassName: claim.storageClassName }),
    },
  };
}

type Amounts = Readonly<Record<string, string | number | undefined>>;

/** Bare numbers are quantities too; the API server stores them as text, and so does what is compared with it. */
function quantities(resources: {
  readonly requests?: Amounts | undefined;
  readonly limits?: Amounts | undefined;
}): NonNullable<Container['resources']> {
  const texts = (amounts: Amounts): Readonly<Record<string, string>> =>
    Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, String(amount)]));
  return Object.fromEntries(
    Object.entries(resources).flatMap(([kind, amounts]) => (amounts === undefined ? [] : [[kind, texts(amounts)]])),
  );
}
