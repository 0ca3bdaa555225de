import type { Frozen, TwinEnvironmentSpec } from '../../../api/index.ts';
import { isMembers, itemsOf, membersOf } from '../../../canonical/index.ts';
import { environmentRowOf } from '../../../workloads/index.ts';
import type { PortProtocol } from '../../naming/index.ts';
import { configuredEnv, configuredFiles, rolledByConfig, type OwnConfigMaps } from './config-maps.ts';
import { bindingsOf, type Self, type WorkloadBinding } from './bindings.ts';
import { containerSecurity, podDefaults, podSecurityOf, readinessProbe, type PodSecurity } from './pod-defaults.ts';
import { readTemplate, type Container, type PodTemplate } from './pod-template.ts';
import { problem, type Problem } from './problem.ts';
import type { ResolvedService } from './services.ts';
import { claimOf, STATE_GROUP, STATE_VOLUME, stateVolume, type Claim } from './state.ts';
import { literal, renderEnv } from './variables.ts';

export type WorkloadSpec = Frozen<NonNullable<TwinEnvironmentSpec['workloads']>[number]>;

/** A workload of the app under test, wired to its services. */
export interface ResolvedWorkload {
  readonly name: string;
  readonly kind: WorkloadSpec['kind'];
  /** What has to be there before it, by name. */
  readonly needs: readonly string[];
  readonly replicas: number;
  /** The claim that keeps its state. */
  readonly claim: Claim | undefined;
  readonly port: number | undefined;
  readonly protocol: PortProtocol;
  readonly exposed: boolean;
  /** As the author wrote it, images replaced; without bindings. For checks of what the author wrote. */
  readonly written: PodTemplate;
  /** With the bindings in the environment of every container. */
  readonly template: PodTemplate;
  readonly bindings: readonly WorkloadBinding[];
  /** Path of the app's own report. */
  readonly reportPath: string | undefined;
}

/** Builds the pod template of every workload and puts the bindings into it. */
export function resolveWorkloads(
  workloads: readonly WorkloadSpec[],
  services: readonly ResolvedService[],
  podSecurity: PodSecurity,
  selfOf: (workload: WorkloadSpec) => Self,
  own: OwnConfigMaps,
): { readonly workloads: readonly ResolvedWorkload[]; readonly problems: readonly Problem[] } {
  const resolved: ResolvedWorkload[] = [];
  const problems: Problem[] = [];
  for (const spec of workloads) {
    const outcome = resolve(spec, services, podSecurity, selfOf(spec), own);
    if ('reason' in outcome) problems.push(outcome);
    else resolved.push(outcome);
  }
  return { workloads: resolved, problems };
}

function resolve(
  spec: WorkloadSpec,
  services: readonly ResolvedService[],
  podSecurity: PodSecurity,
  self: Self,
  own: OwnConfigMaps,
): ResolvedWorkload | Problem {
  const read = spec.template === undefined ? fromImage(spec, podSecurity, own) : fromTemplate(spec);
  if ('reason' in read) return read;
  const written = withState(spec, { ...read, spec: { ...read.spec, ...environmentRowOf(spec.kind).pods } });
  const found = bindingsOf(services, spec.bindings ?? [], self);
  if ('clash' in found) {
    const { env, services: both } = found.clash;
    return problem(
      'BindingClash',
      `workload ${spec.name}: services ${both.join(' and ')} both set ${env}; decide with an entry in the workload's bindings`,
    );
  }
  if ('keyless' in found) {
    const { env, service } = found.keyless;
    return problem(
      'NoDummyKey',
      `workload ${spec.name}: ${env} gets the key of service ${service}, whose twin has none; write dummyKey in its VendorTwin, or a constant in env`,
    );
  }
  const wire = (container: Container): Container => ({
    ...container,
    env: renderEnv(container.env, found.bindings),
  });
  return {
    name: spec.name,
    kind: spec.kind,
    needs: spec.needs ?? [],
    replicas: spec.replicas,
    claim: claimOf(spec.state),
    port: spec.port,
    protocol: spec.protocol,
    exposed: isExposed(spec),
    written,
    template: rolledByConfig(
      {
        ...written,
        spec: {
          ...written.spec,
          containers: written.spec.containers.map(wire),
          ...(written.spec.initContainers === undefined
            ? {}
            : { initContainers: written.spec.initContainers.map(wire) }),
        },
      },
      own,
    ),
    bindings: found.bindings,
    reportPath: spec.servicesEndpoint?.path,
  };
}

/** Whether a workload has a host of its own. */
export function isExposed({ port, expose }: Pick<WorkloadSpec, 'port' | 'expose'>): boolean {
  return port !== undefined && expose !== 'None';
}

/** One container that has the workload's name, secured as the class's Pod Security Standard wants it. */
function fromImage(spec: WorkloadSpec, podSecurity: PodSecurity, own: OwnConfigMaps): PodTemplate {
  const taken = spec.configMaps ?? [];
  const files = configuredFiles(taken);
  const container: Container = {
    name: spec.name,
    image: spec.image,
    ...(spec.args === undefined ? {} : { args: spec.args }),
    env: configuredEnv(
      (spec.env ?? []).map(({ name, value }) => ({ name, value: literal(value) })),
      taken,
      own,
    ),
    ...(spec.port === undefined
      ? {}
      : {
          ports: [{ name: spec.protocol.toLowerCase(), containerPort: spec.port, protocol: 'TCP' }],
          readinessProbe: readinessProbe(spec.port, spec.healthPath),
        }),
    securityContext: containerSecurity,
    ...(files === undefined ? {} : { volumeMounts: files.volumeMounts }),
  };
  return {
    metadata: { labels: {}, annotations: {} },
    spec: {
      ...podDefaults,
      containers: [container],
      securityContext: podSecurityOf(podSecurity),
      ...(files === undefined ? {} : { volumes: files.volumes }),
    },
  };
}

/** With its state mounted, where it has one. */
function withState({ name, state }: WorkloadSpec, template: PodTemplate): PodTemplate {
  if (state === undefined) return template;
  const { volumes, securityContext, containers } = template.spec;
  const mount = { name: STATE_VOLUME, mountPath: state.path };
  const claim = claimOf(state) === undefined ? undefined : name;
  return {
    ...template,
    spec: {
      ...template.spec,
      securityContext: { fsGroup: STATE_GROUP, ...membersOf(securityContext) },
      containers: containers.map((each, index) =>
        index === 0 ? { ...each, volumeMounts: [...itemsOf(each['volumeMounts']), mount] } : each,
      ),
      volumes: [...itemsOf(volumes), stateVolume(claim)],
    },
  };
}

/** What says of a template's pods that they answer where the workload does, unless its author says it. */
function probed(
  containers: readonly Container[],
  { port, healthPath }: Pick<WorkloadSpec, 'port' | 'healthPath'>,
): readonly Container[] {
  const listens = ({ ports }: Container): boolean =>
    itemsOf(ports).some((each) => membersOf(each)['containerPort'] === port);
  const asked = containers.find(listens) ?? containers[0];
  if (port === undefined || containers.some(({ readinessProbe: own }) => isMembers(own))) return containers;
  return containers.map((each) =>
    each === asked ? { ...each, readinessProbe: readinessProbe(port, healthPath) } : each,
  );
}

function fromTemplate(spec: WorkloadSpec): PodTemplate | Problem {
  const read = readTemplate(spec.name, spec.template);
  if ('reason' in read) return read;
  const images = new Map((spec.images ?? []).map(({ container, image }) => [container, image]));
  const replace = (container: Container): Container => {
    const image = images.get(container.name);
    images.delete(container.name);
    return image === undefined ? container : { ...container, image };
  };
  const initContainers = read.spec.initContainers?.map(replace);
  const containers = probed(read.spec.containers.map(replace), spec);
  const [unknown] = images.keys();
  if (unknown !== undefined) {
    return problem(
      'ContainerNotFound',
      `workload ${spec.name}: images names container ${unknown}, which the template does not have`,
    );
  }
  return {
    ...read,
    spec: {
      ...podDefaults,
      ...read.spec,
      containers,
      ...(initContainers === undefined ? {} : { initContainers }),
    },
  };
}
