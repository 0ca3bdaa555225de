/** A production namespace with two Deployments and their target, and environments that show what is promoted to it. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { ProductionTarget, Promotion, PromotionRecord } from '../../operator/api/index.ts';
import { run, waitFor } from '../harness/index.ts';
import { deploymentPath, must, path, type Person, type Stage } from './promotions.ts';
import type { Json } from './stage.ts';

const image = (letter: string): string => `registry.example/web@sha256:${letter.repeat(64)}`;
export const images = { first: image('a'), second: image('b'), third: image('c'), evil: image('e') };

export interface ShopOptions {
  /** Merged into the spec of each Deployment; a pod template is that of `web` alone. */
  readonly deployment?: Json;
  /** Merged into the target's spec. With workloads of its own it names what the test makes beside `web`. */
  readonly target?: Json;
  /** What is there before production: rules of other teams, or what they do in its namespace. */
  readonly before?: readonly object[] | (() => Promise<void>);
}

/** A live Deployment, as far as tests look at it. */
export interface Live {
  readonly metadata: { readonly resourceVersion: string; readonly generation: number };
  readonly status?: { readonly availableReplicas?: number };
  readonly spec: {
    readonly replicas: number;
    readonly template: {
      readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
    } & Json;
  } & Json;
}

export class Shop {
  readonly #stage: Stage;
  readonly namespace: string;
  /** Of its Deployments; a promotion of all that ran in an environment changes each of them. */
  #names: readonly string[] = ['web'];

  constructor(stage: Stage, namespace: string) {
    this.#stage = stage;
    this.namespace = namespace;
  }

  /** What its target names. */
  get workloads(): readonly Json[] {
    return this.#names.map((name) => ({ kind: 'Deployment', name }));
  }

  get dev(): string {
    return `${this.namespace}-dev`;
  }

  /** Makes both namespaces, the Deployments `web` and `worker` and their target; does not wait for the target. */
  async open({ deployment = {}, target = {}, before = [] }: ShopOptions = {}): Promise<this> {
    const { send, cluster } = this.#stage;
    if (target['workloads'] === undefined) this.#names = ['web', 'worker'];
    const labels = { 'twinlock.dev/environments': 'true' };
    await send('POST', '/api/v1/namespaces', { metadata: { name: this.namespace } });
    await send('POST', '/api/v1/namespaces', { metadata: { name: this.dev, labels } });
    await waitFor('the default service account', async () => {
      const { status } = await cluster.request('GET', `/api/v1/namespaces/${this.namespace}/serviceaccounts/default`);
      return status === 200;
    });
    if (typeof before === 'function') await before();
    else if (before.length > 0) await cluster.apply(before);
    const { template, ...each } = deployment;
    for (const name of this.#names) {
      const own = name === 'web' && template !== undefined ? { template } : {};
      await send('POST', deploymentPath(this.namespace), this.deployment(name, { ...each, ...own }));
    }
    await send('POST', path(this.namespace, 'productiontargets'), {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'ProductionTarget',
      metadata: { name: 'web' },
      spec: {
        workloads: this.workloads,
        ...target,
        // Nothing here fails later than at once.
        rollback: { settle: '1s', ...(target['rollback'] as Json | undefined) },
      },
    });
    return this;
  }

  deployment(name: string, spec: Json = {}): Json {
    return {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [{ name, image: images.first, env: [{ name: 'MODE', value: 'live' }] }] },
        },
        ...spec,
      },
    };
  }

  /** Waits until the target protects production. */
  async ready(): Promise<this> {
    await this.target((target) => conditionOf(target, 'Ready')?.status === 'True');
    for (const name of this.#names)
      await waitFor(`the Deployment ${name} is there`, async (seen) => {
        const live = await this.live(name);
        seen(live);
        return live.status?.availableReplicas === live.spec.replicas;
      });
    return this;
  }

  /**
   * An environment whose status says that all its workloads run this image, as its controller would write it.
   *
   * @param workloads in place of those that are given by the image
   */
  async environment(name: string, running: string, status: Json = {}, ...workloads: readonly Json[]): Promise<void> {
    const { send, accounts } = this.#stage;
    const at = path(this.dev, 'twinenvironments');
    const made = await send('POST', at, {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'TwinEnvironment',
      metadata: { name },
      spec: {
        workloads:
          workloads.length > 0 ? workloads : this.#names.map((each) => ({ name: each, image: running, port: 8080 })),
      },
    });
    const { generation } = made['metadata'] as { readonly generation: number };
    const body = {
      status: {
        observedGeneration: generation,
        phase: 'Ready',
        workloads: this.running(running),
        conditions: ['Ready', 'TwinsWired'].map(condition),
        ...status,
      },
    };
    await send('PATCH', `${at}/${name}/status`, body, accounts.environments);
  }

  /** What an environment says of workloads that run this image. */
  running(image: string): readonly Json[] {
    return this.#names.map((name) => ({ name, images: [{ container: name, image }], ready: true }));
  }

  /** Creates a Promotion as somebody. */
  async promote(
    name: string,
    environment: string,
    { as = this.#stage.people.dev, spec = {} }: { readonly as?: Person; readonly spec?: Json } = {},
  ): Promise<void> {
    await this.#stage.send(
      'POST',
      path(this.namespace, 'promotions'),
      {
        apiVersion: 'twinlock.dev/v1alpha1',
        kind: 'Promotion',
        metadata: { name },
        spec: { environmentRef: { namespace: this.dev, name: environment }, targetRef: { name: 'web' }, ...spec },
      },
      as.kubeconfig,
    );
  }

  async promotion(name: string, holds: (promotion: Promotion) => boolean, timeout = 30_000): Promise<Promotion> {
    return this.#until<Promotion>(`promotion ${name}`, path(this.namespace, 'promotions', name), holds, timeout);
  }

  async phase(name: string, phase: string, timeout?: number): Promise<Promotion> {
    return this.promotion(name, ({ status }) => status?.phase === phase, timeout);
  }

  async target(
    holds: (target: ProductionTarget) => boolean,
    name = 'web',
    timeout = 30_000,
  ): Promise<ProductionTarget> {
    return this.#until<ProductionTarget>(
      `target ${name}`,
      path(this.namespace, 'productiontargets', name),
      holds,
      timeout,
    );
  }

  async #until<T>(what: string, at: string, holds: (object: T) => boolean, timeout: number): Promise<T> {
    return waitFor(
      what,
      async (seen) => {
        const { status, body } = await this.#stage.cluster.request('GET', at);
        seen(summary(body));
        // The schema holds what the API server answers.
        return status === 200 && holds(body as T) && (body as T);
      },
      { timeout },
    );
  }

  /**
   * Signs with stock ssh-keygen and annotates with stock kubectl, by the very lines that `why` shows.
   *
   * @returns milliseconds since the epoch, right before the annotation was sent
   */
  async vote(
    name: string,
    voter: Person,
    { decision = 'approve' }: { readonly decision?: 'approve' | 'reject' } = {},
  ): Promise<number> {
    const { status } = await this.promotion(name, (promotion) => promotion.status?.approval?.statements !== undefined);
    const commands = (status?.why ?? [])
      .filter((line) => /^(kubectl|rm -f)/.test(line))
      .map((line) =>
        line
          .replaceAll('my-name', voter.name)
          .replaceAll('~/.ssh/id_ed25519', voter.key)
          .replaceAll('.approve}', `.${decision}}`),
      );
    if (commands.length !== 3) throw new Error(`why shows ${commands.length} commands: ${JSON.stringify(status?.why)}`);
    let annotated = 0;
    const folder = `${this.#stage.folder}/${this.namespace}-${name}-${voter.name}-${decision}`;
    await mkdir(folder, { recursive: true });
    for (const command of commands) {
      annotated = Date.now();
      const result = await run('bash', ['-c', `cd ${folder}; ${command}`], {
        timeout: 30_000,
        env: { KUBECONFIG: voter.kubeconfig, PATH: `${this.#stage.folder}/bin:${process.env['PATH'] ?? ''}` },
        check: false,
      });
      if (result.code !== 0) throw new Error(`${command} ended with ${result.code}: ${result.stderr}`);
    }
    return annotated;
  }

  /** The armor of stock ssh-keygen over what approves, as `change` makes it arrive. */
  async sign(name: string, voter: Person, change = (statement: string): string => statement): Promise<string> {
    const { status } = await this.promotion(name, (promotion) => promotion.status?.approval?.statements !== undefined);
    const { round, statements } = status?.approval ?? {};
    const file = `${this.#stage.folder}/${this.namespace}-${name}-${round?.nonce ?? ''}-${voter.name}`;
    await writeFile(file, change(statements?.approve ?? ''));
    await rm(`${file}.sig`, { force: true });
    await run('ssh-keygen', ['-q', '-Y', 'sign', '-f', voter.key, '-n', 'vote.v1@twinlock.dev', file], {
      timeout: 20_000,
    });
    return readFile(`${file}.sig`, 'utf8');
  }

  /** The same with one request instead of kubectl: for tests that vote often. Returns the annotation's armor. */
  async cast(name: string, voter: Person): Promise<string> {
    const armor = await this.sign(name, voter);
    const { status } = await this.promotion(name, () => true);
    const { round } = status?.approval ?? {};
    const annotations = { [`vote.twinlock.dev/${voter.name}-${round?.nonce.slice(-6) ?? ''}`]: armor };
    await this.#stage.send(
      'PATCH',
      path(this.namespace, 'promotions', name),
      { metadata: { annotations } },
      voter.kubeconfig,
    );
    return armor;
  }

  async live(name = 'web'): Promise<Live> {
    return must(
      await this.#stage.cluster.request('GET', deploymentPath(this.namespace, name)),
      'the Deployment',
    ) as unknown as Live;
  }

  /** The image of these Deployments, of all of them when left out; several when they do not run the same. */
  async image(...names: readonly string[]): Promise<string> {
    const live = await Promise.all((names.length > 0 ? names : this.#names).map((name) => this.live(name)));
    return [...new Set(live.map(({ spec }) => spec.template.spec.containers[0]?.image))].join(' and ');
  }

  /** The chain of target `web`. */
  async records(): Promise<readonly PromotionRecord['spec'][]> {
    const { items } = must(
      await this.#stage.cluster.request('GET', path(this.namespace, 'promotionrecords')),
      'records',
    ) as unknown as {
      readonly items: readonly PromotionRecord[];
    };
    return items.map(({ spec }) => spec).toSorted((a, b) => a.sequence - b.sequence);
  }
}

/** A condition of an environment that is as it should be. */
function condition(type: string): Json {
  return {
    type,
    status: 'True',
    reason: 'Test',
    message: 'as it should be',
    lastTransitionTime: '2026-11-21T08:00:00Z',
  };
}

export function conditionOf(
  { status }: Pick<Promotion | ProductionTarget, 'status'>,
  type: string,
): { readonly status: string; readonly reason: string; readonly message: string } | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

/** What tells most in the message of a failed test: statements and signatures are long. */
function summary(body: unknown): unknown {
  const { status } = body as Pick<Promotion, 'status'>;
  if (status === undefined || typeof status !== 'object') return body;
  return {
    phase: status.phase,
    record: status.record,
    why: status.why,
    votes: status.approval?.votes?.map(({ principal, decision, reason, valid }) => ({
      principal,
      decision,
      reason,
      valid,
    })),
    conditions: status.conditions?.map(
      ({ type, status: value, reason, message }) => `${type}=${value} ${reason}: ${message}`,
    ),
  };
}
