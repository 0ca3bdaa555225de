import type { Decision } from './terms/names.ts';
import { VOTE_NAMESPACE, VOTE_PREFIX } from './terms/names.ts';

/** The name part of an annotation (Kubernetes: at most 63 characters). */
const MAX_NAME = 63;
const NONCE_CHARACTERS = 6;
/** A DNS-1123 subdomain, as every name and namespace of an object is. */
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

export interface VoteCommandsInput {
  readonly namespace: string;
  readonly name: string;
  readonly decision: Decision;
  readonly nonce: string;
  /** A label for people, such as the principal's name. */
  readonly principalHint: string;
  /** Default `~/.ssh/id_ed25519`. */
  readonly keyFile?: string | undefined;
}

/** A name that no object of Kubernetes can have was to be put into a shell line. */
class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code = 'BadName';
}

/**
 * The three shell lines that an approver runs (security: "The vote"): read, sign, annotate.
 *
 * @throws CommandError for a namespace or name that is no DNS-1123 name: such lines are pasted into a shell.
 */
export function voteCommands(input: VoteCommandsInput): readonly [string, string, string] {
  const { namespace, name, decision, nonce, principalHint, keyFile } = input;
  return signing({
    object: { resource: 'promotion', namespace, name },
    statement: `.status.approval.statements.${decision}`,
    annotation: annotationName(principalHint, nonce),
    keyFile,
  });
}

export interface TrustCommandsInput {
  /** In the singular, as kubectl takes it. */
  readonly resource: string;
  /** Left out: the kind has none. */
  readonly namespace?: string | undefined;
  readonly name: string;
  /** Tells the signatures of one change from those of another. */
  readonly nonce: string;
  readonly principalHint: string;
}

/**
 * The same for a change of a keyring, a policy or a target (security: "Sealed trust").
 *
 * @throws CommandError as {@link voteCommands} does
 */
export function trustCommands({
  nonce,
  principalHint,
  ...object
}: TrustCommandsInput): readonly [string, string, string] {
  return signing({
    object,
    statement: '.status.trust.pending.statements.approve',
    annotation: annotationName(principalHint, nonce),
  });
}

interface Signing {
  readonly object: Pick<TrustCommandsInput, 'resource' | 'namespace' | 'name'>;
  /** Where the text is. */
  readonly statement: string;
  readonly annotation: string;
  readonly keyFile?: string | undefined;
}

function signing({
  object: { resource, namespace, name },
  statement,
  annotation,
  keyFile = '~/.ssh/id_ed25519',
}: Signing): readonly [string, string, string] {
  if (!OBJECT_NAME.test(namespace ?? 'default') || !OBJECT_NAME.test(name))
    throw new CommandError(`the ${resource} has an impossible name: take it from the API server`);
  const object = `${resource} ${name}${namespace === undefined ? '' : ` -n ${namespace}`}`;
  return [
    `kubectl get ${object} -o jsonpath='{${statement}}' > s.json; less s.json`,
    // ssh-keygen does not overwrite, and with stdin closed it exits 0 all the same.
    `rm -f s.json.sig; ssh-keygen -Y sign -f ${quoted(keyFile)} -n ${VOTE_NAMESPACE} s.json`,
    // A field manager of its own: Flux drops what managers named kubectl* write.
    `kubectl annotate ${object} --field-manager=vote "${annotation}=$(cat s.json.sig)"`,
  ];
}

/**
 * Where to put a vote: `vote.twinlock.dev/alice-3f9c21`. It ends in the round's nonce because an annotation that exists
 * cannot be overwritten. The hint may be any text; what a name cannot hold becomes `-`.
 */
function annotationName(principalHint: string, nonce: string): string {
  const tail =
    nonce
      .toLowerCase()
      .replace(/[^0-9a-z]/g, '')
      .slice(-NONCE_CHARACTERS) || 'vote';
  const hint = principalHint
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-/, '')
    .slice(0, MAX_NAME - NONCE_CHARACTERS - 1)
    .replace(/-$/, '');
  return `${VOTE_PREFIX}${hint === '' ? tail : `${hint}-${tail}`}`;
}

/** POSIX shell: plain when nothing can be misread, else in single quotes. */
function quoted(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./~-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
