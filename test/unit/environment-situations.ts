/** The situations that the tests of an environment's status pass through. */
import type { TwinEnvironmentStatus } from '../../operator/api/index.ts';
import { slimWorkload, slimPod } from '../../operator/environments/gather/cache/index.ts';
import type { Lifetime } from '../../operator/environments/decide/lifecycle/index.ts';
import { observedParts, type Situation } from '../../operator/environments/decide/index.ts';
import { statusOf as made } from '../../operator/environments/status/index.ts';
import { checkedStatus } from '../statuses/unit.ts';
import { accepted, image } from './environment-fixtures.ts';

/** The status of an environment, after it was held against the rules of every kind. */
export function statusOf(...[environment, situation, at]: Parameters<typeof made>): ReturnType<typeof made> {
  return checkedStatus(environment, made(environment, situation, at));
}

export const now = Date.parse('2026-11-21T09:00:00Z');
export const lifetime: Lifetime = {
  lastActivityAt: now,
  expiresAt: now + 1000,
  expired: false,
  ending: { by: 'Inactivity', warnAt: now + 750, soon: false },
  handledExtendAt: undefined,
  handledWakeAt: undefined,
  extended: false,
};
export const spec = { workloads: [{ name: 'web', image, port: 8080 }], services: [{ name: 'stripe' }] };
export const plan = accepted(spec);

export interface Part {
  readonly updated?: number;
  readonly available?: number;
  readonly replicas?: number;
  readonly observed?: number;
  readonly conditions?: readonly object[];
}

export function deployment(
  name: string,
  { updated = 1, available = 1, replicas = 1, observed = 1, conditions = [] }: Part = {},
): ReturnType<typeof slimWorkload> {
  return slimWorkload({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, generation: 1 },
    spec: { replicas: 1 },
    status: {
      observedGeneration: observed,
      replicas,
      updatedReplicas: updated,
      availableReplicas: available,
      conditions,
    },
  } as Parameters<typeof slimWorkload>[0]);
}

export const variables = [
  { name: 'STRIPE_API_BASE', value: 'http://stripe:12111' },
  { name: 'STRIPE_API_KEY', value: 'sk_test_twin' },
];

export const ready = [{ type: 'Ready', status: 'True' }];

export function pod(more: object = {}): ReturnType<typeof slimPod> {
  return slimPod({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web-1', uid: 'p1', labels: { 'twinlock.dev/component': 'web' } },
    spec: { containers: [{ name: 'web', image, env: variables }] },
    status: { conditions: ready, containerStatuses: [{ name: 'web', ready: true, imageID: image }] },
    ...more,
  } as Parameters<typeof slimPod>[0]);
}

const other = image.replace('aaaa', 'bbbb');

function partsOf(parts: Readonly<Record<string, Part>> = {}): readonly ReturnType<typeof deployment>[] {
  return ['web', 'stripe', 'twinlock-boundary'].map((name) => deployment(name, parts[name]));
}

export function active(
  parts: Readonly<Record<string, Part>> = {},
  more: Partial<Extract<Situation, { kind: 'Active' }>> = {},
): Situation {
  return {
    kind: 'Active',
    plan,
    lifetime,
    parts: observedParts(partsOf(parts), [pod()]),
    reports: new Map(),
    reach: { kind: 'Reached' as const, digest: undefined },
    entrance: undefined,
    inventory: [],
    rejected: [],
    copied: [],
    suspended: false,
    sleep: undefined,
    busy: [],
    bounded: true,
    policiesEnforced: false,
    ...more,
  };
}

/** Title, situation, the conditions that it gives at least, phase. */
export const situations: readonly [
  title: string,
  situation: Situation,
  expected: Readonly<Record<string, string>>,
  phase: TwinEnvironmentStatus['phase'],
][] = [
  [
    'everything runs',
    active(),
    {
      Ready: 'True/Ready',
      Admitted: 'True/Admitted',
      TwinsReady: 'True/TwinsReady',
      TwinsWired: 'True/Verified',
      Isolated: 'Unknown/NotEnforced',
      Exposed: 'True/BoundaryReady',
    },
    'Ready',
  ],
  [
    'a twin is not there yet',
    active({ stripe: { available: 0 } }),
    { Ready: 'False/TwinNotReady', Reconciling: 'True/TwinNotReady', TwinsReady: 'False/TwinNotReady' },
    'Provisioning',
  ],
  [
    'the app is on its way',
    active({ web: { updated: 0 } }),
    { Ready: 'False/WorkloadNotReady', Reconciling: 'True/WorkloadNotReady' },
    'Provisioning',
  ],
  ['old pods are still there', active({ web: { replicas: 2 } }), { Ready: 'False/WorkloadNotReady' }, 'Provisioning'],
  [
    'a new spec is not taken up yet',
    active({ web: { observed: 0 } }),
    { Ready: 'False/WorkloadNotReady' },
    'Provisioning',
  ],
  [
    'the app does not get on',
    active({
      web: {
        available: 0,
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'x' }],
      },
    }),
    { Ready: 'False/WorkloadFailed', Stalled: 'True/WorkloadFailed' },
    'Failed',
  ],
  [
    'the boundary is not there yet',
    active({ 'twinlock-boundary': { available: 0 } }),
    { Ready: 'False/BoundaryNotReady', Exposed: 'False/BoundaryNotReady' },
    'Provisioning',
  ],
  [
    'there is no boundary at all',
    active({}, { bounded: false }),
    { Ready: 'True/Ready', Exposed: 'False/NoBoundary' },
    'Ready',
  ],
  ['the cluster enforces policies', active({}, { policiesEnforced: true }), { Isolated: 'True/Enforced' }, 'Ready'],
  [
    'the API server refuses a part',
    active({}, { rejected: [{ reason: 'Invalid', message: 'x' }] }),
    { Ready: 'False/Invalid', Stalled: 'True/Invalid' },
    'Failed',
  ],
  [
    'it expires soon unless somebody wants it',
    active({}, { lifetime: { ...lifetime, ending: { by: 'Inactivity', warnAt: now, soon: true } } }),
    { Ready: 'True/Ready', Expiring: 'True/ExpiresSoon' },
    'Ready',
  ],
  [
    'it expires soon, whatever happens',
    {
      kind: 'Queued',
      position: 1,
      className: 'default',
      lifetime: { ...lifetime, ending: { by: 'Max', warnAt: now, soon: true } },
    },
    { Ready: 'False/Queued', Expiring: 'True/ReachesMax' },
    'Queued',
  ],
  [
    'it waits for room',
    { kind: 'Queued', position: 2, className: 'default', lifetime },
    { Ready: 'False/Queued', Reconciling: 'True/Queued', Admitted: 'False/Queued' },
    'Queued',
  ],
  [
    'it is refused',
    { kind: 'Refused', problems: [{ reason: 'NameClash', message: 'x' }], lifetime },
    { Ready: 'False/NameClash', Stalled: 'True/NameClash', Admitted: 'False/NameClash' },
    'Failed',
  ],
  [
    'something else runs than is planned',
    active(
      {},
      {
        parts: observedParts(partsOf(), [
          pod({ spec: { containers: [{ name: 'web', image: other, env: variables }] } }),
        ]),
      },
    ),
    { Ready: 'False/ImageDiffers', Stalled: 'True/ImageDiffers', TwinsWired: 'False/ImageDiffers' },
    'Failed',
  ],
  [
    'it is suspended before it had anything',
    { kind: 'Suspended', lifetime },
    { Ready: 'False/Suspended', Stalled: 'True/Suspended' },
    'Provisioning',
  ],
  ['it is suspended while it runs', active({}, { suspended: true }), { Ready: 'True/Ready' }, 'Ready'],
  [
    'its namespace is on its way out',
    { kind: 'Blocked', problem: { reason: 'NamespaceTerminating', message: 'x' }, final: false, lifetime },
    { Ready: 'False/NamespaceTerminating', Reconciling: 'True/NamespaceTerminating' },
    'Provisioning',
  ],
  [
    "its namespace is somebody else's",
    { kind: 'Blocked', problem: { reason: 'NamespaceTaken', message: 'x' }, final: true, lifetime },
    { Ready: 'False/NamespaceTaken', Stalled: 'True/NamespaceTaken' },
    'Failed',
  ],
  [
    'the API server refuses what is to be done next',
    { kind: 'NotApplied', phase: 'Provisioning', answer: 'no', lifetime },
    { Ready: 'False/NotApplied', Reconciling: 'True/NotApplied', Admitted: 'True/Admitted' },
    'Provisioning',
  ],
  [
    'the API server refuses to remove it',
    { kind: 'NotApplied', phase: 'Terminating', answer: 'no', lifetime: undefined },
    { Ready: 'False/NotApplied', Reconciling: 'True/NotApplied' },
    'Terminating',
  ],
  [
    'it is over, and the API server refuses to remove what it had',
    { kind: 'NotApplied', phase: 'Expired', answer: 'no', lifetime },
    { Ready: 'False/NotApplied', Reconciling: 'True/NotApplied' },
    'Expired',
  ],
  [
    'it is over and not gone yet',
    { kind: 'Expired', blockers: [], left: [{ group: '', kind: 'Namespace', name: 'x' }], lifetime },
    { Ready: 'False/Expired', Reconciling: 'True/Expired' },
    'Expired',
  ],
  [
    'it is over',
    { kind: 'Expired', blockers: [], left: [], lifetime },
    { Ready: 'False/Expired', Stalled: 'True/Expired' },
    'Expired',
  ],
  [
    'it goes',
    { kind: 'Terminating', blockers: [], left: [{ group: '', kind: 'Namespace', name: 'x' }] },
    { Ready: 'False/Terminating', Reconciling: 'True/Terminating' },
    'Terminating',
  ],
];
