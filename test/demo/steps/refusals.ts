import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filled } from '../manifests.ts';
import { hold } from '../story.ts';
import { productionImage } from './production.ts';
import type { Step, Story } from '../story.ts';

/** Step 4. */
export const refusals: Step = {
  title: '4. The agent tries to reach production: the API server refuses, and says how to promote',
  async run(story) {
    await allRefused(story, story.images.storefront.v1, story.images.storefront.v2);
  },
};

// What every refusal must say: who refuses, and the way that is open.
const byTwinlock = [/twinlock/i, /promotion/i];

/**
 * Five ways into production, all of which RBAC lets the agent go.
 *
 * @param current the image that production runs before and after
 * @param other the image that the agent wants there
 */
export async function allRefused(story: Story, current: string, other: string): Promise<void> {
  const { shell, folder } = story;
  const [deployment = ''] = (
    await filled('storefront/deploy/production.yaml', [['registry.example/storefront@sha256:... # v1', other]])
  ).split('\n---\n');
  await writeFile(join(folder, 'rogue.yaml'), deployment);
  await writeFile(join(folder, 'pod.yaml'), pod(other));
  const refused = { refused: byTwinlock, show: 3 };
  await shell.all(
    ['agent', `kubectl set image deployment/web web=${other} -n shop`, refused],
    ['agent', 'kubectl apply --server-side --force-conflicts -f rogue.yaml', refused],
    ['agent', 'kubectl create -f pod.yaml', refused],
    ['agent', 'kubectl exec deployment/web -n shop -- /usr/local/bin/node --version', refused],
    ['agent', 'kubectl delete deployment web -n shop', refused],
  );
  const found = await productionImage(story);
  hold(found === current, `production must still run ${current}, but runs ${found}`);
}

/** A pod that the Service would send customers to. */
function pod(image: string): string {
  return `apiVersion: v1
kind: Pod
metadata: { name: rogue, namespace: shop, labels: { app: web } }
spec:
  securityContext: { runAsNonRoot: true, seccompProfile: { type: RuntimeDefault } }
  containers:
    - name: web
      image: ${image}
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
`;
}
