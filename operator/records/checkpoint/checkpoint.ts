import type { KeyObject } from 'node:crypto';
import { isDigest } from '../../canonical/index.ts';
import { isGone } from '../cut.ts';
import type { ChainLink } from '../types.ts';
import { parseNote, signNote, type Note } from './note.ts';

/** How far a chain had come when somebody signed for it. */
export interface Checkpoint {
  /** Which cluster the chain is of: the uid of its kube-system. */
  readonly cluster: string;
  readonly namespace: string;
  readonly target: string;
  /** Sequence of the last record. */
  readonly size: number;
  /** Digest of the last record, which names all before it. */
  readonly digest: string;
}

const PREFIX = 'twinlock.dev/records/v1/';
const ORIGIN = /^twinlock\.dev\/records\/v1\/([0-9A-Za-z-]{1,63})\/([a-z0-9-]{1,63})\/([a-z0-9.-]{1,253})$/;
const SIZE = /^[1-9][0-9]{0,8}$/;

/**
 * The text that is signed. It has the lines of a C2SP tlog-checkpoint: origin, size, hash. The hash is not the root of a
 * Merkle tree but the digest of the last record, whose `previous` leads to all others.
 */
export function checkpointText({ cluster, namespace, target, size, digest }: Checkpoint): string {
  const hash = Buffer.from(digest.slice('sha256:'.length), 'hex').toString('base64');
  return `${keyName(cluster)}/${namespace}/${target}\n${size}\n${hash}\n`;
}

/** The name of a cluster's key in notes; the origin of each of its chains begins with it. */
export function keyName(cluster: string): string {
  return `${PREFIX}${cluster}`;
}

/** @returns undefined for whatever is not exactly such a text */
function parseCheckpoint(text: string): Checkpoint | undefined {
  const [origin = '', size = '', hash = '', ...rest] = text.split('\n');
  const [, cluster, namespace, target] = ORIGIN.exec(origin) ?? [];
  const bytes = Buffer.from(hash, 'base64');
  const digest = `sha256:${bytes.toString('hex')}`;
  if (cluster === undefined || namespace === undefined || target === undefined || !SIZE.test(size)) return undefined;
  if (rest.length !== 1 || rest[0] !== '' || bytes.toString('base64') !== hash || !isDigest(digest)) return undefined;
  return { cluster, namespace, target, size: Number(size), digest };
}

/** A checkpoint as it came, signed by whomever. */
export interface SignedCheckpoint extends Checkpoint {
  readonly note: Note;
}

/**
 * Reads a signed note, or its text alone, as a witness keeps it beside a signature.
 *
 * @returns undefined for what is no checkpoint
 */
export function readCheckpoint(text: string): SignedCheckpoint | undefined {
  const note = parseNote(text) ?? { text, signatures: [] };
  const checkpoint = parseCheckpoint(note.text);
  return checkpoint === undefined ? undefined : { ...checkpoint, note };
}

/** The note of a checkpoint, signed under the name that goes with its cluster. */
export function signCheckpoint(checkpoint: Checkpoint, privateKey: KeyObject): string {
  return signNote(checkpointText(checkpoint), keyName(checkpoint.cluster), privateKey);
}

/** How a chain denies a checkpoint. */
export interface Departure {
  /** Cut: it ends before. Rewritten: what was signed is not in it. */
  readonly kind: 'Cut' | 'Rewritten';
  readonly message: string;
}

/**
 * How a chain departs from where it was signed; undefined when it goes on from there. Nobody may sign what denies what was
 * signed before: that is what a cut or a rewritten chain would need.
 */
export function departureOf(
  records: readonly Pick<ChainLink, 'sequence' | 'digest' | 'cut'>[],
  { size, digest }: Pick<Checkpoint, 'size' | 'digest'>,
): Departure | undefined {
  const head = records.at(-1)?.sequence ?? 0;
  if (size > head) {
    const gone = head + 1 === size ? `record ${size} was` : `records ${head + 1} to ${size} were`;
    return { kind: 'Cut', message: `record ${size} was signed for and the last one is ${head}: ${gone} cut off` };
  }
  return records.some((record) => record.sequence === size && record.digest === digest) ||
    isGone(records, { sequence: size, digest })
    ? undefined
    : { kind: 'Rewritten', message: `record ${size} is not the one that was signed for` };
}
