/** Worlds as plain data, and what an action makes of one: promotions decided without a cluster. */
import { sign } from 'node:crypto';
import {
  fieldManagers,
  type ProductionTarget,
  type Promotion,
  type TwinClass,
  type TwinEnvironment,
} from '../../operator/api/index.ts';
import { handedOver, type Deployment, type Job } from '../../operator/kube/index.ts';
import {
  decide as decideUnchecked,
  type Action,
  type Decision,
  MOST_OPEN,
  stageFromCaches,
  unreadable,
  type DecidingWorld,
  type PlannedWorkload,
  type QueuedWorld,
  type RollingWorld,
  type RunningWorkload,
  type UnreadableWorld,
  type World,
} from '../../operator/promotions/decide/index.ts';
import type { Members } from '../../operator/canonical/index.ts';
import { withObjectContent, type ObjectKey } from '../../operator/objects/index.ts';
import { promotionStatus } from '../../operator/promotions/status/index.ts';
import { withImages } from '../../operator/promotions/decide/plan/index.ts';
import { historyOf, sealRecord, type RecordSpec } from '../../operator/records/index.ts';
import { checkedStatus } from '../statuses/unit.ts';
import { allRunning } from './promotion-pods.ts';
import { armored, ed25519Key, string, toSign, type MadeKey } from '../vectors/ssh.ts';
import { approvedSpec, specDigest, type WorkloadObject } from '../../operator/workloads/index.ts';

/** All that an API server has for a promotion, whatever stage it is in; the reader takes from it what a stage needs. */
export interface Scene extends Omit<DecidingWorld, 'stage' | 'history' | 'workloads'> {
  readonly workloads: readonly (PlannedWorkload & RunningWorkload)[];
  readonly takenBackFor?: RollingWorld['takenBackFor'];
  readonly refusedBy?: RollingWorld['refusedBy'];
  readonly takenBackAt?: RollingWorld['takenBackAt'];
  readonly backRefused?: RollingWorld['backRefused'];
}

/** The world as the reader puts it together. */
export function worldOf(scene: Scene): World {
  const { now, promotion, records, lock } = scene;
  const history = historyOf(records, promotion.metadata.uid ?? '');
  const known = { now, promotion, records, history };
  const stage = stageFromCaches(known, lock?.spec, scene.siblings);
  if (stage.stage === 'Over' || stage.stage === 'Queued') return { ...known, ...stage };
  if (stage.stage === 'Deciding') return { ...scene, ...stage, history };
  if (lock === undefined) throw new Error('a rollout without a lock');
  return { ...scene, ...stage, history, lock };
}

/** What that promotion waits for among these, itself one of them; undefined when it does not wait. */
export function behindOf(
  own: Promotion,
  all: readonly Promotion[],
  records: readonly RecordSpec[],
  time: number,
): QueuedWorld['behind'] | undefined {
  const history = historyOf(records, own.metadata.uid ?? '');
  const siblings = all.filter((each) => each !== own);
  const found = stageFromCaches({ now: time, promotion: own, records, history }, undefined, siblings);
  return found.stage === 'Queued' ? found.behind : undefined;
}

export const now = Date.parse('2026-11-21T10:00:00Z');
const image = (letter: string): string => `registry.example/web@sha256:${letter.repeat(64)}`;
export const images = { first: image('a'), second: image('b'), third: image('c'), evil: image('e') };
export const keys = { alice: ed25519Key(), bob: ed25519Key(), stranger: ed25519Key() };
export const targetRef = { namespace: 'shop', name: 'web', uid: 'target-uid' };

export type Spec = NonNullable<Deployment['spec']>;

export function deployment(running: string, changes: Partial<Spec> = {}, revision = '1', name = 'web'): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace: 'shop',
      generation: 1,
      resourceVersion: '7',
      annotations: { 'deployment.kubernetes.io/revision': revision },
    },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: running }] } },
      ...changes,
    } as Spec,
    status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2, readyReplicas: 2 },
  } as Deployment;
}

export function promotion(
  name = 'web-42',
  changes: {
    readonly spec?: Partial<Promotion['spec']>;
    readonly createdAt?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly status?: Promotion['status'];
  } = {},
): Promotion {
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'Promotion',
    metadata: {
      name,
      namespace: 'shop',
      uid: `${name}-uid`,
      generation: 1,
      creationTimestamp: changes.createdAt ?? '2026-11-21T09:00:00Z',
      annotations: { 'twinlock.dev/requested-by': 'dev', ...changes.annotations },
    },
    spec: {
      environmentRef: { namespace: 'shop-dev', name: 'pr-42' },
      targetRef: { name: 'web' },
      expiresAfter: '72h',
      supersedes: 'Older',
      ...changes.spec,
    },
    ...(changes.status === undefined ? {} : { status: changes.status }),
  };
}

export function target(spec: Partial<ProductionTarget['spec']> = {}): ProductionTarget {
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ProductionTarget',
    metadata: {
      name: 'web',
      namespace: 'shop',
      uid: 'target-uid',
      generation: 1,
      creationTimestamp: '2026-11-20T09:00:00Z',
    },
    spec: {
      workloads: [{ kind: 'Deployment', name: 'web' }],
      keyringRef: { name: 'default' },
      minReplicas: 1,
      liveAccess: 'Deny',
      mode: 'Enforce',
      routing: 'Free',
      apply: 'Controller',
      applyDeadline: '1h',
      rollback: { automatic: true, progressDeadline: '10m', settle: '30s' },
      ...spec,
    },
  };
}

export function environment(
  running: string,
  changes: { readonly generation?: number; readonly conditions?: Readonly<Record<string, 'True' | 'False'>> } = {},
): TwinEnvironment {
  const conditions = { Ready: 'True', TwinsWired: 'True', ...changes.conditions } as const;
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'TwinEnvironment',
    metadata: { name: 'pr-42', namespace: 'shop-dev', uid: 'environment-uid', generation: changes.generation ?? 1 },
    spec: {} as TwinEnvironment['spec'],
    status: {
      observedGeneration: 1,
      workloads: ['web', 'api'].map((name) => ({ name, images: [{ container: name, image: running }], ready: true })),
      services: [{ name: 'stripe', mode: 'Twin', verified: true, ready: true }],
      conditions: Object.entries(conditions).map(([type, status]) => ({
        type,
        status,
        reason: 'Test',
        message: `${type} is ${status}`,
        lastTransitionTime: '2026-11-21T09:00:00Z',
      })),
    },
  };
}

export function policy(
  spec: Partial<Extract<Scene['policy'], { object: unknown }>['object']['spec']> = {},
): Scene['policy'] {
  return {
    object: {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'ApprovalPolicy',
      metadata: { name: 'default' },
      spec: {
        default: true,
        gates: [{ name: 'environment', type: 'Environment' }],
        quorum: [{ count: 1 }],
        separation: { requester: true },
        requireTouch: false,
        requireUserVerification: false,
        notExercised: 'Allow',
        evidenceMaxAge: '168h',
        ...spec,
      },
    },
  };
}

export function keyring(
  people: Readonly<Record<string, MadeKey>> = { alice: keys.alice, bob: keys.bob },
): Scene['keyring'] {
  return {
    object: {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'ApproverKeyring',
      metadata: { name: 'default' },
      spec: {
        principals: Object.entries(people).map(([name, key]) => ({
          name,
          kubernetesUsers: [name],
          keys: [{ publicKey: key.line, requireTouch: false }],
        })),
      },
    },
  };
}

export function adopted(...lives: readonly WorkloadObject[]): RecordSpec {
  return sealRecord(targetRef, [], {
    type: 'Adopted',
    time: '2026-11-20T09:00:01Z',
    currentSpecs: lives.map(({ metadata: { name }, spec = {} }) => ({
      kind: 'Deployment',
      name,
      digest: specDigest('Deployment', spec),
      spec: { ...approvedSpec('Deployment', spec) },
    })),
  });
}

export function lockOf(given: WorkloadObject | readonly WorkloadObject[], target = 'web'): NonNullable<Scene['lock']> {
  const lives = 'metadata' in given ? [given] : given;
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'WorkloadLock',
    metadata: { name: 'lock', namespace: 'shop', resourceVersion: '3' },
    spec: {
      liveAccess: 'Deny',
      approved: lives.map(({ metadata: { name }, spec = {} }) => ({
        kind: 'Deployment',
        name,
        role: 'Current',
        digest: specDigest('Deployment', spec),
        target,
        minReplicas: 1,
        record: 'web-000001',
        spec: { ...approvedSpec('Deployment', spec) },
      })),
    },
  };
}

/** Of the environments of the team that has the shop. */
const twinClass: TwinClass = {
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'TwinClass',
  metadata: { name: 'default' },
  spec: { namespaceSelector: { matchLabels: { team: 'shop' } } } as unknown as TwinClass['spec'],
};

/** The workloads of a target as they are before a promotion: the default stage has two. */
export const shop = (running: string = images.first, revision = '1'): readonly Deployment[] =>
  ['web', 'api'].map((name) => deployment(running, {}, revision, name));
export const factsOf = (lives: readonly WorkloadObject[]): Scene['workloads'] =>
  lives.map((live) => ({ kind: 'Deployment', name: live.metadata.name, live }));

/** For tests of one workload alone. */
export function worldOfOne(changes: Partial<Scene> = {}): Scene {
  return world({ workloads: factsOf([deployment(images.first)]), ...changes });
}

/** A world in which a promotion of `images.second` over `images.first` can go its way. */
export function world(changes: Partial<Scene> = {}): Scene {
  const workloads = changes.workloads ?? factsOf(shop());
  const before = shop().filter(({ metadata }) => workloads.some(({ name }) => name === metadata.name));
  const own = 'target' in changes ? changes.target : target();
  return planned({
    now,
    skewSeconds: 0,
    nonce: '0123456789abcdef0123456789abcdef',
    cluster: { name: 'test', uid: 'cluster-uid' },
    promotion: promotion(),
    enforcement: { active: true, message: '' },
    policy: policy(),
    keyring: keyring(),
    environment: environment(images.second),
    namespaceLabels: { team: 'shop' },
    classes: [twinClass],
    lock: lockOf(before),
    records: [adopted(...before)],
    siblings: [],
    sameRequester: [],
    objects: [],
    jobs: [],
    configuration: [],
    ...changes,
    target: own && { ...own, spec: { ...own.spec, workloads: workloads.map(({ kind, name }) => ({ kind, name })) } },
    workloads,
  });
}

/** Fills in what the API server would answer to the dry run: the live spec with the images that run there. */
function planned(given: Scene): Scene {
  const latched = given.records.find(({ artifacts }) => artifacts !== undefined)?.artifacts;
  const wantedBy = (name: string): readonly { readonly container: string; readonly image: string }[] =>
    (latched === undefined
      ? given.environment?.status?.workloads?.find((workload) => workload.name === name)?.images
      : latched.filter((artifact) => artifact.name === name)) ?? [];
  return {
    ...given,
    workloads: given.workloads.map((workload) => {
      const wanted = wantedBy(workload.name);
      if (workload.live?.spec === undefined || wanted.length === 0 || workload.planned !== undefined) return workload;
      return { ...workload, planned: { spec: { ...withImages(workload.kind, workload.live, wanted).object.spec } } };
    }),
  };
}

/** A Job that was made at that time. */
export function jobOf(name: string, spec: object, created: number, status: object = {}): Job {
  const creationTimestamp = new Date(created).toISOString();
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, uid: `${name}-uid`, creationTimestamp },
    spec,
    status,
  } as unknown as Job;
}

/** The world after an action, as the API server would have it. */
export function after(before: Scene, action: Action): Scene {
  switch (action.do) {
    case 'Append':
      return planned({ ...before, records: [...before.records, sealRecord(targetRef, before.records, action.entry)] });
    case 'Freeze':
    case 'SetJobs':
    case 'OpenLock':
      return { ...before, lock: { ...before.lock!, spec: action.lock } };
    case 'CloseLock':
      return { ...before, lock: { ...before.lock!, spec: action.lock } };
    case 'Apply':
    case 'RollBack':
      return withRunning(before, {
        ...(action.create === undefined
          ? liveOf(before, action.workload.name)
          : { ...deployment(images.first, {}, '1', action.workload.name) }),
        spec: { ...action.spec, replicas: 2 },
      });
    case 'ApplyObject':
    case 'RollBackObject':
      return withObject(before, action.object, action.content);
    case 'HandOver': {
      const live = liveOf(before, action.of.name);
      const managedFields = handedOver(live, fieldManagers.promotions);
      return withRunning(before, { ...live, metadata: { ...live.metadata, managedFields } });
    }
    case 'Mark': {
      const live = liveOf(before, action.workload.name);
      const { 'twinlock.dev/removed-by': _mark, ...others } = live.metadata.labels ?? {};
      const marks = action.removable
        ? { ...others, 'twinlock.dev/removed-by': before.promotion.metadata.name }
        : others;
      return withRunning(before, { ...live, metadata: { ...live.metadata, labels: marks } });
    }
    case 'Remove':
      return {
        ...before,
        workloads: before.workloads.map(({ kind, name, live }) =>
          name === action.workload.name ? { kind, name, live: undefined } : { kind, name, live, ...allRunning(live!) },
        ),
      };
    case 'RunJob':
      return {
        ...before,
        jobs: before.jobs.map((job) =>
          job.job === action.name ? { ...job, live: jobOf(job.job, action.spec, now) } : job,
        ),
      };
    case 'StopJob':
      return {
        ...before,
        jobs: before.jobs.map(({ live, ...job }) => (job.job === action.name ? job : { ...job, live })),
      };
    case 'DeletePods':
      return {
        ...before,
        workloads: before.workloads.map(({ pods = [], ...workload }) => ({
          ...workload,
          pods: pods.filter(({ metadata }) => !action.pods.some(({ uid }) => uid === metadata.uid)),
        })),
      };
  }
}

/** The object as it is after somebody wrote that content, or took it away. */
export function withObject(before: Scene, key: ObjectKey, content: Members | undefined): Scene {
  return {
    ...before,
    objects: before.objects.map((object) =>
      object.kind !== key.kind || object.name !== key.name
        ? object
        : { ...object, live: content && withObjectContent(key, 'shop', content, object.live) },
    ),
  };
}

/** A workload that is there. */
export function liveOf({ workloads }: Scene, name = 'web'): WorkloadObject {
  const live = workloads.find((workload) => workload.name === name)?.live;
  if (live === undefined) throw new Error(`there is no ${name}`);
  return live;
}

/** The world with that workload as it is given, without what was known of it; undefined: `web` does not exist. */
export function withLive(before: Scene, live: WorkloadObject | undefined): Scene {
  const changed = live?.metadata.name ?? 'web';
  return {
    ...before,
    workloads: before.workloads.map((workload) =>
      workload.name === changed ? { kind: workload.kind, name: workload.name, live } : workload,
    ),
  };
}

/** The same with every pod of it there, available for long enough. */
export function withRunning(
  before: Scene,
  live: WorkloadObject,
  running: Partial<Scene['workloads'][number]> = allRunning(live),
): Scene {
  return {
    ...before,
    workloads: before.workloads.map((workload) =>
      workload.name === live.metadata.name
        ? { kind: workload.kind, name: workload.name, live, ...allRunning(live), ...running }
        : workload,
    ),
  };
}

/** The status of a promotion, after it was held against the rules of every kind. */
export function statusOf(given: Scene, world = worldOf(given)): NonNullable<Promotion['status']> {
  return checkedStatus(given.promotion, promotionStatus(world, decideUnchecked(world)));
}

/** The same of one whose world could not be read. */
export function unreadableStatusOf(
  given: Scene,
  because: UnreadableWorld['because'],
): NonNullable<Promotion['status']> {
  return statusOf(given, unreadable(worldOf(given), because));
}

/** A world in which people are still asked. */
export function deciding(given: Scene): DecidingWorld {
  const seen = worldOf(given);
  if (seen.stage !== 'Deciding') throw new Error(`it is ${seen.stage}`);
  return seen;
}

/** So many promotions of somebody else that one of them more has to wait. */
export const crowd: readonly Promotion[] = Array.from({ length: MOST_OPEN }, (_, index) =>
  promotion(`crowd-${index}`, { createdAt: '2026-11-21T08:00:00Z' }),
);

/** What is decided, after the status that it would give was checked. */
export function decide(given: Scene): Decision {
  const decision = decideUnchecked(worldOf(given));
  statusOf(given);
  return decision;
}

/** Acts until nothing is left to do; what was done, in order. */
export function run(start: Scene): {
  readonly world: Scene;
  readonly decision: Decision;
  readonly done: readonly string[];
} {
  const done: string[] = [];
  let current = start;
  for (let turn = 0; turn < 20; turn++) {
    const decision = decide(current);
    const { action } = decision.verdict;
    if (action === undefined) return { world: current, decision, done };
    done.push(action.do === 'Append' ? (action.entry.outcome?.result ?? action.entry.type) : action.do);
    current = after(current, action);
  }
  throw new Error(`it does not come to rest: ${done.join(', ')}`);
}

/** Acts until that action has been done so often. */
export function until(start: Scene, last: string, times = 1): Scene {
  let current = start;
  let left = times;
  for (let turn = 0; turn < 10; turn++) {
    const { action } = decide(current).verdict;
    if (action === undefined) break;
    current = after(current, action);
    const did = action.do === 'Append' ? (action.entry.outcome?.result ?? action.entry.type) : action.do;
    if (did === last && --left === 0) return current;
  }
  throw new Error(`it never came to ${last}`);
}

/** The world with a vote of that key on the open round. */
export function voted(before: Scene, key: MadeKey, decision: 'approve' | 'reject' = 'approve', name = 'vote'): Scene {
  const text = before.records.findLast(({ type }) => type === 'Round')?.statements?.[decision];
  if (text === undefined) throw new Error('there is no round to vote on');
  const signature = Buffer.concat([string('ssh-ed25519'), string(sign(null, toSign(text), key.privateKey))]);
  const armor = armored({ publicKey: key.blob, signature });
  const { metadata } = before.promotion;
  const annotations = { ...metadata.annotations, [`vote.twinlock.dev/${name}`]: armor };
  return { ...before, promotion: { ...before.promotion, metadata: { ...metadata, annotations } } };
}
