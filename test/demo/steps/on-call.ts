import { waitFor } from '../../harness/index.ts';
import { hold } from '../story.ts';
import { productionImage, productionServes } from './production.ts';
import { allRefused } from './refusals.ts';
import type { Step, Story } from '../story.ts';

const controllers = 'deployment/twinlock-environments deployment/twinlock-promotions';

/** Step 7. */
export const onCall: Step = {
  title: '7. With both controllers stopped the lock still holds, and the on-call takes production back to v1',
  async run(story) {
    const { shell, images } = story;
    await shell.run('admin', `kubectl scale ${controllers} -n twinlock-system --replicas=0`, { show: 2 });
    await shell.run(
      'admin',
      "kubectl wait --for=delete pod -n twinlock-system -l 'app.kubernetes.io/name in (twinlock-environments,twinlock-promotions)' --timeout=60s",
      { show: 0, timeout: 70_000 },
    );
    await allRefused(story, images.storefront.v2, images.storefront.v1);
    const history = await shell.run('carol', 'kubectl rollout history deployment/web -n shop', { show: 4 });
    hold(/^1\s/m.test(history), `revision 1 must be v1: ${history}`);
    await shell.run('carol', 'kubectl rollout undo deployment/web -n shop --to-revision=1', { show: 1 });
    await shell.run('carol', 'kubectl rollout status deployment/web -n shop --timeout=60s', { show: 1 });
    hold((await productionImage(story)) === images.storefront.v1, 'production must run v1 again');
    await productionServes(story, 'v1');

    await shell.run('admin', `kubectl scale ${controllers} -n twinlock-system --replicas=1`, { show: 0 });
    const record = await rolledBack(story);
    story.print(`  record ${record}: RolledBack`);
    await shell.run('admin', 'kubectl get promotionrecords,productiontarget -n shop', { show: 12 });
    hold((await productionImage(story)) === images.storefront.v1, 'the controllers must adopt v1, not undo it');
  },
};

interface PromotionRecord {
  readonly metadata: { readonly name: string };
  readonly spec: unknown;
}

/** Name of the record that says what the on-call did. */
async function rolledBack({ cluster }: Story): Promise<string> {
  return waitFor(
    'a record of the rollback',
    async (seen) => {
      const { body } = await cluster.request('GET', '/apis/twinlock.dev/v1alpha1/namespaces/shop/promotionrecords');
      const { items } = body as { items: readonly PromotionRecord[] };
      seen(items.map(({ metadata }) => metadata.name));
      return items.find(({ spec }) => JSON.stringify(spec).includes('RolledBack'))?.metadata.name;
    },
    { timeout: 60_000, interval: 200 },
  );
}
