import test from 'ava';
import type { Promotion } from '../../operator/api/index.ts';
import type { Informer } from '../../operator/kube/index.ts';
import { PromotionReconciler } from '../../operator/promotions/controller/reconcile.ts';
import type { World } from '../../operator/promotions/decide/index.ts';
import { after, keyring, keys, run, voted, world } from './promotion-world.ts';

/** A reconciler over a world that changes by its own actions, and once in the middle by somebody else. */
function reconciling(start: World, meanwhile: (approved: World) => World): { run(): Promise<readonly string[]> } {
  const done: string[] = [];
  let current = start;
  const reconciler = new PromotionReconciler({
    reader: { read: async () => ({ ...current }), known: () => current },
    events: { record: () => undefined },
    actor: {
      act: async (_seen, action) => {
        const approves = action.do === 'Append' && action.entry.outcome?.result === 'Approved';
        done.push(action.do === 'Append' ? (action.entry.outcome?.result ?? action.entry.type) : action.do);
        // The record takes its time: whatever began before it is answered by now.
        await new Promise((resolve) => setImmediate(resolve));
        current = after(current, action);
        if (approves) current = meanwhile(current);
        return true;
      },
    },
    client: { patch: async () => current.promotion as never },
    promotions: { absorb: () => undefined } as unknown as Informer<Promotion>,
    onRolledOut: () => undefined,
    monotonic: () => 0,
  });
  const { namespace, name } = start.promotion.metadata;
  return {
    run: async () => {
      await reconciler.reconcile({ namespace, name }, new AbortController().signal);
      return done;
    },
  };
}

const withoutAlice = (seen: World): World => ({ ...seen, keyring: keyring({ bob: keys.bob }) });

test('a count that holds opens the lock', async (t) => {
  const asked = voted(run(world()).world, keys.alice);
  t.deepEqual(await reconciling(asked, (same) => same).run(), ['Approved', 'OpenLock', 'Apply', 'Completed']);
});

test('a key that is taken off while the approval is recorded opens nothing: the count before the lock is read after it', async (t) => {
  const asked = voted(run(world()).world, keys.alice);
  t.deepEqual(await reconciling(asked, withoutAlice).run(), ['Approved', 'Round']);
});
