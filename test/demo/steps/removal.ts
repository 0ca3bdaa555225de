import { hold } from '../story.ts';
import { answers, environmentStatus } from './environments.ts';
import type { Step } from '../story.ts';

/** Step 9. */
export const removal: Step = {
  title: '9. pr-42 is deleted and leaves nothing behind; staging still answers',
  async run(story) {
    const { shell, cluster } = story;
    const { namespace } = await environmentStatus(story, 'pr-42');
    await shell.run('agent', 'kubectl delete twinenvironment pr-42 -n shop-dev --timeout=60s', {
      show: 1,
      timeout: 70_000,
    });
    const { status } = await cluster.request('GET', `/api/v1/namespaces/${namespace}`);
    hold(status === 404, `the namespace ${namespace} must be gone, but the API answers ${status}`);
    // Every kind that can be listed, in every namespace: by label, and volumes by the namespace of their claim.
    const left = await shell.run(
      'admin',
      `kinds=$(kubectl api-resources --verbs=list -o name | grep -v '^events' | paste -sd,)
kubectl get "$kinds" -A -l twinlock.dev/environment=pr-42,twinlock.dev/environment-namespace=shop-dev -o name --ignore-not-found
kubectl get persistentvolumes -o jsonpath='{range .items[?(@.spec.claimRef.namespace=="${namespace}")]}{.metadata.name}{"\\n"}{end}'`,
    );
    hold(left.trim() === '', `nothing of pr-42 must be left, but there is:\n${left}`);
    story.print('  nothing is left');
    await answers(story, 'staging', 'v1');
  },
};
