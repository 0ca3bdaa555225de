/** The promotions process at work, people who vote with keys of stock ssh-keygen, and places where something is voted on. */
import type { ExecutionContext } from 'ava';
import type { ApprovalPolicy, ProductionTarget, Promotion } from '../../operator/api/index.ts';
import type { RunningProcess } from '../../operator/processes/options.ts';
import { SteppedClock } from './clock.ts';
import { images, Shop, type ShopOptions } from './shop.ts';
import { openPromotions, path, type Person, type Stage } from './promotions.ts';
import type { Json } from './stage.ts';
import type { Answer } from '../harness/index.ts';
import { workshop, type StockKey, type Workshop } from '../vectors/ssh.ts';

export type Vote = NonNullable<NonNullable<NonNullable<Promotion['status']>['approval']>['votes']>[number];
/** Somebody whose key is at hand. */
export interface Voter extends StockKey {
  readonly name: string;
}
/** An entry of a keyring. */
export interface Principal {
  readonly name: string;
  readonly keys: readonly ({ readonly publicKey: string } & Json)[];
  readonly kubernetesUsers?: readonly string[];
  readonly groups?: readonly string[];
}

const own = '/apis/twinlock.dev/v1alpha1';
const voters = ['alice', 'bob', 'carol', 'mallory'] as const;

export interface PlaceOptions extends ShopOptions {
  /** The keyring of the place; alice, bob and carol when left out. */
  readonly principals?: readonly Principal[];
  /** Merged into the policy of the place. */
  readonly policy?: Json;
  /** Who asks for web-42; the agent when left out. */
  readonly as?: Person;
}

/** One API server with the promotions process and everybody who tries something. */
export class Hall {
  readonly stage: Stage;
  /** The process' own. */
  readonly clock: SteppedClock;
  #operator: RunningProcess | undefined;
  /** mallory may annotate promotions, and is in no keyring. */
  readonly voters: Readonly<Record<(typeof voters)[number], Voter>>;
  readonly workshop: Workshop;

  private constructor(stage: Stage, operator: RunningProcess, clock: SteppedClock) {
    this.stage = stage;
    this.clock = clock;
    this.#operator = operator;
    this.workshop = workshop();
    const [alice, bob, carol, mallory] = voters.map((name) => ({ name, ...this.workshop.makeKey('ed25519') }));
    if (!alice || !bob || !carol || !mallory) throw new Error('somebody is missing');
    this.voters = { alice, bob, carol, mallory };
  }

  /** @param testFile which is then on record as one that uses the process' rights */
  static async open(testFile: string): Promise<Hall> {
    const stage = await openPromotions({ testFile });
    try {
      const clock = new SteppedClock();
      return new Hall(stage, await stage.startProcess({}, clock.overrides), clock);
    } catch (error) {
      await stage.stop();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.workshop.remove();
    await this.stopOperator();
    await this.stage.stop();
  }

  async stopOperator(): Promise<void> {
    const stopped = this.#operator;
    this.#operator = undefined;
    await stopped?.stop();
  }

  async startOperator(): Promise<void> {
    this.#operator = await this.stage.startProcess({}, this.clock.overrides);
  }

  /** Kubeconfig of the agent: `edit`, everything that the chart gives developers, and no `approve`. */
  get agent(): string {
    return this.stage.people.dev.kubeconfig;
  }

  /** A production that is protected, with a keyring and a policy of its own, all named like its namespace. */
  async production(namespace: string, { principals, policy = {}, ...options }: PlaceOptions = {}): Promise<Place> {
    await this.#make('ApproverKeyring', 'approverkeyrings', namespace, {
      principals: principals ?? [
        principal(this.voters.alice),
        principal(this.voters.bob),
        principal(this.voters.carol),
      ],
    });
    await this.#make('ApprovalPolicy', 'approvalpolicies', namespace, policy);
    const target = { keyringRef: { name: namespace }, approvalPolicyRef: { name: namespace }, ...options.target };
    const shop = await new Shop(this.stage, namespace).open({ ...options, target });
    return new Place(this, await shop.ready());
  }

  /** The same with the promotion web-42 of `images.second`, which waits for votes. */
  async waiting(namespace: string, options: PlaceOptions = {}): Promise<Place> {
    const place = await this.production(namespace, options);
    await place.shop.environment('pr-42', images.second);
    await place.shop.promote('web-42', 'pr-42', { as: options.as ?? this.stage.people.dev });
    await place.shop.phase('web-42', 'AwaitingApproval');
    return place;
  }

  async #make(kind: string, plural: string, name: string, spec: Json): Promise<void> {
    await this.stage.send('POST', `${own}/${plural}`, {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind,
      metadata: { name },
      spec,
    });
  }
}

/** What one test tries its attack on. */
export class Place {
  readonly #hall: Hall;
  readonly shop: Shop;
  #looks = 0;

  constructor(hall: Hall, shop: Shop) {
    this.#hall = hall;
    this.shop = shop;
  }

  /** Path of a promotion of this place. */
  promotionPath(name = 'web-42'): string {
    return path(this.shop.namespace, 'promotions', name);
  }

  /** The text that approves, of the round that is open. */
  async statement(promotion = 'web-42'): Promise<string> {
    const { status } = await this.shop.promotion(promotion, ({ status: s }) => s?.approval?.statements !== undefined);
    return status?.approval?.statements?.approve ?? '';
  }

  async nonce(promotion = 'web-42'): Promise<string> {
    const { status } = await this.shop.promotion(promotion, ({ status: s }) => s?.approval?.round !== undefined);
    return status?.approval?.round?.nonce ?? '';
  }

  /** Waits for a round after the one with that nonce. */
  async nextRound(nonce: string, promotion = 'web-42'): Promise<Promotion> {
    return this.shop.promotion(
      promotion,
      ({ status }) => status?.phase === 'AwaitingApproval' && status.approval?.round?.nonce !== nonce,
    );
  }

  /** Sends a vote as it is, carried by somebody who may add votes and whose own would not count. */
  async carry(
    label: string,
    armor: string,
    { promotion = 'web-42', as = this.#hall.stage.people.mallory.kubeconfig } = {},
  ): Promise<Answer> {
    return this.#hall.stage.cluster.request('PATCH', this.promotionPath(promotion), {
      body: { metadata: { annotations: { [`vote.twinlock.dev/${label}`]: armor } } },
      contentType: 'application/merge-patch+json',
      as,
    });
  }

  /** Carries a vote that admission lets in and waits for what the controller says of it. */
  async cast(label: string, armor: string, options: { readonly promotion?: string } = {}): Promise<Vote> {
    const { status, body } = await this.carry(label, armor, options);
    if (status !== 200) throw new Error(`the vote ${label} was not let in: ${JSON.stringify(body)}`);
    return this.judged(label, options.promotion);
  }

  /** What the controller says of the vote under that label. */
  async judged(label: string, promotion = 'web-42'): Promise<Vote> {
    const of = ({ status }: Promotion): Vote | undefined =>
      status?.approval?.votes?.find(({ annotation }) => annotation === `vote.twinlock.dev/${label}`);
    const found = of(await this.shop.promotion(promotion, (object) => of(object) !== undefined));
    if (found === undefined) throw new Error('the vote went away while it was looked at');
    return found;
  }

  /** Signs what is asked for now and carries it; a label of its own for each round. */
  async vote(voter: Voter, promotion = 'web-42'): Promise<Vote> {
    const label = `${voter.name}-${(await this.nonce(promotion)).slice(-6)}`;
    return this.cast(label, voter.sign(await this.statement(promotion)), { promotion });
  }

  /** Votes that count, as status says. */
  async have(promotion = 'web-42'): Promise<number | undefined> {
    const { status } = await this.shop.promotion(promotion, () => true);
    return status?.approval?.quorum?.[0]?.have;
  }

  /** Waits until the controller has looked at all that was sent before. */
  async looked(promotion = 'web-42'): Promise<Promotion> {
    const token = `look-${this.#looks++}`;
    await this.#hall.stage.send('PATCH', this.promotionPath(promotion), {
      metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': token } },
    });
    return this.shop.promotion(promotion, ({ status }) => status?.lastHandledReconcileAt === token);
  }

  /** Nothing has reached production, and nobody is said to have approved it. */
  async untouched(t: ExecutionContext, promotion = 'web-42'): Promise<void> {
    const { status } = await this.shop.promotion(promotion, () => true);
    t.not(status?.phase, 'Completed');
    t.is(await this.shop.image(), images.first);
    t.false((await this.shop.records()).some(({ outcome }) => outcome?.result === 'Approved'));
  }

  /** The positive twin: the honest path leads to production, of these workloads or of all of them. */
  async passes(
    t: ExecutionContext,
    promotion = 'web-42',
    image = images.second,
    ...workloads: readonly string[]
  ): Promise<void> {
    await this.shop.phase(promotion, 'Completed');
    t.is(await this.shop.image(...workloads), image);
  }

  async setPolicy(spec: Partial<ApprovalPolicy['spec']>): Promise<void> {
    await this.#hall.stage.send('PATCH', `${own}/approvalpolicies/${this.shop.namespace}`, { spec });
  }

  async setPrincipals(principals: readonly Principal[]): Promise<void> {
    await this.#hall.stage.send('PATCH', `${own}/approverkeyrings/${this.shop.namespace}`, { spec: { principals } });
  }

  async setTarget(spec: Json, name = 'web'): Promise<ProductionTarget> {
    const at = path(this.shop.namespace, 'productiontargets', name);
    return (await this.#hall.stage.send('PATCH', at, { spec })) as unknown as ProductionTarget;
  }
}

/** An entry of a keyring; `key` is merged into its one key. */
export function principal({ name, line }: Pick<Voter, 'name' | 'line'>, key: Json = {}): Principal {
  return { name, kubernetesUsers: [name], keys: [{ publicKey: line.trim(), ...key }] };
}

/** `true Counted`, `false StaleRound`: what a test compares. */
export function verdict({ valid, reason }: Vote): string {
  return `${String(valid)} ${reason}`;
}

/** A promotion of what runs in the environment pr-42, for those who send it in ways of their own. */
export function promotionOf({ shop }: Place, name: string): Json {
  return {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'Promotion',
    metadata: { name },
    spec: { environmentRef: { namespace: shop.dev, name: 'pr-42' }, targetRef: { name: 'web' } },
  };
}
