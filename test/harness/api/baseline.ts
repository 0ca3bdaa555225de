/** What a control plane has stored at one time, and how it is brought back to that. */
import { setTimeout as pause } from 'node:timers/promises';
import { store, stored, type Operation, type Stored } from './etcd.ts';

/** By key. */
export type Baseline = ReadonlyMap<string, Stored>;

const ALL = '/registry/';

/** What the API server writes of itself all the time. */
const ITS_OWN: readonly string[] = [
  `${ALL}leases/kube-system/apiserver-`,
  `${ALL}masterleases/`,
  `${ALL}peerserverleases/`,
  `${ALL}apiregistration.k8s.io/`,
  `${ALL}configmaps/kube-system/kube-apiserver-legacy-service-account-token-tracking`,
];
/** They end by themselves, and say nothing that lasts. */
const EVENTS = [`${ALL}events/`, `${ALL}events.k8s.io/`];

/** Rules that the API server takes a moment to read anew: where they were changed nothing is brought back. */
const RULES: readonly string[] = [
  'apiextensions.k8s.io/customresourcedefinitions/',
  'mutatingadmissionpolicies/',
  'mutatingadmissionpolicybindings/',
  'mutatingwebhookconfigurations/',
  'validatingadmissionpolicies/',
  'validatingadmissionpolicybindings/',
  'validatingwebhookconfigurations/',
].map((folder) => `${ALL}${folder}`);

const STEP_MS = 100;
/** So many looks without a change, and Kubernetes' own controllers are through. */
const CALM_LOOKS = 8;
const MOST_LOOKS = 150;

const isOf = (key: string, prefixes: readonly string[]): boolean => prefixes.some((prefix) => key.startsWith(prefix));
const isKept = (key: string): boolean => !isOf(key, ITS_OWN) && !isOf(key, EVENTS);

/** What is stored, once nothing changes any more. Left out: it never came to rest. */
export async function takeBaseline(etcd: string): Promise<Baseline | undefined> {
  let before = '';
  for (let looks = 0, calm = 0; looks < MOST_LOOKS; looks += 1) {
    const keys = await stored(etcd, ALL, { keysOnly: true });
    const now = JSON.stringify([...keys].filter(([key]) => isKept(key)));
    calm = now === before ? calm + 1 : 0;
    before = now;
    if (calm === CALM_LOOKS) {
      const all = await stored(etcd, ALL, { keysOnly: false });
      return new Map([...all].filter(([key]) => isKept(key)));
    }
    await pause(STEP_MS);
  }
  return undefined;
}

/**
 * Brings a control plane back to what it had stored.
 *
 * @returns the baseline with the revisions of now; left out: it cannot be brought back, and nobody should go on with it
 */
export async function bringBack(etcd: string, baseline: Baseline): Promise<Baseline | undefined> {
  const kept = new Map(baseline);
  // Kubernetes' own controllers may still be at work on what is taken away: it is looked at until nothing is left to do.
  for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
    const operations = differences(await stored(etcd, ALL, { keysOnly: true }), kept);
    if (operations === undefined) return undefined;
    if (operations.length === 0) return kept;
    for (const [key, revision] of await store(etcd, operations)) {
      const value = kept.get(key)?.value ?? '';
      kept.set(key, { value, revision });
    }
    await pause(STEP_MS);
  }
  return undefined;
}

function differences(now: ReadonlyMap<string, Stored>, baseline: Baseline): readonly Operation[] | undefined {
  const added = [...now.keys()].filter((key) => !isOf(key, ITS_OWN) && !baseline.has(key));
  const changed = [...baseline].filter(([key, { revision }]) => now.get(key)?.revision !== revision);
  if ([...added, ...changed.map(([key]) => key)].some((key) => isOf(key, RULES))) return undefined;
  return [
    ...added.map((remove) => ({ remove })),
    ...changed.map(([put, { value }]) => ({ put, value: Buffer.from(value, 'base64') })),
  ];
}
