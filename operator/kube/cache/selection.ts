import type { Selection } from '../client/client.ts';
import { labelSelector } from '../objects/index.ts';
import type { KubeObject } from '../objects/index.ts';

/**
 * A test of whether an object belongs to a selection. Field selectors are the server's own business: with one, the
 * answer is always no.
 */
export function selects(selection: Selection): (object: KubeObject) => boolean {
  if (selection.fieldSelector !== undefined) return () => false;
  const matches = selection.labelSelector === undefined ? () => true : labelSelector(selection.labelSelector);
  return ({ metadata }) =>
    (selection.namespace === undefined || selection.namespace === metadata.namespace) && matches(metadata.labels);
}
