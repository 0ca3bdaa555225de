import { isMembers, printable } from '../../../canonical/index.ts';
import type { Told } from '../told.ts';

/** One entry of an app's own report. */
export interface ReportedService {
  readonly mode: string | undefined;
  readonly url: string | undefined;
}

/** An app's own report of the services that it talks to, by name; or why there is none. */
export type Report =
  | { readonly services: ReadonlyMap<string, ReportedService> }
  /** Asked for and not there yet. */
  | { readonly pending: true }
  /** The same, of a process that has just started: what was seen before it holds until there is an answer. */
  | { readonly asBefore: true }
  | { readonly failure: string };

/** Where a workload answers. */
export interface ReportTarget {
  readonly namespace: string;
  readonly workload: string;
  readonly port: number;
  readonly path: string;
}

/** What is known of an app's report. */
export type AppReport = Told<ReportTarget, Report>;

const MAX_ENTRIES = 128;
const MAX_TEXT = 2048;

/**
 * Reads `{"services": [{"name", "mode", "url"}]}`. The text comes from code that nobody reviewed: anything that is not
 * exactly that is a failure, and nothing of it gets into the message but its form.
 */
export function parseReport(text: string): Report {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { failure: 'the report is not JSON' };
  }
  const list = isMembers(parsed) ? parsed['services'] : undefined;
  if (!Array.isArray(list)) return { failure: 'the report is not {"services": [...]}' };
  if (list.length > MAX_ENTRIES) return { failure: `the report has more than ${MAX_ENTRIES} services` };
  const services = new Map<string, ReportedService>();
  const entries: readonly unknown[] = list;
  for (const entry of entries) {
    if (!isMembers(entry)) return { failure: 'an entry of the report is no object' };
    const { name, mode, url } = entry;
    if (!isText(name) || !isOptionalText(mode) || !isOptionalText(url)) {
      return { failure: 'an entry of the report is not {"name", "mode", "url"} with short texts' };
    }
    if (services.has(name)) return { failure: 'the report names a service twice' };
    services.set(name, { mode: mode ?? undefined, url: url ?? undefined });
  }
  return { services };
}

/**
 * A URL of unknown origin as it may be shown: without user, query and fragment, where secrets live.
 */
export function showURL(text: string): string {
  if (!URL.canParse(text)) return '(not a URL)';
  const url = new URL(text);
  if (!['http:', 'https:', 'tcp:'].includes(url.protocol)) return `${printable(url.protocol, 20)}...`;
  return printable(`${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`, 300);
}

/** Whether two URLs lead to the same place; a slash at the end makes no difference. */
export function sameURL(a: string, b: string): boolean {
  if (!URL.canParse(a) || !URL.canParse(b)) return false;
  return withoutSlash(new URL(a).href) === withoutSlash(new URL(b).href);
}

function withoutSlash(text: string): string {
  return text.replace(/\/+$/, '');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT;
}

function isOptionalText(value: unknown): value is string | null | undefined {
  return value === undefined || value === null || (typeof value === 'string' && value.length <= MAX_TEXT);
}
