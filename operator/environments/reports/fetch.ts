import { parseReport, type Report } from '../wiring/index.ts';

/** Asks a workload for its own report. Never rejects: what goes wrong is a report that says so. */
export type FetchReport = (target: ReportTarget, signal: AbortSignal) => Promise<Report>;

/** Where a workload answers. */
export interface ReportTarget {
  readonly namespace: string;
  readonly workload: string;
  readonly port: number;
  readonly path: string;
}

const TIMEOUT_MS = 2000;
const MAX_BYTES = 65_536;

/** Reads a report through the workload's Service. */
export const fetchReport: FetchReport = ({ namespace, workload, port, path }, signal) => {
  const url = new URL(`http://${workload}.${namespace}.svc.cluster.local:${port}`);
  const query = path.indexOf('?');
  // Set part by part: a path such as //elsewhere/ must not become a host.
  url.pathname = query < 0 ? path : path.slice(0, query);
  url.search = query < 0 ? '' : path.slice(query);
  return readReport(url, signal);
};

/**
 * Reads a report. What answers is code that nobody reviewed: no redirect is followed, no more than 64 KiB is read, and
 * after two seconds it is over.
 */
export async function readReport(url: URL, signal: AbortSignal): Promise<Report> {
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      headers: { accept: 'application/json' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    if (response.status !== 200) {
      await response.body?.cancel();
      return { failure: `the report answers ${response.status} instead of 200` };
    }
    const text = await readCapped(response);
    return text === undefined ? { failure: `the report is larger than ${MAX_BYTES} bytes` } : parseReport(text);
  } catch (error) {
    const late = error instanceof Error && error.name === 'TimeoutError';
    return { failure: late ? `the report takes longer than ${TIMEOUT_MS} ms` : 'the report cannot be reached' };
  }
}

async function readCapped(response: Response): Promise<string | undefined> {
  if (response.body === null) return '';
  const decoder = new TextDecoder();
  let text = '';
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (size > MAX_BYTES) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
