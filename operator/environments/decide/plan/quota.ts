import type { TwinClass } from '../../../api/index.ts';
import { itemsOf, membersOf, type Members } from '../../../canonical/index.ts';
import { parseQuantity } from '../../../kube/index.ts';
import { environmentRow } from '../../../workloads/index.ts';
import type { Manifest } from '../children/index.ts';
import { problem, type Problem } from '../resolve/index.ts';

/** What objects ask for, by the names of a ResourceQuota. */
type Amounts = ReadonlyMap<string, number>;
type LimitRange = TwinClass['spec']['limitRange'];

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'] as const;
/** Share of more pods while a rolling update goes on, rounded up (DeploymentStrategy, maxSurge). */
const SURGE = 0.25;
/** Sums of fractions of a CPU are not exact. */
const EXACT = 1e-6;

/** What a class does not give room for, with by how much; undefined when everything fits. */
export function quotaProblem(parts: readonly Manifest[], { metadata, spec }: TwinClass): Problem | undefined {
  const over = exceeded(demandOf(parts, spec.limitRange, 0), spec.quota);
  if (over.length === 0) return undefined;
  const words = over.map(({ name, asked, hard }) => {
    const [much, most, more] = [asked, hard, asked - hard].map((amount) => shown(name, amount));
    return `${name} ${much} where ${most} is the most (${more} too much)`;
  });
  return problem(
    'QuotaTooSmall',
    `the environment asks for more than the quota of TwinClass ${metadata.name} gives: ${words.join(', ')}; ask for less in its workloads, or have the platform raise the quota`,
  );
}

/** The parts as they roll: where the quota has no room for more pods meanwhile, an old one goes before a new one comes. */
export function withinQuota(parts: readonly Manifest[], { spec }: TwinClass): readonly Manifest[] {
  if (exceeded(demandOf(parts, spec.limitRange, SURGE), spec.quota).length === 0) return parts;
  const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } };
  return parts.map((part) => (rolls(part) ? { ...part, spec: { ...part.spec, strategy } } : part));
}

function exceeded(
  asked: Amounts,
  quota: TwinClass['spec']['quota'],
): readonly { readonly name: string; readonly asked: number; readonly hard: number }[] {
  return Object.entries(quota).flatMap(([name, value]) => {
    const [amount, hard] = [asked.get(name) ?? 0, parseQuantity(value)];
    return hard === undefined || amount <= hard + EXACT ? [] : [{ name, asked: amount, hard }];
  });
}

function demandOf(parts: readonly Manifest[], limitRange: LimitRange, surge: number): Amounts {
  const sum = new Map<string, number>();
  const add = (name: string, amount: number): void => void sum.set(name, (sum.get(name) ?? 0) + amount);
  for (const part of parts) {
    const spec = specOf(part);
    if (part.kind === 'Service') add('services', 1);
    if (part.kind === 'PersistentVolumeClaim') {
      add('persistentvolumeclaims', 1);
      add('requests.storage', amountIn(membersIn(spec, 'resources'), 'requests', 'storage') ?? 0);
    }
    // What ends is counted beside what stays: it runs again while the others do.
    const replicas = environmentRow(part.kind)?.podsOf(spec);
    if (replicas === undefined) continue;
    const pods = replicas + (rolls(part) ? Math.ceil(replicas * surge) : 0);
    add('pods', pods);
    const pod = membersIn(membersIn(spec, 'template'), 'spec');
    for (const [name, amount] of podDemand(pod, limitRange)) add(name, amount * pods);
    for (const claim of claimsOf(pod)) {
      add('persistentvolumeclaims', pods);
      add('requests.storage', (amountIn(membersIn(claim, 'resources'), 'requests', 'storage') ?? 0) * pods);
    }
  }
  return sum;
}

/** Claims that every pod makes for itself: generic ephemeral volumes. */
function claimsOf(pod: Members): readonly Members[] {
  return itemsOf(pod['volumes']).flatMap((volume) => {
    const { ephemeral } = membersOf(volume);
    return ephemeral === undefined ? [] : [membersIn(membersIn(membersOf(ephemeral), 'volumeClaimTemplate'), 'spec')];
  });
}

/** Whether new pods come beside the old ones. */
function rolls(part: Manifest): part is Extract<Manifest, { readonly spec: { readonly template: unknown } }> {
  return environmentRow(part.kind)?.surges === true && membersIn(specOf(part), 'strategy')['type'] !== 'Recreate';
}

/** Of one pod (resource.k8s.io, "Resource sharing within containers"): those that run at a time, at their most. */
function podDemand(pod: Members, limitRange: LimitRange): Amounts {
  const demand = new Map<string, number>();
  for (const side of ['requests', 'limits'] as const)
    for (const resource of RESOURCES) {
      const of = (container: unknown): number => containerDemand(container, side, resource, limitRange);
      let [beside, most] = [0, 0];
      for (const init of itemsOf(pod['initContainers'])) {
        const stays = membersOf(init)['restartPolicy'] === 'Always';
        most = Math.max(most, beside + of(init));
        if (stays) beside += of(init);
      }
      const app = itemsOf(pod['containers']).reduce<number>((total, container) => total + of(container), beside);
      const whole = amountIn(membersIn(pod, 'resources'), side, resource);
      demand.set(`${side}.${resource}`, whole ?? Math.max(most, app));
    }
  return demand;
}

/** As the API server and the LimitRange complete it: a limit alone is the request, too. */
function containerDemand(
  container: unknown,
  side: 'requests' | 'limits',
  resource: (typeof RESOURCES)[number],
  { default: limits, defaultRequest }: LimitRange,
): number {
  const resources = membersIn(membersOf(container), 'resources');
  const limit = amountIn(resources, 'limits', resource);
  if (side === 'limits') return limit ?? parseQuantity(limits[resource]) ?? 0;
  return amountIn(resources, 'requests', resource) ?? limit ?? parseQuantity(defaultRequest[resource]) ?? 0;
}

/** What is no quantity counts for nothing: the API server says what is wrong with it. */
function amountIn(resources: Members, side: string, resource: string): number | undefined {
  return parseQuantity(membersIn(resources, side)[resource]);
}

function specOf(part: Manifest): Members {
  const spec: unknown = 'spec' in part ? part.spec : undefined;
  return membersOf(spec);
}

function membersIn(value: Members, name: string): Members {
  return membersOf(value[name]);
}

/** An amount as people write it. */
function shown(name: string, amount: number): string {
  if (name.endsWith('cpu')) return `${Math.round(amount * 1000)}m`;
  if (name.endsWith('memory') || name.endsWith('storage')) return `${Math.ceil(amount / 2 ** 20)}Mi`;
  return String(amount);
}
