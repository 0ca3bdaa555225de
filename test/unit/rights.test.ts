import test from 'ava';
import type { AuditedRequest } from '../stage/audit.ts';
import { renderedRights, renderedRoles } from '../stage/rights.ts';
import { usesOf } from '../stage/uses.ts';

const request = (changes: Partial<AuditedRequest>): AuditedRequest => ({
  verb: 'get',
  requestURI: '/',
  requestReceivedTimestamp: '',
  stageTimestamp: '',
  user: { username: 'system:serviceaccount:twinlock-system:twinlock-promotions' },
  userAgent: 'twinlock-promotions',
  ...changes,
});
const forbidden = { 'authorization.k8s.io/decision': 'forbid' };
const text = (objects: readonly object[]): string => JSON.stringify(objects);
const secrets = { resource: 'secrets' };

test('a use is what a process itself asked for and was let in with', (t) => {
  const status = { apiGroup: 'twinlock.dev', resource: 'promotions', subresource: 'status' };
  const { used, refused } = usesOf([
    request({ verb: 'patch', objectRef: status }),
    request({ objectRef: secrets, userAgent: 'node' }),
    request({ objectRef: secrets, user: { username: 'admin' } }),
    request({ requestURI: '/version' }),
  ]);
  t.deepEqual([...used.keys()], ['promotions: patch twinlock.dev/promotions/status']);
  t.is(refused.size, 0);
});

test('what an apply makes anew uses the right to create it too', (t) => {
  const objectRef = { apiGroup: 'apps', resource: 'deployments' };
  const of = (code: number): readonly string[] => [
    ...usesOf([request({ verb: 'patch', objectRef, responseStatus: { code } })]).used.keys(),
  ];
  t.deepEqual(of(200), ['promotions: patch apps/deployments']);
  t.deepEqual(of(201), ['promotions: patch apps/deployments', 'promotions: create apps/deployments']);
});

test('a refusal by RBAC is no use; of what no rendered role gives it is a fault, of what a role gives it is not', (t) => {
  const { used, refused } = usesOf([
    request({ objectRef: { resource: 'nodes' }, annotations: forbidden }),
    request({ objectRef: { resource: 'namespaces' }, annotations: forbidden }),
  ]);
  t.is(used.size, 0);
  t.deepEqual([...refused], ['promotions: get nodes']);
});

test('one right can be taken out of the rendered roles, and nothing else goes with it', (t) => {
  const without = renderedRoles('promotions: rollback twinlock.dev/productiontargets');
  t.true(text(renderedRoles()).includes('"rollback"'));
  const promotions = without.filter((each) => text([each]).includes('"name":"twinlock-promotions"'));
  t.false(text(promotions).includes('"rollback"'));
  for (const verb of ['get', 'list', 'watch']) t.true(text(promotions).includes(`"${verb}"`));
  t.is(without.length, renderedRoles().length);
  t.true(renderedRights().has('environments: bind rbac.authorization.k8s.io/clusterroles'));
  t.throws(() => renderedRoles('promotions: eat cake'), { message: /no rendered role gives/ });
});
