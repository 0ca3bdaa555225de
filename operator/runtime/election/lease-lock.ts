import { Lease } from '../../kube/index.ts';
import type { Client, ObjectKey } from '../../kube/index.ts';

/** What a Lease says about who leads. */
export interface LeaseRecord {
  readonly holder: string;
  readonly durationSeconds: number;
  readonly acquireTime: string | undefined;
  readonly renewTime: string | undefined;
  readonly transitions: number;
}

/** A record as it was read. */
export interface ObservedLease {
  readonly record: LeaseRecord;
  /** Makes the next write conditional. */
  readonly resourceVersion: string;
}

/** Reads and conditionally writes one Lease (`coordination.k8s.io/v1`). */
export class LeaseLock {
  readonly #client: Pick<Client, 'find' | 'create' | 'replace'>;
  readonly #key: ObjectKey & { readonly namespace: string };

  constructor(client: Pick<Client, 'find' | 'create' | 'replace'>, key: ObjectKey & { readonly namespace: string }) {
    this.#client = client;
    this.#key = key;
  }

  get name(): string {
    return `${this.#key.namespace}/${this.#key.name}`;
  }

  /** Undefined when there is no Lease yet. */
  async read(signal?: AbortSignal): Promise<ObservedLease | undefined> {
    const lease = await this.#client.find(Lease, this.#key, { signal });
    return lease === undefined ? undefined : observed(lease);
  }

  /** Rejects with Conflict or AlreadyExists when somebody else wrote since `previous` was read. */
  async write(record: LeaseRecord, previous: ObservedLease | undefined, signal?: AbortSignal): Promise<ObservedLease> {
    const { namespace, name } = this.#key;
    const { holder, durationSeconds, acquireTime, renewTime, transitions } = record;
    const lease = {
      apiVersion: Lease.apiVersion,
      kind: Lease.kind,
      metadata: { namespace, name, ...(previous === undefined ? {} : { resourceVersion: previous.resourceVersion }) },
      spec: {
        holderIdentity: holder,
        leaseDurationSeconds: durationSeconds,
        leaseTransitions: transitions,
        ...(acquireTime === undefined ? {} : { acquireTime }),
        ...(renewTime === undefined ? {} : { renewTime }),
      },
    };
    const options = { signal };
    const written = await (previous === undefined
      ? this.#client.create(Lease, lease, options)
      : this.#client.replace(Lease, lease, options));
    return observed(written);
  }
}

function observed({ metadata, spec }: Lease): ObservedLease {
  return {
    record: {
      holder: spec?.holderIdentity ?? '',
      durationSeconds: spec?.leaseDurationSeconds ?? 0,
      acquireTime: spec?.acquireTime,
      renewTime: spec?.renewTime,
      transitions: spec?.leaseTransitions ?? 0,
    },
    resourceVersion: metadata.resourceVersion ?? '',
  };
}
