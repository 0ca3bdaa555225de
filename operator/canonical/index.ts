/** Canonical JSON and digests: a leaf that every part may import. */
export { CanonicalError, type CanonicalErrorCode } from './errors.ts';
export { canonicalJSON, type JSONValue } from './json.ts';
export { DIGEST, digestOf, digestOfBytes, isDigest, type Digest } from './digest.ts';
export { imageDigest, imageRepository, IMAGE_DIGEST, isPinned } from './image.ts';
export { holdsNull, isList, isMembers, itemsOf, membersOf, withoutNull, type Members } from './shape.ts';
export { microTime, parseHttpDate, parseTime, RFC3339, rfc3339 } from './time.ts';
export { escapeNonPrintable, printable } from './printable.ts';
export { sortedBy } from './sorted.ts';
