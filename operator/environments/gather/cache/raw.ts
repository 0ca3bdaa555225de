/** What is read of objects as they came, without trust in their form. */
import { itemsOf, membersOf } from '../../../canonical/index.ts';
import { hash } from 'node:crypto';
import type { KubeObject } from '../../../kube/index.ts';

/** An object as it came: only the parts that are read are looked at, and each is checked. */
export type Raw = KubeObject & Readonly<Record<string, unknown>>;

/** Digest of everything but status and metadata; labels count, since selectors rely on them. */
export function contentDigest(raw: Raw): string {
  const content = Object.entries(raw).filter(([field]) => !notContent.has(field));
  return sentDigest([content, raw.metadata.labels ?? {}]);
}

/**
 * Tells one content from another in the form that the API server sent it: it writes fields in the same order each time, so
 * there is no canonical form to be made of each of a hundred thousand objects. 128 bits of SHA-256.
 */
export function sentDigest(sent: unknown): string {
  return hash('sha256', JSON.stringify(sent), 'buffer').toString('base64url', 0, 16);
}

const notContent: ReadonlySet<string> = new Set(['apiVersion', 'kind', 'metadata', 'status']);

/** A condition of which nothing is promised but its form. */
export interface RawCondition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** `status.conditions`, with what is missing or odd as if it said nothing. */
export function conditionsOf(raw: Raw): readonly RawCondition[] {
  return itemsOf(membersOf(raw['status'])['conditions']).map(conditionOf);
}

/** One of them. */
export function conditionOf(each: unknown): RawCondition {
  const { type, status, reason, message } = membersOf(each);
  const known = status === 'True' || status === 'False' ? status : 'Unknown';
  return { type: text(type), status: known, reason: text(reason), message: text(message) };
}

/** Empty where it is none. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** 0 where it is none. */
export function number(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
