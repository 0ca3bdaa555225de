/** A chain of what people signed, made by the code that makes it in a cluster, and people with keys. */
import type { ApprovalPolicy, ApproverKeyring, ProductionTarget } from '../../operator/api/index.ts';
import { approverKeyringSpec, productionTargetSpec } from '../../operator/api/index.ts';
import { digestOf } from '../../operator/canonical/index.ts';
import { sealRecord, type RecordEntry, type RecordSpec } from '../../operator/records/index.ts';
import {
  standingOf,
  trustOf,
  type SealedObject,
  type Standing,
  type TrustState,
} from '../../operator/trust/decide/index.ts';
import { ed25519Key, signed, type MadeKey } from '../vectors/ssh.ts';

export const names = ['alice', 'bob', 'carol', 'dave', 'mallory'] as const;
export type Name = (typeof names)[number];
const keys: Readonly<Record<Name, MadeKey>> = {
  alice: ed25519Key(),
  bob: ed25519Key(),
  carol: ed25519Key(),
  dave: ed25519Key(),
  mallory: ed25519Key(),
};
const apiVersion = 'twinlock.dev/v1alpha1';

type Principals = ApproverKeyring['spec']['principals'];
type Key = Principals[number]['keys'][number];

/** The keyring that signs, with these people; `key` is merged into each one's key. */
export function keyring(
  people: readonly Name[],
  spec: Partial<ApproverKeyring['spec']> = {},
  key: Partial<Record<Name, Partial<Key>>> = {},
): ApproverKeyring {
  const principals = people.map((name) => ({ name, keys: [{ publicKey: keys[name].line, ...key[name] }] }));
  return {
    apiVersion,
    kind: 'ApproverKeyring',
    metadata: { name: 'default' },
    spec: approverKeyringSpec.parse({ principals, ...spec }),
  };
}

export function policy(name: string, count: number): ApprovalPolicy {
  return {
    apiVersion,
    kind: 'ApprovalPolicy',
    metadata: { name },
    spec: {
      default: true,
      gates: [{ name: 'environment', type: 'Environment' }],
      quorum: [{ count }],
      separation: { requester: true },
      requireTouch: false,
      requireUserVerification: false,
      notExercised: 'Allow',
      evidenceMaxAge: '168h',
    },
  };
}

export function target(spec: Readonly<Record<string, unknown>> = {}): ProductionTarget {
  return {
    apiVersion,
    kind: 'ProductionTarget',
    metadata: { name: 'web', namespace: 'shop', uid: 'u-web' },
    spec: productionTargetSpec.parse({ workloads: [{ kind: 'Deployment', name: 'web' }], ...spec }),
  };
}

/** The same object, about to be removed. */
export function removed<T extends SealedObject>(object: T): T {
  const annotations = { ...object.metadata.annotations, 'twinlock.dev/unprotect': object.metadata.name };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

/** The object with these signatures on a text. */
export function withVotes<T extends SealedObject>(object: T, text: string, ...signers: readonly Name[]): T {
  const votes = signers.map((name, index) => [`vote.twinlock.dev/${name}-${index}`, signed(keys[name], text)]);
  const annotations = { ...object.metadata.annotations, ...Object.fromEntries(votes) };
  return { ...object, metadata: { ...object.metadata, annotations } };
}

export class Chain {
  readonly cluster: string;
  readonly name: string;
  readonly digest: string;
  records: readonly RecordSpec[] = [];
  now = Date.parse('2026-11-21T10:00:00.700Z');

  /** Begins with that keyring, pinned; nothing is accepted where another one is pinned. */
  constructor(first: ApproverKeyring, { cluster = 'u-cluster', name = 'trust', pinned = first } = {}) {
    this.cluster = cluster;
    this.name = name;
    this.digest = digestOf(pinned.spec);
    this.take(this.standing(first));
  }

  get state(): TrustState {
    return trustOf(this.records, 'default');
  }

  standing(object: SealedObject): Standing {
    const terms = {
      chain: this.name,
      keyring: 'default',
      digest: this.digest,
      cluster: { name: 'test', uid: this.cluster },
    };
    return standingOf({ now: this.now, state: this.state, terms, object });
  }

  /** The text that people are asked to sign. */
  text(object: SealedObject): string {
    const { proposal, message } = this.standing(object);
    if (proposal === undefined) throw new Error(`nobody is asked: ${message}`);
    return proposal.statements.approve;
  }

  /** People sign what is asked; enough of them make it count. */
  change(object: SealedObject, ...signers: readonly Name[]): Standing {
    return this.take(this.standing(withVotes(object, this.text(object), ...signers)));
  }

  take(standing: Standing): Standing {
    if (standing.entry !== undefined) this.append(standing.entry);
    return standing;
  }

  /** Writes a record, whoever may have signed it. */
  append(entry: RecordEntry): void {
    this.records = [...this.records, this.sealed(entry)];
  }

  sealed(entry: RecordEntry, before = this.records): RecordSpec {
    return sealRecord({ namespace: 'twinlock-system', name: this.name, uid: this.cluster }, before, entry);
  }

  /** Versions that count, by kind and name. */
  get versions(): Readonly<Record<string, number>> {
    const found = [...this.state.objects].flatMap(([key, { version, content }]) =>
      content === undefined ? [] : [[key, version] as const],
    );
    return Object.fromEntries(found);
  }
}

/** A record as an entry again: what somebody who writes records would copy. */
export function entryOf({
  target: _target,
  sequence: _sequence,
  previous: _previous,
  digest: _digest,
  ...entry
}: RecordSpec): RecordEntry {
  return entry;
}
