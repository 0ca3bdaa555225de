import { hold } from '../story.ts';
import { fill } from '../manifests.ts';
import type { Step } from '../story.ts';

/** Step 5. */
export const promotion: Step = {
  title: '5. The agent asks for a promotion; it waits for a human and says for whom',
  async run({ shell, folder }) {
    await fill(folder, 'promotion.yaml', 'storefront/deploy/promotion.yaml');
    await shell.run('agent', 'kubectl apply -f promotion.yaml', { show: 1 });
    await shell.run(
      'agent',
      "kubectl wait promotion/web-42 -n shop --for=jsonpath='{.status.phase}'=AwaitingApproval --timeout=60s",
      { show: 0 },
    );
    await shell.run('agent', 'kubectl get promotion web-42 -n shop');
    const why = await shell.run(
      'agent',
      `kubectl get promotion web-42 -n shop -o jsonpath='{range .status.why[*]}{@}{"\\n"}{end}'`,
      { show: 12 },
    );
    hold(/alice/.test(why) && /carol/.test(why), `status.why must name who can approve: ${why}`);
    hold(/ssh-keygen|kubectl/.test(why), `status.why must print the next command: ${why}`);
  },
};
