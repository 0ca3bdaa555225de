import { CHECKPOINT_NAMESPACE, parsePublicKey, signsText, type PublicKey } from '../../votes/index.ts';

/** Somebody outside of the cluster who signs how far a chain has come. */
export interface Witness {
  readonly name: string;
  readonly key: PublicKey;
}

/** `name [namespaces="..."] key`, the part of OpenSSH's ALLOWED SIGNERS that a witness needs. */
const LINE = /^([A-Za-z0-9._@+-]{1,253}) +(?:namespaces="([^"]*)" +)?((?:ssh|ecdsa|sk)-[^ ]+ .+)$/;

/** The witnesses of a file that stock `ssh-keygen -Y verify -f` reads too; what cannot be used is said, not passed over. */
export function parseWitnesses(file: string): {
  readonly witnesses: readonly Witness[];
  readonly problems: readonly string[];
} {
  const witnesses: Witness[] = [];
  const problems: string[] = [];
  for (const [index, line] of file.split('\n').entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, name = '', namespaces = CHECKPOINT_NAMESPACE, keyLine = ''] = LINE.exec(line.trimEnd()) ?? [];
    const parsed = parsePublicKey(keyLine);
    if (parsed.ok && namespaces.split(',').includes(CHECKPOINT_NAMESPACE)) witnesses.push({ name, key: parsed.key });
    else
      problems.push(
        `line ${index + 1} of the witnesses is not used: ${name !== '' && !parsed.ok ? parsed.message : `write: name namespaces="${CHECKPOINT_NAMESPACE}" ssh-ed25519 AAAA...`}`,
      );
  }
  return { witnesses, problems };
}

/** Who of them signed the text of a checkpoint, by name. */
export function witnessesOf(
  text: string,
  countersignatures: readonly string[],
  witnesses: readonly Witness[],
): readonly string[] {
  const signed = witnesses.filter(({ key }) =>
    countersignatures.some((armor) => signsText(armor, key, CHECKPOINT_NAMESPACE, text)),
  );
  return [...new Set(signed.map(({ name }) => name))];
}
