/** Signed heads of chains: text in, verdict out. */
export {
  checkpointText,
  departureOf,
  keyName,
  readCheckpoint,
  signCheckpoint,
  type Checkpoint,
  type Departure,
  type SignedCheckpoint,
} from './checkpoint.ts';
export { keyLine, parseKeyLine, signersOf, type NoteKey } from './note.ts';
export { cutFieldOf, cutWords, HEAD_KEYS, headFieldOf, headKeysOf } from './stored.ts';
