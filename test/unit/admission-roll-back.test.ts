/** What whoever may not put a fallback back is told to do, by who it is. */
import test from 'ava';
import { evaluator } from '../../operator/admission/evaluate.ts';
import { who } from '../../operator/admission/who.ts';
import { workloads } from '../../operator/admission/workloads.ts';

const policy = workloads(who('twinlock-system'), true);
const message = policy.validations[0]?.message ?? '';
const evaluate = evaluator(policy.variables ?? [], [message]);

const spec = (image: string) => ({
  template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
});
const entry = (role: 'Current' | 'Fallback', image: string) => ({
  kind: 'Deployment',
  name: 'web',
  role,
  spec: spec(image),
  rollbackUsers: ['system:serviceaccount:argocd:named'],
});
const promotions = 'system:serviceaccount:twinlock-system:twinlock-promotions';
const ofItsPod = {
  'authentication.kubernetes.io/pod-name': ['promotions-1'],
  'authentication.kubernetes.io/credential-id': ['JTI=1'],
};

/** What is told about putting this image back. */
function told(username: string, extra?: object, image = 'old'): unknown {
  const object = { metadata: { name: 'web' }, spec: spec(image) };
  return evaluate({
    object,
    oldObject: { metadata: { name: 'web' }, spec: spec('new') },
    request: {
      operation: 'UPDATE',
      kind: { kind: 'Deployment' },
      name: 'web',
      namespace: 'shop',
      userInfo: { username, extra },
    },
    params: { spec: { approved: [entry('Current', 'new'), entry('Fallback', 'old')] } },
  })(message);
}

const verb = /is the signed fallback, and rolling back needs the verb rollback on productiontargets;/;

for (const [who, username, extra] of [
  ['a person', 'oncall', undefined],
  ['an account that the target names', 'system:serviceaccount:argocd:named', undefined],
  ["Twinlock's own process", promotions, ofItsPod],
] as const)
  test(`${who} lacks the verb`, (t) => t.regex(String(told(username, extra)), verb));

for (const [who, username] of [
  ['a tool', 'system:serviceaccount:argocd:controller'],
  ["whoever has the name of Twinlock's account only", promotions],
] as const)
  test(`${who} is told that it would take back what was promoted`, (t) => {
    const words = String(told(username));
    t.regex(words, /would take back what was promoted: commit that to Git \(new\)/);
    t.true(words.includes(`or name ${username} in rollback.serviceAccounts`));
  });

test('what nobody approved is no fallback, whoever brings it', (t) => {
  t.regex(String(told(promotions, ofItsPod, 'evil')), /does not match the approved content \(pod template differs\)/);
});
