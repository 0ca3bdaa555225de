/** A process that dies after a write while people sign: the old version counts, or the new one, and never anything else. */
import test from 'ava';
import type { PromotionRecord } from '../../operator/api/index.ts';
import { trustOf } from '../../operator/trust/decide/index.ts';
import { killed, killPoints, type StartedWith } from '../stage/kills.ts';
import { keyring, openPromotions, type Stage } from '../stage/promotions.ts';
import { group, paths, Sealed } from '../stage/sealed.ts';

let stage: Stage;
let sealed: Sealed;
let digest: string;
test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  sealed = new Sealed(stage);
  const { alice, bob } = stage.people;
  await sealed.signers(alice, bob);
  digest = await sealed.digest(keyring([alice, bob]));
});
test.after.always(() => stage?.stop());

/** What a process is started with whose chain has this name. */
const sealedIn = (chain: string): StartedWith => ({ options: { sealedTrust: { keyring: 'default', digest, chain } } });

/** One change, from the pin of a chain of its own until it counts. */
const signed = (chain: string, count: number) => async (): Promise<void> => {
  await stage.send('PATCH', paths.policy(), { spec: { quorum: [{ count }] } });
  await sealed.until(paths.keyring(), `it is pinned in ${chain}`, inChain(chain));
  await sealed.until(paths.policy(), `it is asked in ${chain}`, ({ metadata, status }) => {
    const asked = status?.trust?.pending?.statements.approve.includes(`"chain": "${chain}"`) === true;
    return asked && status?.observedGeneration === metadata.generation;
  });
  await sealed.sign(paths.policy(), stage.people.alice, stage.people.bob);
  await sealed.until(paths.policy(), `it counts in ${chain}`, inChain(chain));
};

const inChain =
  (chain: string) =>
  ({ status }: Parameters<Parameters<Sealed['until']>[2]>[0]): boolean =>
    status?.trust?.accepted?.record.slice(0, -7) === chain;

test.serial('killed while people sign a change, after any write: it counts once, and the chain holds', async (t) => {
  t.timeout(10 * 60_000);
  const points = await killPoints(t, stage, signed('whole', 2), sealedIn('whole'));
  t.is(points.filter(({ write }) => write === 'create promotionrecords').length, 2);
  for (const kind of ['approverkeyrings', 'approvalpolicies'])
    t.true(
      points.some(({ write }) => write === `patch ${kind}/status`),
      kind,
    );
  for (const [index, point] of points.entries()) {
    const chain = `kill-${index}`;
    await killed(t, stage, point, signed(chain, 3 + index), sealedIn(chain));
    const { items } = (await stage.send('GET', `${group}/namespaces/twinlock-system/promotionrecords`)) as unknown as {
      readonly items: readonly PromotionRecord[];
    };
    const records = items
      .map(({ spec }) => spec)
      .filter(({ target }) => target.name === chain)
      .toSorted((a, b) => a.sequence - b.sequence);
    const { fault, objects } = trustOf(records, 'default');
    t.is(fault, undefined, `${chain} after ${point.write} (${point.nth}.)`);
    t.deepEqual(
      [...objects.values()].map(({ kind, version }) => `${kind} ${version}`),
      ['ApproverKeyring 1', 'ApprovalPolicy 1'],
      `${chain} after ${point.write} (${point.nth}.)`,
    );
    t.is(records.length, 2);
  }
});
