/** Promotions whose process is killed right after one of its writes, and what a test asks of its successor. */
import type { ExecutionContext } from 'ava';
import { chainFaults } from '../../operator/records/index.ts';
import { store, stored } from '../harness/index.ts';
import type { SteppedClock } from './clock.ts';
import { startDying, type LastWrite, type Written } from './dying.ts';
import type { Stage } from './promotions.ts';
import type { Shop } from './shop.ts';

/** A write to die after. */
export type KillPoint = LastWrite & Pick<Written, 'report'>;

/** What a process and its successor are started with. */
export interface StartedWith {
  readonly options?: Parameters<Stage['startProcess']>[0];
  readonly clock?: SteppedClock;
}

/** A process that dies after `last`, and its successor; `act` is what people do meanwhile. */
export async function killed(
  t: ExecutionContext,
  stage: Stage,
  last: KillPoint,
  act: () => Promise<void>,
  { options = {}, clock }: StartedWith = {},
): Promise<void> {
  const dying = await startDying(stage, last, options, clock);
  const successor = dying.dead.then(async () => {
    await dying.stop();
    return stage.startProcess(options, clock?.overrides);
  });
  const acted = await act().then(
    () => undefined,
    (error: unknown) => error,
  );
  t.log(told(dying));
  const late = AbortSignal.timeout(1000);
  const never = new Promise<false>((resolve) => late.addEventListener('abort', () => resolve(false)));
  const died = await Promise.race([dying.dead.then(() => true), never]);
  await (died ? await successor : dying).stop();
  const point = `killed after "${last.write}" (${last.nth}.)`;
  if (acted !== undefined)
    throw new Error(`${point}: ${acted instanceof Error ? acted.message : ''}`, { cause: acted });
  if (!last.report) t.true(died, `it was never ${point}`);
}

/**
 * Kills after each of these writes, in a namespace of its own. What one leaves is gone before the next comes: whoever starts
 * looks at every target that is there.
 *
 * @param name of the namespaces, before their number
 * @param act what people do in one of them
 */
export async function killedAfterEach(
  t: ExecutionContext,
  stage: Stage,
  points: readonly KillPoint[],
  name: string,
  act: (namespace: string) => (() => Promise<void>) | Promise<() => Promise<void>>,
): Promise<void> {
  for (const [index, last] of points.entries()) {
    const namespace = `${name}-${index}`;
    await killed(t, stage, last, await act(namespace));
    await forget(stage, [namespace, `${namespace}-dev`]);
  }
}

/** Takes namespaces and all that is in them out of the API server's store, as if they had never been. */
async function forget({ cluster }: Stage, namespaces: readonly string[]): Promise<void> {
  const keys = await stored(cluster.etcd, '/registry/', { keysOnly: true });
  const left = [...keys.keys()].filter((key) => key.split('/').some((part) => namespaces.includes(part)));
  await store(
    cluster.etcd,
    left.map((remove) => ({ remove })),
  );
}

const told = ({ writes }: { readonly writes: readonly Written[] }): string =>
  writes.map(({ write, report }) => (report ? `(${write})` : write)).join(', ');

/** Every write of a process that lives through `act`: each is one to die after. */
export async function killPoints(
  t: ExecutionContext,
  stage: Stage,
  act: () => Promise<void>,
  { options = {}, clock }: StartedWith = {},
): Promise<readonly KillPoint[]> {
  const whole = await startDying(stage, { write: 'nothing', nth: 1 }, options, clock);
  await act().finally(() => whole.stop());
  t.log(told(whole));
  return whole.writes.map(({ write, report }, index) => ({
    write,
    report,
    nth: whole.writes.slice(0, index + 1).filter((each) => each.write === write).length,
  }));
}

/** What the chain tells: each record by its outcome, or its type. */
export async function story(shop: Shop): Promise<readonly string[]> {
  const records = await shop.records();
  if (chainFaults(records).length > 0) throw new Error(JSON.stringify(chainFaults(records)));
  return records.map(({ type, outcome }) => outcome?.result ?? type);
}
