/** The parts of OpenSSH's regress/sshsig.sh: keys, certificates, an agent, and `ssh-keygen -Y verify` as the other judge. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NAMESPACE } from './ssh.ts';

/** The plain key types of `ssh -Q key-plain`, as the script makes them. */
export const KEY_TYPES = [
  ['ssh-dss', 'dsa'],
  ['ssh-rsa', 'rsa', '-b', '3072'],
  ['ssh-ed25519', 'ed25519'],
  ['ecdsa-sha2-nistp256', 'ecdsa', '-b', '256'],
  ['ecdsa-sha2-nistp384', 'ecdsa', '-b', '384'],
  ['ecdsa-sha2-nistp521', 'ecdsa', '-b', '521'],
  ['sk-ssh-ed25519@openssh.com', 'ed25519-sk'],
  ['sk-ecdsa-sha2-nistp256@openssh.com', 'ecdsa-sk'],
] as const;

export interface RegressKey {
  readonly type: string;
  /** The line of its .pub file. */
  readonly line: string;
  readonly file: string;
  readonly fingerprint: string;
}

export interface SignOptions {
  readonly namespace?: string;
  readonly hash?: string;
  /** Signs with the certificate of the key, as `sshsig.sh` makes one. */
  readonly certificate?: boolean;
  /** Through an agent that alone has the private key. */
  readonly agent?: boolean;
}

export interface VerifyOptions {
  readonly namespace?: string;
  readonly principal?: string;
  /** As `-O verify-time`: YYYYMMDD, in UTC. */
  readonly at?: string;
  /** Lines of public keys that are revoked. */
  readonly revoked?: readonly string[];
}

/** One temporary folder; `remove` at the end of the test file. */
export class Regress {
  readonly #folder = mkdtempSync(join(tmpdir(), 'regress-'));
  readonly #env: NodeJS.ProcessEnv;
  readonly #authority: RegressKey;
  #serial = 0;

  /** @param tests the folder of OpenSSH's regression tests: its security key in software signs for the sk types */
  constructor(tests: string) {
    const provider = join(tests, 'misc/sk-dummy/sk-dummy.so');
    this.#env = { ...process.env, SSH_SK_PROVIDER: provider, SSH_ASKPASS_REQUIRE: 'never' };
    this.#authority = this.makeKey('ssh-ed25519', 'ed25519');
  }

  /** The line of the key that signs certificates. */
  get authority(): string {
    return this.#authority.line;
  }

  makeKey(type: string, ...arguments_: readonly string[]): RegressKey {
    const file = this.#path('key');
    this.#keygen(['-q', '-t', ...arguments_, '-N', '', '-C', 'regress', '-f', file]);
    const line = readFileSync(`${file}.pub`, 'utf8').trimEnd();
    const fingerprint = this.#keygen(['-l', '-f', `${file}.pub`]).split(' ')[1] ?? '';
    return { type, line, file, fingerprint };
  }

  /** Certifies a key for a principal as the script does, valid from 1984 to 1986; the line of the certificate. */
  certify(key: RegressKey, principal: string): string {
    const arguments_ = [
      '-q',
      '-s',
      this.#authority.file,
      '-I',
      'regress',
      '-V',
      '19840101Z:19860101Z',
      '-n',
      principal,
    ];
    this.#keygen([...arguments_, `${key.file}.pub`]);
    return readFileSync(`${key.file}-cert.pub`, 'utf8').trimEnd();
  }

  sign(key: RegressKey, text: string, options: SignOptions = {}): string {
    const { namespace = NAMESPACE, hash, certificate = false, agent = false } = options;
    const file = certificate ? `${key.file}-cert.pub` : key.file;
    const hashing = hash === undefined ? [] : ['-O', `hashalg=${hash}`];
    if (!agent) return this.#keygen(['-q', '-Y', 'sign', '-f', file, '-n', namespace, ...hashing], text);
    // The public key alone lies where ssh-keygen looks; the agent ends with its command.
    const alone = this.#path('agent');
    writeFileSync(`${alone}.pub`, `${key.line}\n`);
    const script = 'ssh-add -q "$1" && ssh-keygen -q -Y sign -f "$2" -n "$3"';
    const command = ['-P', '/*', 'sh', '-c', script, 'sh', key.file, `${alone}.pub`, namespace];
    return this.#run('ssh-agent', command, text);
  }

  /** Whether stock `ssh-keygen -Y verify` accepts it for these lines of an allowed-signers file. */
  accepts(armor: string, text: string, signers: readonly string[], options: VerifyOptions = {}): boolean {
    const { namespace = NAMESPACE, principal = 'alice', at, revoked } = options;
    const arguments_ = ['-Y', 'verify', '-n', namespace, '-I', principal];
    arguments_.push('-s', this.#file('sig', armor), '-f', this.#file('signers', lines(signers)));
    if (at !== undefined) arguments_.push('-O', `verify-time=${at}000000Z`);
    if (revoked !== undefined) arguments_.push('-r', this.#file('revoked', lines(revoked)));
    return spawnSync('ssh-keygen', arguments_, { input: text, env: this.#env }).status === 0;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #path(name: string): string {
    return join(this.#folder, `${name}${this.#serial++}`);
  }

  #file(name: string, content: string): string {
    const path = this.#path(name);
    writeFileSync(path, content);
    return path;
  }

  #keygen(arguments_: readonly string[], input = ''): string {
    return this.#run('ssh-keygen', arguments_, input);
  }

  #run(program: string, arguments_: readonly string[], input: string): string {
    return execFileSync(program, arguments_, {
      input,
      env: this.#env,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'ignore'],
    });
  }
}

function lines(all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}
