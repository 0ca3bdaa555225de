/** Whatever becomes of a promotion has its record in the chain, and the chain is signed for. */
import test from 'ava';
import { readExport, verifyExport, writeExport, parseKeyLine } from '../../operator/records/index.ts';
import { waitFor } from '../harness/index.ts';
import { SteppedClock } from '../stage/clock.ts';
import { conditionOf, images, Shop, type ShopOptions } from '../stage/shop.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';

let stage: Stage;
const clock = new SteppedClock();
test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  stage.pods.break(images.third);
  await stage.startProcess({}, clock.overrides);
});
test.after.always(() => stage?.stop());

const heads = '/api/v1/namespaces/twinlock-system/configmaps/twinlock-record-heads';

async function asking(namespace: string, image = images.second, options: ShopOptions = {}): Promise<Shop> {
  const shop = await (await new Shop(stage, namespace).open(options)).ready();
  await shop.environment('pr-42', image);
  await shop.promote('web-42', 'pr-42');
  await shop.phase('web-42', 'AwaitingApproval');
  return shop;
}

interface Story {
  readonly image?: string;
  readonly options?: ShopOptions;
  /** Before the others, which go on at once: time passes for everybody. */
  readonly first?: true;
  readonly happens: (shop: Shop) => Promise<unknown>;
  /** Of the chain, oldest first. */
  readonly ends: readonly string[];
}

const { alice, bob } = { alice: () => stage.people.alice, bob: () => stage.people.bob };
const gone = (shop: Shop): Promise<unknown> => stage.send('DELETE', path(shop.namespace, 'promotions', 'web-42'));
const asked = ['Adopted', 'Round'];

const stories: Readonly<Record<string, Story>> = {
  'approved, completed and undone': {
    happens: async (shop) => {
      await shop.cast('web-42', alice());
      await shop.phase('web-42', 'Completed');
      const undo = ['rollout', 'undo', 'deployment/web', '-n', shop.namespace];
      await stage.cluster.kubectl(undo, { as: bob().kubeconfig });
    },
    ends: [...asked, 'Approved', 'Completed', 'RolledBack Undone'],
  },
  rejected: {
    happens: (shop) => shop.vote('web-42', bob(), { decision: 'reject' }),
    ends: [...asked, 'Rejected'],
  },
  'not approved in time': {
    first: true,
    happens: async (shop) => {
      await shop.promote('short', 'pr-42', { spec: { expiresAfter: '1h', supersedes: 'None' } });
      await shop.phase('short', 'AwaitingApproval');
      clock.pass(3_600_000);
      await shop.phase('short', 'Expired');
      clock.back();
    },
    ends: [...asked, 'Round', 'Expired'],
  },
  superseded: {
    happens: async (shop) => {
      await shop.promote('newer', 'pr-42');
    },
    ends: [...asked, 'Round', 'Superseded Newer'],
  },
  'taken back': {
    image: images.third,
    options: { deployment: { progressDeadlineSeconds: 2 } },
    happens: (shop) => shop.cast('web-42', alice()),
    ends: [...asked, 'Approved', 'RolledBack'],
  },
  'deleted while people are asked': {
    happens: gone,
    ends: [...asked, 'Failed PromotionDeleted'],
  },
  'deleted in mid-rollout': {
    options: { target: { rollback: { settle: '10m' } } },
    happens: async (shop) => {
      await shop.cast('web-42', alice());
      await shop.promotion('web-42', (promotion) => conditionOf(promotion, 'RolledOut')?.reason === 'Settling');
      await gone(shop);
    },
    ends: [...asked, 'Approved', 'Failed PromotionDeleted'],
  },
};

for (const [index, [what, { image, options, first, happens, ends }]] of Object.entries(stories).entries())
  (first === true ? test.serial : test)(`on record and signed for: a promotion that is ${what}`, async (t) => {
    t.timeout(120_000);
    const shop = await asking(`story-${index}`, image, options);
    await happens(shop);
    const records = await waitFor(
      'its end is on record',
      async (seen) => {
        const chain = await shop.records();
        const told = chain.map(({ type, outcome }) => `${outcome?.result ?? type} ${outcome?.reason ?? ''}`);
        seen(told);
        return chain.length === ends.length && told.every((each, at) => each.startsWith(ends[at] ?? '-')) && chain;
      },
      { timeout: 60_000 },
    );
    const verdict = await waitFor('it is signed for', async (seen) => {
      const { data } = (await stage.send('GET', heads)) as { readonly data?: Readonly<Record<string, string>> };
      const checkpoint = data?.[`${shop.namespace}.web`];
      const keys = [parseKeyLine(data?.['keys'] ?? '')].filter((key) => key !== undefined);
      const text = writeExport({ records, checkpoint, keys: [] }).join('\n');
      const { chains } = verifyExport(readExport(text), { keys, witnesses: [], countersignatures: [] });
      seen(chains);
      return chains[0]?.complete === 'yes' && chains[0];
    });
    t.is(verdict.intact, 'yes');
  });
