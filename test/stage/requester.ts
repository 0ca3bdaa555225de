/** What a client does beside its request where Kubernetes does not write who asks for a Promotion (before 1.36). */
import { basename } from 'node:path';
import { hasMutatingPolicies } from '../harness/index.ts';
import type { Json } from './stage.ts';

const ANNOTATION = 'twinlock.dev/requested-by';
const COLLECTION = /^\/apis\/twinlock\.dev\/v1alpha1\/namespaces\/[^/]+\/promotions(\?|$)/;

/**
 * The body of a request, with the line that the refusal prints where a Promotion is created without it.
 *
 * @param as path of somebody's kubeconfig; left out: the admin's
 */
export function asRequester(method: string, path: string, body: unknown, as?: string): unknown {
  if (hasMutatingPolicies || method !== 'POST' || !COLLECTION.test(path) || !isObject(body)) return body;
  const metadata = isObject(body['metadata']) ? body['metadata'] : {};
  const annotations = isObject(metadata['annotations']) ? metadata['annotations'] : {};
  const user = as === undefined ? 'admin' : basename(as, '.kubeconfig');
  return { ...body, metadata: { ...metadata, annotations: { [ANNOTATION]: user, ...annotations } } };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
