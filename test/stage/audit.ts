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
  // Megabytes. Without it another file is begun after 100, in the middle of a test: who waits then reads behind the end.
  return { 'audit-policy-file': file, 'audit-log-path': join(folder, 'audit.log'), 'audit-log-maxsize': '100000' };
}

/** Where a log is read from: what came before is of no interest. */
export interface Since {
  /** Bytes of the log. */
  readonly offset: number;
  /** Milliseconds since the epoch. The end of a watch is logged a moment after whoever watched is gone. */
  readonly time: number;
}

/** The end of the log in this folder. */
export async function endOfLog(folder: string): Promise<Since> {
  const offset = await stat(join(folder, 'audit.log')).then(
    ({ size }) => size,
    () => 0,
  );
  return { offset, time: Date.now() };
}

/** Reads what the log gained since the last call. */
export class AuditLog {
  readonly #path: string;
  readonly #since: number;
  #offset: number;
  #rest = '';

  constructor(folder: string, { offset, time }: Since) {
    this.#path = join(folder, 'audit.log');
    this.#offset = offset;
    this.#since = time;
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
      return lines
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as AuditedRequest)
        .filter(({ requestReceivedTimestamp }) => Date.parse(requestReceivedTimestamp) >= this.#since);
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
