import { VOTE_PREFIX } from '../votes/index.ts';

export const group = 'twinlock.dev';
export const version = 'v1alpha1';
export const apiVersion = `${group}/${version}`;

/** Names that every part of Twinlock shares. */
export const systemNamespace = 'twinlock-system';

export const serviceAccounts = {
  environments: 'twinlock-environments',
  promotions: 'twinlock-promotions',
} as const;

export const labels = {
  /** `"true"` on a namespace in which TwinEnvironments may be created (the default class's namespaceSelector). */
  environments: 'twinlock.dev/environments',
  /** On an environment's own namespace and on every child: name, namespace and UID of the TwinEnvironment. */
  environment: 'twinlock.dev/environment',
  environmentNamespace: 'twinlock.dev/environment-namespace',
  environmentUid: 'twinlock.dev/environment-uid',
  /** On a production namespace: {@link protections}. */
  protected: 'twinlock.dev/protected',
  /** On a workload that people signed away and that somebody else deletes: the Promotion. Set by the promotions process. */
  removedBy: 'twinlock.dev/removed-by',
  /** {@link mayGo} on a ConfigMap or Secret of production that may go when nothing approved refers to it any more. */
  unreferenced: 'twinlock.dev/unreferenced',
} as const;

/** Value of the label `unreferenced`. */
export const mayGo = 'Delete';

/** Values of the label `protected`: refused, or told only (`mode: Warn` of a target). */
export const protections = { enforce: 'true', warn: 'warn' } as const;
export type Protection = (typeof protections)[keyof typeof protections];

export const annotations = {
  /** On a Promotion: who asked for it, set and checked by admission from userInfo. */
  requestedBy: 'twinlock.dev/requested-by',
  /** On what a person is about to take the lock off: its own name. Without it nothing protected is deleted. */
  unprotect: 'twinlock.dev/unprotect',
  /** On a workload of production: who changed its content last, set and checked by admission from userInfo. */
  changedBy: 'twinlock.dev/changed-by',
  /** On a TwinEnvironment: a new value counts as activity once. */
  extendAt: 'twinlock.dev/extendAt',
  /** On a TwinEnvironment: a new value counts as activity once, and so wakes it. */
  wakeAt: 'twinlock.dev/wakeAt',
  /** On a TwinEnvironment: a new value takes what the catalogue has of its versions now, once. */
  renewTwinsAt: 'twinlock.dev/renewTwinsAt',
  /** Flux's request to reconcile now; mirrored to `status.lastHandledReconcileAt`. */
  reconcileRequestedAt: 'reconcile.fluxcd.io/requestedAt',
  /** Prefix of the annotations that carry votes. */
  votePrefix: VOTE_PREFIX,
} as const;

/** Variables that every container of an environment's workloads gets; whatever else sets them there gives way. */
export const ownVariables = { url: 'TWINLOCK_URL', environment: 'TWINLOCK_ENVIRONMENT' } as const;

export const fieldManagers = {
  environments: 'twinlock-environments',
  promotions: 'twinlock-promotions',
  /** Dry run that asks the API server for the desired spec, defaults and mutations included. */
  plan: 'twinlock-plan',
  /** Dry run of a forbidden change. */
  canary: 'twinlock-canary',
  /** Dry run of a pod of an approved template, as whatever mutates pods here makes it. */
  pods: 'twinlock-pods',
} as const;

/** Rules of the lock that more than admission knows of: their refusals are told from those of others. */
export const lockRules = {
  pods: 'pods',
  workloads: 'workloads',
  cronJobs: 'cron-jobs',
  jobs: 'jobs',
  jobRuns: 'job-runs',
  workloadStatus: 'workload-status',
  objects: 'objects',
  definedObjects: 'defined-objects',
  removal: 'removal',
} as const;

/** Name of a rule's ValidatingAdmissionPolicy and of its binding. */
export function policyName(rule: string): string {
  return `twinlock-${rule}`;
}

/** Whether the API server's words say that this rule refused: it names a policy in quotes. */
export function isRefusalBy(rule: keyof typeof lockRules, said: string): boolean {
  return said.includes(`'${policyName(lockRules[rule])}'`);
}

/** In Twinlock's own namespace: the key that signs how far each chain of records has come, and what it signed. */
export const recordKeySecret = 'twinlock-record-key';
export const recordHeadsConfigMap = 'twinlock-record-heads';
/** There too, before namespace and target of a chain: which of its records may be deleted. No namespace has an underscore. */
export const recordCutPrefix = 'cut_';

/** In Twinlock's own namespace: the key of the digests by which statements name what Secrets hold. */
export const configurationKeySecret = 'twinlock-configuration-key';

/** The ClusterRole by which configuration is read, and its RoleBinding in each protected namespace. */
export const configurationRole = 'twinlock-configuration';

/** The proxy of an environment and its Service, which the front door dials; nothing else in a cluster may be named so. */
export const boundaryName = 'twinlock-boundary';
