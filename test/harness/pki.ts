import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { momentaryFolder } from './cache.ts';
import { run } from './command.ts';
import { HarnessError } from './errors.ts';

/** A certificate and its private key, PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface Subject {
  readonly name: string;
  readonly groups?: readonly string[];
  /** `DNS:...` and `IP:...`, for a server. */
  readonly altNames?: readonly string[];
}

/** A self-signed certificate authority (ECDSA P-256, 10 years). */
export function newAuthority(name: string): Promise<KeyPair> {
  const extensions = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,digitalSignature'];
  return withConfig({ name }, extensions, (folder, config) => request(folder, config, ['-x509', '-days', '3650']));
}

/** A certificate for clients and servers, signed by the authority. */
export async function newCertificate(authority: KeyPair, subject: Subject): Promise<KeyPair> {
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=clientAuth,serverAuth',
    ...(subject.altNames ? [`subjectAltName=${subject.altNames.join(',')}`] : []),
  ];
  return withConfig(subject, extensions, async (folder, config) => {
    await writeFile(join(folder, 'ca.crt'), authority.certificate);
    await writeFile(join(folder, 'ca.key'), authority.key, { mode: 0o600 });
    const signed = ['-x509', '-days', '365', '-CA', join(folder, 'ca.crt'), '-CAkey', join(folder, 'ca.key')];
    return request(folder, config, signed);
  });
}

/** A certificate signing request (in `certificate`) and its key. */
export function newSigningRequest(subject: Subject): Promise<KeyPair> {
  return withConfig(subject, ['keyUsage=critical,digitalSignature'], (folder, config) => request(folder, config, []));
}

async function request(folder: string, config: string, args: readonly string[]): Promise<KeyPair> {
  const [certificate, key] = [join(folder, 'out.crt'), join(folder, 'out.key')];
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key];
  const kind = args.includes('-x509') ? '-extensions' : '-reqexts';
  await run('openssl', ['req', '-new', '-config', config, kind, 'ext', ...newKey, ...args, '-out', certificate]);
  return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
}

async function withConfig<T>(
  { name, groups = [] }: Subject,
  extensions: readonly string[],
  work: (folder: string, config: string) => Promise<T>,
): Promise<T> {
  for (const text of [name, ...groups]) {
    // openssl's configuration gives meaning to $, # and \; no user of a test needs them.
    if (!/^[\w.:@/+ -]{1,64}$/.test(text)) throw new HarnessError('Configuration', `not a usable user name: ${text}`);
  }
  const folder = await momentaryFolder();
  try {
    const config = join(folder, 'openssl.cnf');
    const names = [...groups.map((group, index) => `${index}.O=${group}`), `CN=${name}`];
    await writeFile(
      config,
      ['[req]', 'prompt=no', 'utf8=yes', 'distinguished_name=dn', '[dn]', ...names, '[ext]', ...extensions, ''].join(
        '\n',
      ),
    );
    return await work(folder, config);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
