import test from 'ava';
import { keyringWarnings, type ApproverKeyring } from '../../operator/api/index.ts';
import { keyringStatus } from '../../operator/promotions/keyrings/status.ts';
import { reviewKeyring } from '../../operator/votes/index.ts';
import { checkedStatus } from '../statuses/unit.ts';
import { keys, now } from './promotion-world.ts';

type Principals = ApproverKeyring['spec']['principals'];
type Status = ReturnType<typeof keyringStatus>;

function statusOf(principals: Principals, status?: Status): Status {
  const keyring: ApproverKeyring = {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ApproverKeyring',
    metadata: { name: 'default', uid: 'keyring-uid', generation: 3 },
    spec: { principals },
    status,
  };
  return checkedStatus(keyring, keyringStatus(keyring, reviewKeyring(keyring.spec, now), now));
}

const said = ({ conditions = [] }: Status): readonly string[] =>
  conditions.map(({ type, status, reason }) => `${type} ${status}/${reason}`);
const enrolled = (name: string, publicKey: string): NonNullable<Principals>[number] => ({
  name,
  kubernetesUsers: [name],
  keys: [{ publicKey, requireTouch: false }],
});
const alice = enrolled('alice', keys.alice.line);
const broken = enrolled('bob', 'ssh-ed25519 AAAA');

const states: readonly (readonly [title: string, principals: Principals, conditions: readonly string[]])[] = [
  ['whose people can vote', [alice], ['Ready True/Usable']],
  ['of which one entry cannot', [alice, broken], ['Ready True/Usable']],
  ['of nobody', [], ['Ready False/NobodyCanVote', 'Stalled True/NobodyCanVote']],
  ['whose keys are all unfit', [broken], ['Ready False/NobodyCanVote', 'Stalled True/NobodyCanVote']],
];
for (const [title, principals, conditions] of states)
  test(`a keyring ${title}`, (t) => {
    const status = statusOf(principals);
    t.deepEqual(said(status), conditions, status.conditions?.[0]?.message);
    t.is(status.warnings !== undefined, principals?.includes(broken) ?? false);
  });

test('a keyring of more faults than fit says how many there are more', (t) => {
  const many = Array.from({ length: keyringWarnings.count + 5 }, (_, index) =>
    enrolled(`p${index}`, 'ssh-ed25519 AAAA'),
  );
  const { warnings = [] } = statusOf(many);
  t.is(warnings.length, keyringWarnings.count);
  t.regex(warnings.at(-1) ?? '', /^and \d+ more$/);
});

test('a keyring that is written again as it was keeps its status', (t) => {
  const before = statusOf([alice]);
  t.deepEqual(statusOf([alice], before), before);
});
