import type { StatementTexts } from '../statement/types.ts';
import { decisionOf } from '../sshsig/decision.ts';
import type { PublicKey } from '../sshsig/keys.ts';
import type { Sshsig } from '../sshsig/sshsig.ts';

const BYTE_ORDER_MARK = '\ufeff';
const windows = (text: string): string => text.replaceAll('\n', '\r\n');

/** What programs make of a text file on its way, in words. */
const VARIANTS: readonly (readonly [string, (text: string) => string | Buffer])[] = [
  ['without the line break at its end', (text) => text.slice(0, -1)],
  ['with one more line break at its end', (text) => `${text}\n`],
  ['with line ends as on Windows (CRLF)', windows],
  ['with line ends as on Windows (CRLF)', (text) => windows(text).slice(0, -2)],
  ['with line ends as on Windows (CRLF)', (text) => windows(`${text}\n`)],
  ['with a byte order mark before it', (text) => BYTE_ORDER_MARK + text],
  ['with a byte order mark before it', (text) => BYTE_ORDER_MARK + windows(text)],
  ["as UTF-16, as PowerShell's > writes it", (text) => Buffer.from(BYTE_ORDER_MARK + windows(text), 'utf16le')],
  ["as UTF-16, as PowerShell's > writes it", (text) => Buffer.from(BYTE_ORDER_MARK + windows(`${text}\n`), 'utf16le')],
  ['put on one line, as jq -c does', (text) => JSON.stringify(JSON.parse(text))],
  ['put on one line, as jq -c does', (text) => `${JSON.stringify(JSON.parse(text))}\n`],
  ['as a quoted string, as -o json prints it', (text) => JSON.stringify(text)],
  ['as a quoted string, as -o json prints it', (text) => `${JSON.stringify(text)}\n`],
];

/**
 * In which form an enrolled key signed a statement that was changed on its way, in words; undefined when it is none that
 * is known. For the hint only: a vote is over the exact bytes, or none.
 */
export function signedVariant(sshsig: Sshsig, key: PublicKey, statements: StatementTexts): string | undefined {
  return VARIANTS.find(([, change]) => {
    try {
      return decisionOf(sshsig, key, { approve: change(statements.approve), reject: change(statements.reject) });
    } catch {
      return false;
    }
  })?.[0];
}
