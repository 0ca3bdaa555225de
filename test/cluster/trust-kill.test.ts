/** A process that dies after a write while people sign: the old version counts, or the new one, and never anything else. */
import test from 'ava';
import type { PromotionRecord } from '../../operator/api/index.ts';
import { trustOf } from '../../operator/trust/decide/index.ts';
import { startDying, type LastWrite } from '../stage/dying.ts';
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

/** One change, from the pin of a chain of its own until it counts, by a process that dies after `last` and its successor. */
async function signed(chain: string, count: number, last: LastWrite): Promise<readonly string[]> {
  const options = { sealedTrust: { keyring: 'default', digest, chain } };
  const dying = await startDying(stage, last, options);
  const successor = dying.dead.then(async () => {
    await dying.stop();
    return stage.startProcess(options);
  });
  await stage.send('PATCH', paths.policy(), { spec: { quorum: [{ count }] } });
  await sealed.until(paths.keyring(), `it is pinned in ${chain}`, inChain(chain));
  await sealed.until(paths.policy(), `it is asked in ${chain}`, ({ metadata, status }) => {
    const asked = status?.trust?.pending?.statements.approve.includes(`"chain": "${chain}"`) === true;
    return asked && status?.observedGeneration === metadata.generation;
  });
  await sealed.sign(paths.policy(), stage.people.alice, stage.people.bob);
  await sealed.until(paths.policy(), `it counts in ${chain}`, inChain(chain));
  if (last.write === 'nothing') await dying.stop();
  else await (await successor).stop();
  return dying.writes.map(({ write }) => write);
}

const inChain =
  (chain: string) =>
  ({ status }: Parameters<Parameters<Sealed['until']>[2]>[0]): boolean =>
    status?.trust?.accepted?.record.slice(0, -7) === chain;

test.serial(
  'killed while people sign a change, after each record and status: it counts once, and the chain holds',
  async (t) => {
    t.timeout(10 * 60_000);
    const writes = await signed('whole', 2, { write: 'nothing', nth: 1 });
    t.log(writes.join(', '));
    t.is(writes.filter((write) => write === 'create promotionrecords').length, 2);
    // Both records, and the first status of each kind; those that follow may be one write or two.
    const points: readonly LastWrite[] = [
      { write: 'create promotionrecords', nth: 1 },
      { write: 'create promotionrecords', nth: 2 },
      { write: 'patch approverkeyrings/status', nth: 1 },
      { write: 'patch approvalpolicies/status', nth: 1 },
    ];
    for (const [index, point] of points.entries()) {
      const chain = `kill-${index}`;
      await signed(chain, 3 + index, point);
      const { items } = (await stage.send(
        'GET',
        `${group}/namespaces/twinlock-system/promotionrecords`,
      )) as unknown as {
        readonly items: readonly PromotionRecord[];
      };
      const records = items
        .map(({ spec }) => spec)
        .filter(({ target }) => target.name === chain)
        .toSorted((a, b) => a.sequence - b.sequence);
      const { fault, objects } = trustOf(records, 'default');
      t.is(fault, undefined, `${chain} after ${point.write}`);
      t.deepEqual(
        [...objects.values()].map(({ kind, version }) => `${kind} ${version}`),
        ['ApproverKeyring 1', 'ApprovalPolicy 1'],
        `${chain} after ${point.write}`,
      );
      t.is(records.length, 2);
    }
  },
);
