import type { ApprovalPolicy, ApproverKeyring, ProductionTarget, sealedKinds } from '../../api/index.ts';
import type { Members } from '../../canonical/index.ts';

export type SealedKind = (typeof sealedKinds)[number];
/** What decides everything else, as it stands in the cluster. */
export type SealedObject = ApproverKeyring | ApprovalPolicy | ProductionTarget;

export interface SealedKey {
  readonly kind: SealedKind;
  /** Left out: the kind has none. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** A version that counts, as its record has it. */
export interface Accepted extends SealedKey {
  readonly version: number;
  readonly digest: string | undefined;
  /** Undefined: it was removed. */
  readonly content: Members | undefined;
  /** Name of the record. */
  readonly record: string;
}

/** What the chain says, as far as it holds. */
export interface TrustState {
  /** By {@link keyText}. */
  readonly objects: ReadonlyMap<string, Accepted>;
  /** Why nothing that follows was taken, in words; undefined when all of it holds. */
  readonly fault: string | undefined;
}

/** What the installation says of its trust. */
export interface TrustTerms {
  /** Name of the chain of records. */
  readonly chain: string;
  /** The ApproverKeyring whose people sign changes. */
  readonly keyring: string;
  /** Digest of its first version; ignored once there is a record. */
  readonly digest: string;
  readonly cluster: { readonly name: string; readonly uid: string };
}

/** All that is decided from about one object; plain data. */
export interface TrustWorld {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly state: TrustState;
  readonly terms: TrustTerms;
  readonly object: SealedObject;
}

/** One text for each object of a cluster, uids apart: a namesake is the same one. */
export function keyText({ kind, namespace = '', name }: SealedKey): string {
  return `${kind}/${namespace}/${name}`;
}

/** How an object is named in records and statements. */
export function keyOf({ kind, metadata: { namespace, name } }: Pick<SealedObject, 'kind' | 'metadata'>): SealedKey {
  return namespace === undefined ? { kind, name } : { kind, namespace, name };
}

/** The keyring that signs, in the version that counts. */
export function rootOf({ objects }: TrustState, keyring: string): Accepted | undefined {
  return objects.get(keyText({ kind: 'ApproverKeyring', name: keyring }));
}
