import { SignatureError } from './errors.ts';
import { canonicalBase64 } from './wire.ts';

const BEGIN = '-----BEGIN SSH SIGNATURE-----\n';
const END = '\n-----END SSH SIGNATURE-----';
/** ssh-keygen writes 70, PEM writers 64, MIME writers 76. */
const MAX_LINE = 76;

/**
 * The bytes inside an armored SSHSIG (OpenSSH PROTOCOL.sshsig). Strict, so that one signature has hardly more than one
 * armor: equally long lines but the last, canonical base64, nothing around.
 *
 * @param armor of bounded size and without its final line break, as ballots are (count/ballots.ts)
 * @throws SignatureError BadArmor.
 */
export function dearmor(armor: string): Buffer {
  if (!armor.startsWith(BEGIN) || !armor.endsWith(END))
    throw badArmor('it must begin with BEGIN SSH SIGNATURE and end with END SSH SIGNATURE, with nothing around');
  const body = armor.slice(BEGIN.length, -END.length);
  const lines = body.split('\n');
  const width = `${body}\n`.indexOf('\n');
  const last = body.length - body.lastIndexOf('\n') - 1;
  if (width > MAX_LINE || last === 0 || last > width || lines.slice(0, -1).some((line) => line.length !== width))
    throw badArmor('its lines are not as ssh-keygen writes them');
  const bytes = canonicalBase64(lines.join(''));
  if (bytes === undefined) throw badArmor('it is no canonical base64');
  return bytes;
}

function badArmor(what: string): SignatureError {
  return new SignatureError('BadArmor', `the vote is no SSH signature: ${what}; annotate the .sig file as it is`);
}
