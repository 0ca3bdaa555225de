import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../harness/index.ts';
import { hold } from '../story.ts';
import { productionImage, productionServes } from './production.ts';
import type { Step, Story } from '../story.ts';

/** Step 6. */
export const approval: Step = {
  title: "6. The agent cannot vote, bob's key is not enrolled, alice signs: production rolls to v2 by digest",
  async run(story) {
    const { shell, images } = story;
    await vote(story, 'agent', [/twinlock/i, /approve/i]);
    await vote(story, 'bob');
    const uncounted = await bobsVote(story);
    story.print(`  status: bob's vote valid=${uncounted.valid}: ${uncounted.reason}`);
    hold(!uncounted.valid, "bob's vote must not count");
    hold((await productionImage(story)) === images.storefront.v1, 'production must still run v1');

    await shell.run('alice', `${statement} > alice.json; cat alice.json`, { show: 80 });
    const text = await readFile(join(story.folder, 'alice.json'), 'utf8');
    const digest = images.storefront.v2.split('@sha256:')[1] ?? 'no digest';
    hold(text.includes(digest), `the statement must name the digest ${digest}: ${text}`);
    await sign(story, 'alice');
    await annotate(story, 'alice');
    await shell.run('alice', 'kubectl wait promotion/web-42 -n shop --for=condition=RolledOut --timeout=60s', {
      show: 1,
      timeout: 70_000,
    });
    await shell.run('alice', 'kubectl get promotion web-42 -n shop');
    const image = await productionImage(story);
    hold(image === images.storefront.v2, `production must run ${images.storefront.v2}, but runs ${image}`);
    await productionServes(story, 'v2');
  },
};

const statement = "kubectl get promotion web-42 -n shop -o jsonpath='{.status.approval.statements.approve}'";

async function vote(story: Story, who: string, refused?: readonly RegExp[]): Promise<void> {
  await story.shell.run(who, `${statement} > ${who}.json`, { show: 0 });
  await sign(story, who);
  await annotate(story, who, refused);
}

async function sign({ shell }: Story, who: string): Promise<void> {
  await shell.run(who, `rm -f ${who}.json.sig; ssh-keygen -q -Y sign -f ${who} -n vote.v1@twinlock.dev ${who}.json`, {
    show: 0,
  });
}

async function annotate({ shell }: Story, who: string, refused?: readonly RegExp[]): Promise<void> {
  const line = `kubectl annotate promotion web-42 -n shop --field-manager=vote "vote.twinlock.dev/${who}=$(cat ${who}.json.sig)"`;
  await shell.run(who, line, refused ? { refused, show: 3 } : { show: 1 });
}

interface Vote {
  readonly annotation?: string;
  readonly valid: boolean;
  readonly reason?: string;
}

async function bobsVote({ cluster }: Story): Promise<Vote> {
  return waitFor("bob's vote in the status", async (seen) => {
    const { body } = await cluster.request('GET', '/apis/twinlock.dev/v1alpha1/namespaces/shop/promotions/web-42');
    const { status } = body as { status: { approval?: { votes?: readonly Vote[] } } };
    seen(status);
    return status.approval?.votes?.find(({ annotation }) => annotation === 'vote.twinlock.dev/bob');
  });
}
