/** The promotions process, people who vote with keys of their own, and a kubelet for production's pods. */
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessOptions, RunningProcess } from '../../operator/processes/options.ts';
import type { Overrides } from '../../operator/processes/process.ts';
import { startPromotions } from '../../operator/processes/promotions.ts';
import { run, tools, type Answer } from '../harness/index.ts';
import { own } from './objects.ts';
import { startPods, type Pods } from './pods.ts';
import { request } from './requester.ts';
import { openStage, systemNamespace, type Json, type Stage as Base, type StageOptions } from './stage.ts';

/** One person: a client certificate and an SSH key. */
export interface Person {
  readonly name: string;
  /** Path of a kubeconfig. */
  readonly kubeconfig: string;
  /** Path of a private key; the public one is beside it. */
  readonly key: string;
  /** The line of the .pub file. */
  readonly publicKey: string;
}

export interface Stage extends Omit<Base<Name>, 'people'> {
  readonly pods: Pods;
  readonly people: Readonly<Record<Name, Person>>;
  /** Requests as admin; throws unless the answer is 2xx. */
  send(method: string, path: string, body?: unknown, as?: string): Promise<Json>;
  /**
   * Starts a process that ends with the stage.
   *
   * @param options what differs from one process alone, straight to the API server
   * @param overrides what it takes from the test in place of the machine
   */
  startProcess(options?: Partial<ProcessOptions>, overrides?: Overrides): Promise<RunningProcess>;
}

const roles = {
  alice: ['twinlock-approver', 'twinlock-reader', 'edit'],
  bob: ['twinlock-approver', 'twinlock-reader', 'twinlock-oncall'],
  // On call, and nothing else.
  carol: ['twinlock-oncall'],
  mallory: ['twinlock-approver', 'twinlock-reader'],
  dev: ['edit'],
} as const satisfies Readonly<Record<string, readonly string[]>>;
type Name = keyof typeof roles;

/** Starts everything but the process itself. */
export async function openPromotions(
  options: Pick<StageOptions<Name>, 'testFile' | 'without' | 'apiServerFlags' | 'kinds'> = {},
): Promise<Stage> {
  const base = await openStage<Name>({
    ...options,
    people: roles,
    after: [own('TwinClass', 'default', { default: true }), own('ApprovalPolicy', 'default', { default: true })],
  });
  try {
    return await furnish(base);
  } catch (error) {
    await base.stop();
    throw error;
  }
}

async function furnish(base: Base<Name>): Promise<Stage> {
  const { cluster, folder, accounts } = base;
  const person = (name: Name): Promise<Person> => withKey(base, name);
  const people = {
    alice: await person('alice'),
    bob: await person('bob'),
    carol: await person('carol'),
    mallory: await person('mallory'),
    dev: await person('dev'),
  };
  await cluster.apply([keyring([people.alice, people.bob])]);
  await mkdir(join(folder, 'bin'));
  await symlink(await tools.kubectl(), join(folder, 'bin', 'kubectl'));
  // A pager asks for keys that nobody presses here.
  await symlink('/bin/cat', join(folder, 'bin', 'less'));
  const pods = startPods(cluster);
  base.endsWith(() => pods.stop());
  const send: Stage['send'] = async (method, path, body, as) => {
    const contentType = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const answer = await request(cluster, method, path, {
      contentType,
      ...(body !== undefined && { body }),
      ...(as !== undefined && { as }),
    });
    return must(answer, `${method} ${path}`);
  };
  return {
    ...base,
    people,
    pods,
    send,
    startProcess: async (options, overrides) => {
      const running = await startPromotions(
        {
          kubeconfig: accounts.promotions,
          namespace: systemNamespace,
          clusterName: 'test',
          http: { host: '127.0.0.1', port: 0 },
          health: { host: '127.0.0.1', port: 0 },
          logLevel: logLevel(),
          leaderElect: false,
          networkPoliciesEnforced: false,
          ...options,
        },
        overrides,
      );
      base.endsWith(() => running.stop());
      return running;
    },
  };
}

/** `fatal` unless somebody looks for a defect: then the process says what it does. */
function logLevel(): 'fatal' | 'debug' {
  return process.env['TWINLOCK_TEST_LOG'] === undefined ? 'fatal' : 'debug';
}

/** The parsed body of an answer that must be 2xx. */
export function must({ status, body }: Answer, what: string): Json {
  if (status < 200 || status > 299) throw new Error(`${what} answered ${status}: ${JSON.stringify(body)}`);
  return body as Json;
}

export function keyring(people: readonly Person[], name = 'default'): object {
  const principals = people.map(({ name: user, publicKey }) => ({
    name: user,
    kubernetesUsers: [user],
    keys: [{ publicKey }],
  }));
  return own('ApproverKeyring', name, { principals });
}

async function withKey({ people, folder }: Base<Name>, name: Name): Promise<Person> {
  const key = join(folder, `id_${name}`);
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', `${name}@example`, '-f', key], { timeout: 20_000 });
  const publicKey = (await readFile(`${key}.pub`, 'utf8')).trim();
  return { name, key, publicKey, kubeconfig: people[name] };
}

/** Path of a kind of Twinlock's in a namespace. */
export function path(namespace: string, plural: string, name = ''): string {
  return `/apis/twinlock.dev/v1alpha1/namespaces/${namespace}/${plural}${name === '' ? '' : `/${name}`}`;
}

export function deploymentPath(namespace: string, name = ''): string {
  return `/apis/apps/v1/namespaces/${namespace}/deployments${name === '' ? '' : `/${name}`}`;
}
