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

/** An image reference without its digest. A tag before the digest stays, as in `repository:1.2@sha256:...`. */
export function imageName(reference: string): string {
  return reference.replace(/@.*/s, '');
}

/** One repository, then its digest: nothing that somebody could read as two references. */
export function isPinned(reference: string): boolean {
  const digest = imageDigest(reference);
  return digest !== undefined && /^[^@\s]+@$/.test(reference.slice(0, -digest.length));
}
