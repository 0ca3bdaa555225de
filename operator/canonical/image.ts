import { DIGEST, isDigest, type Digest } from './digest.ts';

/** What an image reference by digest ends in, for schemas. */
export const IMAGE_DIGEST = new RegExp(`@${DIGEST.source.slice(1)}`);

/** The digest that an image reference ends in (`repository@sha256:...`); undefined for one that names a tag or nothing. */
export function imageDigest(reference: string): Digest | undefined {
  const at = reference.lastIndexOf('@');
  if (at < 0) return undefined;
  const digest = reference.slice(at + 1);
  return isDigest(digest) ? digest : undefined;
}

/** The repository of an image reference, without tag and digest; a port of the registry is no tag. */
export function imageRepository(reference: string): string {
  const named = reference.replace(/@.*/s, '');
  const colon = named.lastIndexOf(':');
  return colon > named.lastIndexOf('/') ? named.slice(0, colon) : named;
}

/** One repository, then its digest: nothing that somebody could read as two references. */
export function isPinned(reference: string): boolean {
  const digest = imageDigest(reference);
  return digest !== undefined && /^[^@\s]+@$/.test(reference.slice(0, -digest.length));
}
