import type { Digest, JSONValue } from '../../canonical/index.ts';

/** One artifact, called `<container>=<repository>` in the statement. Equal ones may be given more than once. */
export interface Subject {
  readonly container: string;
  readonly repository: string;
  readonly digest: Digest;
}

/** One workload of the target; a digest is `none` where the promotion creates it, or removes it. */
export interface TargetDigests {
  readonly kind: string;
  readonly name: string;
  readonly currentSpecDigest: Digest | 'none';
  readonly desiredSpecDigest: Digest | 'none';
}

/** One further object (ConfigMap, Service, route) that changes with the promotion; `none`: it is not there. */
export interface ObjectDigests {
  readonly kind: string;
  readonly name: string;
  readonly currentDigest: Digest | 'none';
  readonly desiredDigest: Digest | 'none';
  /** Workloads that read it and are not promoted, so that nothing restarts them: `Deployment/web`. */
  readonly readBy?: readonly string[] | undefined;
}

export interface JobDigest {
  readonly when: 'before' | 'after';
  readonly name: string;
  readonly digest: Digest;
}

/** One difference in words. A missing `from` is an addition, a missing `to` a removal. */
export interface Change {
  readonly path: string;
  readonly from?: JSONValue | undefined;
  readonly to?: JSONValue | undefined;
}

/** Labels and annotations that the rollout sets on a workload's own object: shown and signed, but not locked. */
export interface ObjectMetadata {
  readonly kind: string;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** A ConfigMap or Secret that a desired content refers to. */
export interface ConfigurationContent {
  readonly kind: string;
  readonly name: string;
  /** Of a Secret `hmac-sha256:` and 64 hexadecimal digits; undefined where the object is absent and may be. */
  readonly digest?: string | undefined;
  /** Of a Secret: id of the key of its digest. */
  readonly key?: string | undefined;
  /** Of a Secret: users who may exchange what it holds later. */
  readonly rotators?: readonly string[] | undefined;
}

export interface Evidence {
  readonly gate: string;
  readonly result: string;
  /** What the digest stands for, in words: "2 of 2 services are twins". */
  readonly summary: string;
  readonly digest: Digest;
}

/** The promotion takes the policy's emergency path. */
export interface Emergency {
  readonly reason: string;
  /** Names of the gates that it skips. */
  readonly skipped: readonly string[];
}

/** A window of the policy that the promotion passes by. */
export interface Override {
  readonly gate: string;
  readonly reason: string;
}

/** Without `group`: any principal. */
export interface QuorumEntry {
  readonly group?: string | undefined;
  readonly count: number;
}

/** Everything that a signer binds; plain data, gathered by the controller. */
export interface StatementInput {
  readonly subjects: readonly Subject[];
  /** `uid` is the uid of the namespace kube-system. */
  readonly cluster: { readonly name: string; readonly uid: string };
  readonly promotion: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    /** digestOf(promotion.spec). */
    readonly specDigest: Digest;
    /** The annotation twinlock.dev/requested-by. */
    readonly requestedBy: string;
  };
  readonly targets: readonly TargetDigests[];
  readonly objects?: readonly ObjectDigests[] | undefined;
  readonly jobs?: readonly JobDigest[] | undefined;
  readonly changes: readonly Change[];
  /** Paths of changes that the environment did not run with. */
  readonly notExercised?: readonly string[] | undefined;
  readonly metadata?: readonly ObjectMetadata[] | undefined;
  readonly configuration?: readonly ConfigurationContent[] | undefined;
  readonly evidence: readonly Evidence[];
  readonly overrides?: readonly Override[] | undefined;
  readonly emergency?: Emergency | undefined;
  readonly policy: { readonly name: string; readonly digest: Digest; readonly quorum: readonly QuorumEntry[] };
  readonly keyring: { readonly name: string; readonly digest: Digest };
  /** `notAfter` is RFC 3339 in UTC with seconds: `2026-11-28T10:00:00Z`. */
  readonly round: { readonly nonce: string; readonly notAfter: string };
}

/** The two texts of a round, byte for byte what is signed. */
export interface StatementTexts {
  readonly approve: string;
  readonly reject: string;
}

/** One thing whose content changes; `current` undefined when it does not exist yet, `desired` when it shall be gone. */
export interface Changed {
  readonly kind: string;
  readonly name: string;
  /** The member of the object that the content is, `spec`; left out: the object. */
  readonly part?: string | undefined;
  readonly current: unknown;
  readonly desired: unknown;
}
