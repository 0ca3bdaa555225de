import { all, any } from './cel.ts';
import { denial, refusal } from './denial.ts';
import { GROUP } from './names.ts';
import type { Bounds, PolicyRule } from './policy.ts';

/** Labels, and annotations, of an object of this group. */
const MOST_KEYS = 64;
/** Owners, and finalizers. */
const MOST_NAMES = 8;
/** Labels, and annotations, of a pod or template: an approved one has as many as its team gave it. */
const MOST_OF_PODS = 1000;

const sizeOf = (metadata: string, field: string, empty: string): string =>
  `${metadata}.?${field}.orValue(${empty}).size()`;
const maps = (metadata: string, most: number): string =>
  all(...['labels', 'annotations'].map((field) => `${sizeOf(metadata, field, '{}')} <= ${most}`));
const small = (object: string): string =>
  all(
    maps(`${object}.metadata`, MOST_KEYS),
    ...['ownerReferences', 'finalizers'].map(
      (field) => `${sizeOf(`${object}.metadata`, field, '[]')} <= ${MOST_NAMES}`,
    ),
  );

/** What is going away must be able to, whatever it is: its finalizers are taken off by updates. */
const going = all("request.operation == 'UPDATE'", 'has(oldObject.metadata.deletionTimestamp)');

/**
 * How much metadata an object of this group has, now and before. Users fill these maps and lists, and each update of the
 * object is paid by the API server.
 */
export const ownBounds: Bounds = {
  expression: all(small('object'), any("request.operation != 'UPDATE'", small('oldObject'))),
  unless: going,
  message: refusal(
    `' may have ${MOST_KEYS} labels, ${MOST_KEYS} annotations, ${MOST_NAMES} owners and ${MOST_NAMES} finalizers: delete it and create it with fewer'`,
  ),
};

/**
 * The same for pods and templates, which are compared with approved ones key by key.
 *
 * @param metadata CEL of their metadata
 */
export function podBounds(metadata: string): Bounds {
  return {
    expression: maps(metadata, MOST_OF_PODS),
    message: denial(`' may have ${MOST_OF_PODS} labels and ${MOST_OF_PODS} annotations in a protected namespace'`),
  };
}

/** Objects of this group stay small, so that none makes the operator and the API server slow for all others. */
export function bounds(): PolicyRule {
  return {
    name: 'bounds',
    description: "Objects of Twinlock's kinds have few labels, annotations, owners and finalizers.",
    match: [{ groups: [GROUP], resources: ['*'], operations: ['CREATE', 'UPDATE'] }],
    bounds: ownBounds,
    validations: [],
  };
}
