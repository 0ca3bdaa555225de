/** A stage where trust is sealed: who may sign, and how they do it. */
import { mkdir } from 'node:fs/promises';
import type { SealedObject } from '../../operator/trust/index.ts';
import { run, waitFor } from '../harness/index.ts';
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
    const { cluster } = this.#stage;
    const { stdout } = await cluster.kubectl(['apply', '--dry-run=server', '-f', '-', '-o', 'json'], {
      input: JSON.stringify(manifest),
    });
    const sum = await run('bash', ['-c', 'jq -cjS .spec | sha256sum'], { input: stdout, timeout: 20_000 });
    return `sha256:${sum.stdout.split(' ')[0] ?? ''}`;
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
      const folder = `${this.#stage.folder}/sealed-${this.#folders++}`;
      await mkdir(folder);
      for (const line of commands) {
        const command = line.replaceAll('my-name', person.name).replaceAll('~/.ssh/id_ed25519', person.key);
        await run('bash', ['-c', `cd ${folder}; ${command}`], {
          timeout: 30_000,
          env: { KUBECONFIG: person.kubeconfig, PATH: `${this.#stage.folder}/bin:${process.env['PATH'] ?? ''}` },
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
