import { hold } from '../story.ts';
import type { Step } from '../story.ts';

/** Step 8. */
export const audit: Step = {
  title: '8. The record is exported; its votes and its chain are checked offline, without Twinlock',
  async run({ shell }) {
    const record = await shell.run(
      'carol',
      `kubectl get promotionrecords -n shop -o jsonpath='{.items[?(@.spec.outcome.result=="Approved")].metadata.name}'`,
    );
    hold(record.trim() !== '', 'there must be a record of the approval');
    const field = (path: string, file: string): string =>
      `kubectl get promotionrecord ${record.trim()} -n shop -o jsonpath='{${path}}' > ${file}`;
    await shell.all(
      ['carol', field('.spec.statements.approve', 'statement.json'), { show: 0 }],
      ['carol', field('.spec.votes[0].armor', 'vote.sig'), { show: 0 }],
      ['carol', field('.spec.allowedSigners', 'allowed_signers'), { show: 0 }],
      ['carol', 'kubectl get promotionrecords -n shop -o json > records.json', { show: 0 }],
    );
    const verify = 'ssh-keygen -Y verify -f allowed_signers -I alice -n vote.v1@twinlock.dev -s vote.sig';
    const verdict = await shell.run('carol', `${verify} < statement.json`);
    hold(/Good .*signature for alice/.test(verdict), `ssh-keygen must verify alice's vote: ${verdict}`);
    await shell.run('carol', `sed 's/storefront/something-else/' statement.json | ${verify}`, {
      refused: [/incorrect signature|not verify/i],
      show: 2,
    });
    await shell.run('carol', 'bash examples/audit/verify-chain.sh records.json web');
  },
};
