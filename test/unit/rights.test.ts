import test from 'ava';
import { globSync, readFileSync } from 'node:fs';
import { ITSELF, missed, nameOf, WHOLE_FILE } from '../rights/missed.ts';
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

/** Whether a file has a test of that title, written out or as a template. */
function hasTitle(source: string, title: string): boolean {
  if (source.includes(title)) return true;
  return [...source.matchAll(/\btest(?:\.\w+)*\(\s*`((?:[^`\\]|\\.)*)`/g)].some(([, template = '']) => {
    const parts = template.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`));
    return new RegExp(`^${parts.join('.*')}$`, 's').test(title);
  });
}

test('the title of a test is found in its file, written out or as a template', (t) => {
  const source = "test('a vote counts', f);\ntest.serial(`${name}: a ${kind} (of one) rolls back`, f);";
  t.true(hasTitle(source, 'a vote counts'));
  t.true(hasTitle(source, 'two: a DaemonSet (of one) rolls back'));
  t.false(hasTitle(source, 'a vote does not count'));
  t.false(hasTitle(source, 'two: a DaemonSet rolls back'));
});

// The list may be a part of the rights: only `make rights` tells, by its exit code, that each right is missed by a test.
test('who is said to miss a right is a test that is there, and the right is one that a role gives', async (t) => {
  const rights = renderedRights();
  const faults = Object.entries(await missed()).flatMap(([right, row]) => {
    if (!rights.has(right)) return [`no rendered role gives "${right}"`];
    const paths = globSync(`test/${row.file}.test.ts`);
    if (paths.length === 0) return [`there is no ${nameOf(row)}`];
    // What fails in a hook has the hook's name before its own.
    const title = row.test.replace(/^(?:before|after)(?:Each)?(?:\.always)? hook(?: for )?/, '');
    const untitled = [ITSELF, WHOLE_FILE, ''].includes(title);
    const found = untitled || paths.some((path) => hasTitle(readFileSync(path, 'utf8'), title));
    return found ? [] : [`${paths.join(', ')} has no test "${title}"`];
  });
  t.deepEqual(faults, [], 'run `make rights` again for these');
});
