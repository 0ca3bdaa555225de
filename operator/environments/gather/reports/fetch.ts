import { OutboundError, type OutboundClient } from '../../../outbound/index.ts';
import { parseReport, type Report, type ReportTarget } from '../../decide/wiring/index.ts';

/** Asks a workload for its own report. Never rejects: what goes wrong is a report that says so. */
export type FetchReport = (target: ReportTarget, signal: AbortSignal) => Promise<Report>;

/** A report is asked for again after so many milliseconds. */
export const REPORT_INTERVAL_MS = 60_000;
const TIMEOUT_MS = 2000;
const MAX_BYTES = 65_536;

/** Reads reports through the workloads' Services. */
export function reportFetcher(client: OutboundClient): FetchReport {
  return ({ namespace, workload, port, path }, signal) => {
    const url = new URL(`http://${workload}.${namespace}.svc:${port}`);
    const query = path.indexOf('?');
    // Set part by part: a path such as //elsewhere/ must not become a host.
    url.pathname = query < 0 ? path : path.slice(0, query);
    url.search = query < 0 ? '' : path.slice(query);
    return readReport(client, url, signal);
  };
}

/**
 * Reads a report. What answers is code that nobody reviewed: no redirect is followed, no more than 64 KiB is read, and
 * after two seconds it is over.
 */
export async function readReport(client: OutboundClient, url: URL, signal: AbortSignal): Promise<Report> {
  try {
    const headers = { accept: 'application/json' };
    const answer = await client.request({ url, headers, timeout: TIMEOUT_MS, maxBytes: MAX_BYTES, signal });
    if (answer.status !== 200) return { failure: `the report answers ${answer.status} instead of 200` };
    return parseReport(new TextDecoder().decode(answer.body));
  } catch (error) {
    return { failure: failureOf(error) };
  }
}

function failureOf(error: unknown): string {
  if (error instanceof OutboundError) {
    if (error.code === 'Timeout') return `the report takes longer than ${TIMEOUT_MS} ms`;
    if (error.code === 'TooLarge') return `the report is larger than ${MAX_BYTES} bytes`;
    if (error.code === 'AddressRefused') return `the report cannot be reached: ${error.message}`;
  }
  return 'the report cannot be reached';
}
