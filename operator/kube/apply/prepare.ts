import type { KubeObject, ResourceType } from '../objects/index.ts';
import { hashOf } from '../hash.ts';

/** An object as it is sent, and the digest that it carries. */
export interface Prepared {
  readonly object: KubeObject;
  readonly hash: string;
}

/**
 * The desired object as it will be sent: typed, with `stringData` of a Secret in the form that is stored (it could not be
 * compared otherwise), and with the digest of all this in an annotation.
 */
export function prepare(type: ResourceType, desired: KubeObject, annotation: string): Prepared {
  const stored = type.kind === 'Secret' && type.group === '' ? withStoredData(desired) : desired;
  const typed = { ...stored, apiVersion: type.apiVersion, kind: type.kind };
  const hash = hashOf(typed);
  const annotations = { ...typed.metadata.annotations, [annotation]: hash };
  return { object: { ...typed, metadata: { ...typed.metadata, annotations } }, hash };
}

function withStoredData(secret: KubeObject & { readonly stringData?: unknown; readonly data?: unknown }): KubeObject {
  const { stringData, ...rest } = secret;
  if (typeof stringData !== 'object' || stringData === null) return secret;
  const encoded = Object.entries(stringData).map(([key, text]) => [key, Buffer.from(String(text)).toString('base64')]);
  const data = { ...(typeof rest.data === 'object' ? rest.data : {}), ...Object.fromEntries(encoded) };
  const stored: KubeObject & { readonly data: unknown } = { ...rest, data };
  return stored;
}
