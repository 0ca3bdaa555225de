import { microTime } from '../../canonical/index.ts';
import { createHash } from 'node:crypto';
import { hashOf } from '../hash.ts';
import { keyOf } from '../objects/index.ts';
import type { KubeEvent, KubeObject } from '../objects/index.ts';
import type { EventInput } from './types.ts';

/** Who says it: `metadata` of every event of one process. */
export interface Reporter {
  /** Qualified name, such as `acme.dev/controller`. */
  readonly controller: string;
  /** The pod. */
  readonly instance: string;
}

const noteLength = 1024;
const nameLength = 128;

/** Two inputs with the same key are one event that happened twice. */
export function aggregationKey({ regarding, related, type, reason, action, note }: EventInput): string {
  return hashOf([reference(regarding), related === undefined ? null : reference(related), type, reason, action, note]);
}

/**
 * The event as it is created the first time. Events about cluster-scoped objects live in `default` (as kubectl expects).
 *
 * @param at wall clock, milliseconds since the epoch
 */
export function newEvent(input: EventInput, reporter: Reporter, at: number): KubeEvent {
  const { regarding, related, type, reason, action, note } = input;
  const namespace = regarding.metadata.namespace ?? 'default';
  const suffix = createHash('sha256')
    .update(`${reporter.instance}/${at}/${aggregationKey(input)}`)
    .digest('hex')
    .slice(0, 16);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { namespace, name: `${eventPrefix(regarding.metadata.name)}.${suffix}` },
    eventTime: microTime(at),
    reportingController: reporter.controller,
    reportingInstance: reporter.instance.slice(0, nameLength),
    type,
    reason: reason.slice(0, nameLength),
    action: action.slice(0, nameLength),
    note: cut(note, noteLength),
    regarding: reference(regarding),
    ...(related === undefined ? {} : { related: reference(related) }),
  };
}

/** An object's name as the start of an event's: not every kind's names are DNS names, and all may be too long. */
function eventPrefix(name: string): string {
  const plain = name.toLowerCase().replace(/[^a-z0-9.-]/g, '-');
  return plain.slice(0, 200).replace(/[-.]+$/, '') || 'event';
}

/** What messages call the object. */
export function nameOf(object: KubeObject): string {
  return `${object.kind} ${keyOf(object)}`;
}

interface Reference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
}

function reference({ apiVersion, kind, metadata: { name, namespace, uid } }: KubeObject): Reference {
  return {
    apiVersion,
    kind,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
  };
}

/** Cuts at a character, not inside one. */
function cut(text: string, length: number): string {
  return text.length <= length
    ? text
    : `${Array.from(text.slice(0, length - 2))
        .slice(0, -1)
        .join('')}…`;
}
