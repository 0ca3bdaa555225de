import { open, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One request as the API server's own audit log has it (audit.k8s.io/v1, level Request). A watch is there twice: when it starts and when it ends. */
export interface AuditedRequest {
  readonly verb: string;
  readonly requestURI: string;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly name?: string;
    readonly namespace?: string;
    readonly subresource?: string;
  };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly requestObject?: unknown;
  readonly responseStatus?: { readonly code?: number };
}

const account = (name: string): string => `system:serviceaccount:twinlock-system:${name}`;

/** Only the operator's requests are logged: the log is the judge of what it sends, not its own metrics. */
export async function auditFlags(folder: string): Promise<Readonly<Record<string, string>>> {
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    // Only what goes on, a watch, is logged when it starts.
    omitStages: ['RequestReceived'],
    rules: [
      { level: 'Request', users: [account('twinlock-environments'), account('twinlock-promotions')] },
      { level: 'None' },
    ],
  };
  const file = join(folder, 'audit-policy.json');
  await writeFile(file, JSON.stringify(policy));
  return { 'audit-policy-file': file, 'audit-log-path': join(folder, 'audit.log') };
}

/** Reads what the log gained since the last call. */
export class AuditLog {
  readonly #path: string;
  #offset = 0;
  #rest = '';

  constructor(folder: string) {
    this.#path = join(folder, 'audit.log');
  }

  async next(): Promise<AuditedRequest[]> {
    const file = await open(this.#path).catch(() => undefined);
    if (file === undefined) return [];
    try {
      const { size } = await stat(this.#path);
      const buffer = Buffer.alloc(size - this.#offset);
      await file.read(buffer, 0, buffer.length, this.#offset);
      this.#offset = size;
      const lines = (this.#rest + buffer.toString()).split('\n');
      this.#rest = lines.pop() ?? '';
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as AuditedRequest);
    } finally {
      await file.close();
    }
  }
}

/** Neither leases nor probes are work, nor is a watch that goes on. */
export function isWork({ verb, objectRef, requestURI }: AuditedRequest): boolean {
  if (verb === 'watch' || objectRef?.resource === 'leases') return false;
  return !requestURI.startsWith('/version') && !requestURI.startsWith('/readyz');
}

export function isWrite({ verb }: AuditedRequest): boolean {
  return !['get', 'list', 'watch'].includes(verb);
}

export function isEvent({ objectRef }: AuditedRequest): boolean {
  return objectRef?.resource === 'events';
}
