import test from 'ava';
import { environmentManagerRole, environmentsRights } from '../../operator/environments/rights.ts';
import { promotionsRights } from '../../operator/promotions/rights.ts';
import { one, rendered } from './render.ts';
import type { Manifest } from './render.ts';

interface Rule {
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
  readonly verbs: readonly string[];
}

const rules = (manifest: Manifest): readonly Rule[] => (manifest['rules'] ?? []) as readonly Rule[];
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

test('each process has exactly the rights that its code names', async (t) => {
  const manifests = await rendered();
  for (const [name, rights] of [
    ['twinlock-environments', environmentsRights],
    ['twinlock-promotions', promotionsRights],
  ] as const) {
    t.deepEqual(rules(one(manifests, 'ClusterRole', name)), plain(rights.cluster), name);
    t.deepEqual(rules(one(manifests, 'Role', name)), plain(rights.system), name);
  }
  const manager = one(manifests, 'ClusterRole', environmentManagerRole.name);
  t.deepEqual(rules(manager), plain(environmentManagerRole.rules));
});

test('no role has a wildcard', async (t) => {
  for (const manifest of await rendered()) {
    for (const rule of rules(manifest)) {
      const all = [rule.apiGroups, rule.resources, rule.nonResourceURLs, rule.verbs].flatMap((list) => list ?? []);
      t.false(all.includes('*'), `${manifest.kind} ${manifest.metadata.name}: ${JSON.stringify(rule)}`);
    }
  }
});

test('each account is bound to its own roles and to nothing else; nobody binds the manager role', async (t) => {
  const bindings = (await rendered()).filter(({ kind }) => kind.endsWith('RoleBinding'));
  for (const binding of bindings) {
    const { name } = binding['roleRef'] as { name: string };
    const subjects = binding['subjects'] as readonly { kind: string; name: string; namespace: string }[];
    t.deepEqual(plain(subjects), [{ kind: 'ServiceAccount', name, namespace: 'twinlock-system' }]);
  }
  t.is(bindings.length, 4);
});

test('the environments process cannot write workloads, pods or secrets anywhere by itself', (t) => {
  const writes = environmentsRights.cluster.filter(({ verbs }) =>
    verbs.some((verb) => ['create', 'update', 'patch', 'delete', 'deletecollection'].includes(verb)),
  );
  const resources = new Set<string>(writes.flatMap((rule) => [...rule.resources]));
  for (const forbidden of ['deployments', 'statefulsets', 'pods', 'secrets', 'configmaps', 'services']) {
    t.false(resources.has(forbidden), forbidden);
  }
});

const grants = (manifest: Manifest, verb: string, resource: string): boolean =>
  rules(manifest).some((rule) => rule.verbs.includes(verb) && (rule.resources ?? []).includes(resource));

test('edit may make environments and promotions, and neither approves nor writes a status', async (t) => {
  const manifests = await rendered();
  const edit = one(manifests, 'ClusterRole', 'twinlock-edit');
  t.is(edit.metadata.labels?.['rbac.authorization.k8s.io/aggregate-to-edit'], 'true');
  for (const resource of ['twinenvironments', 'promotions']) t.true(grants(edit, 'create', resource));
  const everything = rules(edit).flatMap((rule) => [...(rule.resources ?? []), ...rule.verbs]);
  for (const forbidden of ['approve', 'rollback', 'unprotect', 'upgrade', 'promotions/status']) {
    t.false(everything.includes(forbidden), forbidden);
  }
  const view = one(manifests, 'ClusterRole', 'twinlock-view');
  t.true(rules(view).every(({ verbs }) => verbs.every((verb) => ['get', 'list', 'watch'].includes(verb))));
});

test('approve, unprotect and upgrade are held by one role each, rollback by the on-call and the process', async (t) => {
  const roles = (await rendered()).filter(({ kind }) => kind === 'ClusterRole');
  const holders = (verb: string, resource: string): readonly string[] =>
    roles
      .filter((role) => grants(role, verb, resource))
      .map(({ metadata }) => metadata.name)
      .sort();
  t.deepEqual(holders('approve', 'promotions'), ['twinlock-approver']);
  t.deepEqual(holders('rollback', 'productiontargets'), ['twinlock-oncall', 'twinlock-promotions']);
  t.deepEqual(holders('unprotect', 'productiontargets'), ['twinlock-admin']);
  t.deepEqual(holders('upgrade', 'productiontargets'), ['twinlock-admin']);
});

test('aggregated roles can be left out', async (t) => {
  const manifests = await rendered({ 'roles.aggregate': 'false' });
  t.false(manifests.some(({ metadata }) => ['twinlock-view', 'twinlock-edit'].includes(metadata.name)));
  one(manifests, 'ClusterRole', 'twinlock-approver');
});
