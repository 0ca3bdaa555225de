import { createHash } from 'node:crypto';
import { printable } from '../../canonical/index.ts';
import { dearmor } from './armor.ts';
import { encodingError, SignatureError } from './errors.ts';
import { VOTE_NAMESPACE } from '../terms/names.ts';
import { WireReader, wireString } from './wire.ts';

const MAGIC = Buffer.from('SSHSIG');

/** The fields of an SSHSIG (OpenSSH PROTOCOL.sshsig), not yet verified. */
export interface Sshsig {
  /** The key that the signer names; only compared with the enrolled one, never used. */
  readonly publicKey: Buffer;
  /** What it was signed for. */
  readonly namespace: string;
  readonly hash: 'sha256' | 'sha512';
  readonly algorithm: string;
  readonly signature: Buffer;
  /** What a security key adds (OpenSSH PROTOCOL.u2f); undefined otherwise. */
  readonly securityKey: { readonly flags: number; readonly counter: number } | undefined;
}

/**
 * Reads an armored signature that was made for one purpose: a vote, unless another namespace is named.
 *
 * @throws SignatureError for whatever is not exactly the format.
 */
export function parseSshsig(armor: string, expected = VOTE_NAMESPACE): Sshsig {
  const reader = new WireReader(dearmor(armor));
  if (!reader.take(MAGIC.length).equals(MAGIC)) throw encodingError('this is no SSHSIG: sign with ssh-keygen -Y sign');
  const version = reader.uint32();
  if (version !== 1) throw new SignatureError('UnsupportedVersion', `SSHSIG version ${version} is not known, only 1`);
  const publicKey = reader.string();
  const namespace = reader.text();
  if (namespace !== expected)
    throw new SignatureError(
      'WrongNamespace',
      `it was signed for another purpose, ${printable(namespace, 60)}: sign with -n ${expected}`,
    );
  if (reader.string().length !== 0) throw encodingError('the reserved field is not empty');
  const hash = reader.text();
  if (hash !== 'sha256' && hash !== 'sha512')
    throw new SignatureError('UnsupportedHash', 'the message must be hashed with sha256 or sha512');
  const signature = reader.string();
  reader.end();
  return { publicKey, namespace, hash, ...readSignature(signature) };
}

/** The bytes that the key signed: the message is in them as a hash only. */
export function signedData(
  { namespace, hash }: Pick<Sshsig, 'namespace' | 'hash'>,
  message: Uint8Array | string,
): Buffer {
  return Buffer.concat([
    MAGIC,
    wireString(namespace),
    wireString(''),
    wireString(hash),
    wireString(createHash(hash).update(message).digest()),
  ]);
}

function readSignature(blob: Buffer): Pick<Sshsig, 'algorithm' | 'signature' | 'securityKey'> {
  const reader = new WireReader(blob);
  const algorithm = reader.text();
  const signature = reader.string();
  // The two forms differ in length; which one is right for the algorithm is checked against the enrolled key.
  const securityKey = algorithm.startsWith('sk-') ? { flags: reader.byte(), counter: reader.uint32() } : undefined;
  reader.end();
  return { algorithm, signature, securityKey };
}
