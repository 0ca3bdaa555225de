import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../harness/index.ts';
import { readKubeconfig, writeKubeconfig } from '../../harness/kubeconfig.ts';
import { get } from '../door.ts';
import { fill } from '../manifests.ts';
import type { Step, Story } from '../story.ts';

const image = (version: string): string => `registry.example/storefront@sha256:... # ${version}`;

/** Step 2. */
export const production: Step = {
  title:
    '2. The namespace shop is production: a ProductionTarget guards it, a keyring holds the keys of alice and carol',
  async run(story) {
    const { shell, images, folder } = story;
    const keys = ['alice', 'bob', 'carol', 'agent'];
    await Promise.all([
      fill(folder, 'production.yaml', 'storefront/deploy/production.yaml', [[image('v1'), images.storefront.v1]]),
      fill(folder, 'people.yaml', 'storefront/deploy/people.yaml'),
      fill(folder, 'target.yaml', 'storefront/deploy/target.yaml'),
      shell.run('admin', 'kubectl create namespace shop && kubectl create namespace shop-dev', { show: 0 }),
      shell.run(
        'admin',
        `for who in ${keys.join(' ')}; do ssh-keygen -q -t ed25519 -N '' -C $who -f $who; done; cat alice.pub carol.pub`,
      ),
    ]);
    const publicKey = async (who: string): Promise<string> =>
      (await readFile(join(folder, `${who}.pub`), 'utf8')).trim();
    await fill(folder, 'keyring.yaml', 'storefront/deploy/keyring.yaml', [
      ['ssh-ed25519 AAAA... alice', await publicKey('alice')],
      ['ssh-ed25519 AAAA... carol', await publicKey('carol')],
    ]);
    await shell.all(
      ['admin', 'kubectl label namespace shop-dev twinlock.dev/environments=true', { show: 0 }],
      ['admin', 'kubectl apply -f people.yaml -f keyring.yaml -f production.yaml', { show: 0 }],
    );
    await Promise.all([
      agentsKubeconfig(story),
      shell.run('admin', 'kubectl rollout status deployment/web -n shop', { show: 1 }),
    ]);
    await shell.run('admin', 'kubectl apply -f target.yaml', { show: 0 });
    await shell.run(
      'admin',
      "kubectl wait productiontarget/web -n shop --for=jsonpath='{.status.enforcement}'=Active --timeout=60s",
      { show: 0 },
    );
    await shell.run('admin', 'kubectl get productiontarget,deployment -n shop');
    await productionServes(story, 'v1');
  },
};

/** The agent acts with a token of its service account, as a tool in a cluster does. */
async function agentsKubeconfig({ cluster, shell, folder, people }: Story): Promise<void> {
  const token = await shell.run('admin', 'kubectl create token agent -n shop-dev --duration=2h', { show: 0 });
  const { endpoint } = await readKubeconfig(cluster.kubeconfig);
  people.set('agent', await writeKubeconfig(join(folder, 'agent.kubeconfig'), endpoint, { token: token.trim() }));
}

/** @throws HarnessError `Timeout` when production does not answer as that version within seconds */
export async function productionServes({ cluster, print }: Story, version: string): Promise<void> {
  const url = `http://${cluster.hostPort(30081)}/version`;
  const answer = await waitFor(
    `production to serve ${version}`,
    async (seen) => {
      const { status, body } = await get(url);
      seen({ status, body });
      return status === 200 && body.trim() === version && body;
    },
    { timeout: 10_000 },
  );
  print(`  GET ${url}: ${answer.trim()}`);
}

/** The image that production's Deployment asks for. */
export async function productionImage({ cluster }: Story): Promise<string> {
  const answer = await cluster.request('GET', '/apis/apps/v1/namespaces/shop/deployments/web');
  const { spec } = answer.body as { spec: { template: { spec: { containers: readonly { image: string }[] } } } };
  return spec.template.spec.containers[0]?.image ?? '';
}
