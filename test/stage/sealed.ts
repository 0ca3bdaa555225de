/** A stage where trust is sealed: who may sign, and how they do it. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SealedObject } from '../../operator/trust/index.ts';
import { run, waitFor, type CommandResult } from '../harness/index.ts';
import { must, type Person, type Stage } from './promotions.ts';
import { bind, user } from './stage.ts';

export const group = '/apis/twinlock.dev/v1alpha1';
export const paths = {
  keyring: (name = 'default'): string => `${group}/approverkeyrings/${name}`,
  policy: (name = 'default'): string => `${group}/approvalpolicies/${name}`,
  target: (namespace: string, name = 'web'): string => `${group}/namespaces/${namespace}/productiontargets/${name}`,
} as const;

export class Sealed {
  readonly #stage: Stage;
  #folders = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** Lets these people carry signatures. */
  async signers(...people: readonly Person[]): Promise<void> {
    await this.#stage.cluster.apply(people.map(({ name }) => bind('twinlock-signer', user(name))));
  }

  /** `sha256:...` of a keyring, by the line of docs/trust.md. */
  async digest(manifest: object): Promise<string> {
    const folder = await this.#folder();
    await writeFile(join(folder, 'keyring.yaml'), JSON.stringify(manifest));
    const { stdout } = await this.shown(/dry-run=server/, folder);
    return `sha256:${stdout.split(' ')[0] ?? ''}`;
  }

  /** Runs the line of docs/trust.md, as a cluster admin. */
  async shown(pattern: RegExp, folder = this.#stage.folder): Promise<CommandResult> {
    const page = await readFile(join(import.meta.dirname, '../../docs/trust.md'), 'utf8');
    const lines = [...page.matchAll(/^ *(kubectl [^\n\\]+)$/gm)].map(([, line = '']) => line);
    const found = new Set(lines.filter((line) => pattern.test(line)));
    const [command] = found;
    if (command === undefined || found.size > 1) throw new Error(`${found.size} lines are ${pattern.source}`);
    return run('bash', ['-c', `set -o pipefail; cd ${folder}; ${command}`], {
      timeout: 30_000,
      env: { KUBECONFIG: this.#stage.cluster.kubeconfig, PATH: this.#path },
    });
  }

  get #path(): string {
    return `${this.#stage.folder}/bin:${process.env['PATH'] ?? ''}`;
  }

  async #folder(): Promise<string> {
    const folder = `${this.#stage.folder}/sealed-${this.#folders++}`;
    await mkdir(folder);
    return folder;
  }

  /** What an object is once that holds. */
  async until(at: string, what: string, holds: (object: SealedObject) => boolean): Promise<SealedObject> {
    return waitFor(`${at}: ${what}`, async (seen) => {
      const { status, body } = await this.#stage.cluster.request('GET', at);
      // The schema holds what the API server answers.
      const object = body as SealedObject;
      seen({ trust: object.status?.trust, conditions: object.status?.conditions });
      return status === 200 && holds(object) && object;
    });
  }

  async accepted(at: string, version?: number): Promise<SealedObject> {
    return this.until(
      at,
      `version ${version ?? ''} is accepted`,
      (object) => isAccepted(object) && (version === undefined || object.status?.trust?.accepted?.version === version),
    );
  }

  /** What stands there waits for signatures. */
  async waiting(at: string): Promise<SealedObject> {
    return this.until(
      at,
      'people are asked',
      ({ metadata, status }) =>
        status?.observedGeneration === metadata.generation && status?.trust?.pending !== undefined,
    );
  }

  /** Signs with stock ssh-keygen and annotates with stock kubectl, by the very lines that `why` shows. */
  async sign(at: string, ...people: readonly Person[]): Promise<void> {
    for (const person of people) {
      const { status } = await this.waiting(at);
      const commands = (status?.trust?.pending?.why ?? []).filter((line) => /^(kubectl|rm -f)/.test(line));
      if (commands.length !== 3) throw new Error(`why shows ${commands.length} commands`);
      const folder = await this.#folder();
      for (const line of commands) {
        const command = line.replaceAll('my-name', person.name).replaceAll('~/.ssh/id_ed25519', person.key);
        await run('bash', ['-c', `cd ${folder}; ${command}`], {
          timeout: 30_000,
          env: { KUBECONFIG: person.kubeconfig, PATH: this.#path },
        });
      }
    }
  }

  /** The chain of what was signed. */
  async records(chain = 'trust'): Promise<readonly string[]> {
    const at = `${group}/namespaces/twinlock-system/promotionrecords`;
    const { items } = must(await this.#stage.cluster.request('GET', at), 'records') as unknown as {
      readonly items: readonly { readonly metadata: { readonly name: string } }[];
    };
    return items.map(({ metadata }) => metadata.name).filter((name) => name.slice(0, -7) === chain);
  }
}

export function isAccepted({ metadata, status }: SealedObject): boolean {
  return (
    status?.observedGeneration === metadata.generation &&
    status?.conditions?.some(({ type, status: value }) => type === 'Accepted' && value === 'True') === true
  );
}
