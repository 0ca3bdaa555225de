const BEGIN = '-----BEGIN SSH SIGNATURE-----';
const END = '-----END SSH SIGNATURE-----';
const SIG_FILE = 'the .sig file that ssh-keygen -Y sign wrote';
const AS_IT_IS = `annotate ${SIG_FILE}, as it is`;
/** What base64 may hold, line breaks among it. */
const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

/** One way in which a signature does not arrive, and what whoever sent it can do. */
interface Mishap {
  readonly holds: (text: string) => boolean;
  readonly hint: string;
}

const has = (part: string) => (text: string) => text.includes(part);
const framed = has(BEGIN);

/** From what says most to what says least; the first that holds is told. */
const MISHAPS: readonly Mishap[] = [
  {
    holds: (text) => text.trim() === '',
    hint: `the annotation is empty: ssh-keygen writes no .sig file where one is there already, remove it and sign again`,
  },
  {
    holds: (text) => /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text),
    hint: `this is a PRIVATE KEY and everybody who reads promotions has seen it: have it revoked in the keyring now; ${AS_IT_IS}`,
  },
  {
    holds: (text) => framed(text) && text.split(BEGIN).length > 2,
    hint: 'it holds more than one signature: put each into an annotation of its own',
  },
  {
    holds: (text) => framed(text) && !text.includes(END),
    hint: `it is cut off before its END line: annotate all of ${SIG_FILE}`,
  },
  {
    holds: (text) => framed(text) && text.includes('\r'),
    hint: `its lines end as on Windows (CRLF): write them with line feeds, tr -d '\\r' < s.json.sig, and annotate that`,
  },
  {
    holds: (text) => framed(text) && text.includes('\\n'),
    hint: `its line breaks arrived as a backslash and the letter n: ${AS_IT_IS}, e.g. "name=$(cat s.json.sig)"`,
  },
  {
    holds: (text) => framed(text) && !text.trim().includes('\n'),
    hint: `its line breaks became spaces: put it into quotes, "name=$(cat s.json.sig)", or in YAML write | and not >`,
  },
  {
    holds: (text) => framed(text) && /^[ \t]/m.test(text),
    hint: 'its lines are indented: in YAML write | and indent every line alike, elsewhere take the spaces away',
  },
  {
    holds: (text) => framed(text) && text.startsWith('\ufeff'),
    hint: `it begins with a byte order mark, as PowerShell's > writes one: ${AS_IT_IS}`,
  },
  {
    holds: (text) => framed(text) && /[ \t]$/m.test(text),
    hint: `its lines end in spaces: ${AS_IT_IS}`,
  },
  {
    holds: (text) => framed(text) && (!text.startsWith(BEGIN) || !/-----END SSH SIGNATURE-----\n?$/.test(text)),
    hint: `something stands before its BEGIN line or after its END line: ${AS_IT_IS}, and nothing else`,
  },
  {
    holds: (text) => /^\s*(sk-)?(ssh|ecdsa)-[a-z0-9@.-]+ AAAA/.test(text),
    hint: `this is a public key: it belongs into the keyring; ${AS_IT_IS}`,
  },
  {
    holds: has('-----BEGIN PGP '),
    hint: 'this is a PGP signature: votes are signed with an SSH key, ssh-keygen -Y sign',
  },
  {
    holds: (text) => /-----BEGIN (PKCS7|CMS|CERTIFICATE|SIGNED MESSAGE|SMIME)/.test(text),
    hint: 'this is an X.509 signature or certificate: votes are signed with an SSH key, ssh-keygen -Y sign',
  },
  {
    holds: (text) => text.startsWith('untrusted comment:'),
    hint: 'this is a signature of signify or minisign: votes are signed with an SSH key, ssh-keygen -Y sign',
  },
  {
    holds: (text) => decoded(text).startsWith(BEGIN),
    hint: `it was encoded as base64 once more: ${AS_IT_IS}`,
  },
  {
    holds: (text) => decoded(text).startsWith('SSHSIG'),
    hint: `its BEGIN and END lines are missing: annotate all of ${SIG_FILE}`,
  },
  {
    holds: (text) => /^\s*\{/.test(text),
    hint: `this is the statement itself: sign it, then ${AS_IT_IS}`,
  },
  {
    holds: (text) => /^\S{1,255}\.sig\s*$/.test(text),
    hint: 'this is the name of a file: put what is in it into the annotation, "name=$(cat s.json.sig)"',
  },
];

/**
 * What probably happened to a vote that is no armor, for who sent it. Holds nothing of the input, and nothing is ever
 * counted because of it.
 */
export function armorHint(text: string): string | undefined {
  return MISHAPS.find(({ holds }) => holds(text))?.hint;
}

function decoded(text: string): string {
  return BASE64.test(text) ? Buffer.from(text, 'base64').toString('latin1') : '';
}
