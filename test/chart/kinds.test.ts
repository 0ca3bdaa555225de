/** Kinds of objects that the values name: their rights and their rule, and which are refused. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { renderPolicies } from '../../operator/admission/index.ts';
import type { DefinedKind } from '../../operator/api/index.ts';
import { renderRbac } from '../../operator/install/rbac.ts';
import { parseFlags } from '../../operator/processes/flags.ts';
import { charts, helmTemplate, manifestsOf, MUTATING, one, rendered, smallest, type Manifest } from './render.ts';

const route: DefinedKind = {
  group: 'networking.istio.io',
  version: 'v1',
  kind: 'VirtualService',
  plural: 'virtualservices',
};
const scaled: DefinedKind = { group: 'keda.sh', version: 'v1alpha1', kind: 'ScaledObject', plural: 'scaledobjects' };
const quota: DefinedKind = { group: '', version: 'v1', kind: 'ResourceQuota', plural: 'resourcequotas' };

const template = (kinds: readonly object[]) =>
  helmTemplate(smallest, 'twinlock-system', [MUTATING], ['--set-json', `promotions.kinds=${JSON.stringify(kinds)}`]);

const names = (manifests: readonly Manifest[]): readonly string[] =>
  manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);

test('each kind has its rights, its part of the rule and a place in what the process is told; others nothing', async (t) => {
  const kinds = [route, scaled, quota];
  const { stdout, stderr } = await template(kinds);
  t.is(stderr, '');
  const found = manifestsOf(stdout);
  const policies = renderPolicies({ systemNamespace: 'twinlock-system', mutating: true, kinds });
  for (const { kind, metadata, spec } of policies.filter(({ metadata: { name } }) => name.includes('objects')))
    t.deepEqual(one(found, kind, metadata.name)['spec'], spec);
  // cdk8s types it object[]; a chart is a list of manifests.
  const roles = renderRbac('twinlock-system', kinds) as readonly Manifest[];
  for (const name of ['twinlock-promotions', 'twinlock-oncall'])
    t.deepEqual(one(found, 'ClusterRole', name)['rules'], one(roles, 'ClusterRole', name)['rules']);

  const { spec } = one(found, 'Deployment', 'twinlock-promotions') as unknown as {
    readonly spec: {
      readonly template: { readonly spec: { readonly containers: readonly [{ readonly args: readonly string[] }] } };
    };
  };
  const command = parseFlags(spec.template.spec.containers[0].args);
  t.deepEqual('run' in command && command.options.kinds, kinds);

  const without = await rendered();
  t.deepEqual(
    names(found).filter((name) => !names(without).includes(name)),
    [
      'ValidatingAdmissionPolicy/twinlock-defined-objects',
      'ValidatingAdmissionPolicyBinding/twinlock-defined-objects',
      'ValidatingAdmissionPolicyBinding/twinlock-defined-objects-warn',
    ],
  );
  const shown = JSON.stringify(without);
  t.notRegex(shown, /virtualservices|--kinds/);
});

test('the example of the docs is one that is taken', async (t) => {
  const text = await readFile(join(charts, '../docs/promote-manifests.md'), 'utf8');
  const [, block = ''] = /```yaml\n(promotions:\n[^`]*)```/.exec(text) ?? [];
  const { promotions } = parse(block) as { readonly promotions: { readonly kinds: readonly DefinedKind[] } };
  t.deepEqual(promotions.kinds, [route, scaled]);
});

const refused: readonly (readonly [why: string, kinds: readonly DefinedKind[], message: RegExp])[] = [
  ['Secrets', [{ ...quota, kind: 'Secret', plural: 'secrets' }], /kinds\[0\]\.kind: Secret is never promoted, since/],
  ['Secrets by another name', [{ ...quota, plural: 'secrets' }], /kinds\[0\]\.group: ResourceQuota is Kubernetes' own/],
  ['pods', [{ ...quota, kind: 'Pod', plural: 'pods' }], /kinds\[0\]\.kind: Pod makes pods/],
  ['workloads', [{ ...quota, group: 'apps', kind: 'Deployment', plural: 'deployments' }], /in spec\.workloads/],
  [
    'roles',
    [{ ...quota, group: 'rbac.authorization.k8s.io', kind: 'Role', plural: 'roles' }],
    /kinds\[0\]\.kind: Role is never promoted: whoever may bring it/,
  ],
  [
    'roles by another name',
    [{ ...quota, group: 'rbac.authorization.k8s.io', kind: 'Rights', plural: 'roles' }],
    /kinds\[0\]\.group: Rights is never promoted/,
  ],
  [
    "Twinlock's own",
    [route, { ...route, group: 'twinlock.dev', kind: 'Promotion', plural: 'promotions' }],
    /kinds\[1\]\.group: Promotion is of Twinlock's own group/,
  ],
  ['what is not of namespaces', [{ ...quota, kind: 'Node', plural: 'nodes' }], /Node is Kubernetes' own/],
  ['what is known anyway', [{ ...quota, kind: 'Service', plural: 'services' }], /Service has the name of a kind/],
  ['a name twice', [route, { ...scaled, kind: 'VirtualService' }], /kinds\[1\]\.kind: VirtualService is there twice/],
  ['a resource twice', [route, { ...route, kind: 'Other' }], /kinds\[1\]\.plural: virtualservices is there twice/],
];
for (const [why, kinds, message] of refused)
  test(`refused at installation, and by the process in the same words: ${why}`, async (t) => {
    const { code, stderr } = await template(kinds);
    t.not(code, 0);
    t.regex(stderr, message);
    t.throws(() => parseFlags(['promotions', `--kinds=${JSON.stringify(kinds)}`]), { message });
  });

for (const [why, kind] of [
  ['a subresource', { ...route, plural: 'virtualservices/status' }],
  ['every resource', { ...route, plural: '*' }],
  ['every group', { ...route, group: '*' }],
  ['CEL in a name', { ...route, kind: "A'" }],
  ['a field that nobody knows', { ...route, names: ['a'] }],
  ['a version that is none', { ...route, version: 'latest' }],
] as const)
  test(`not readable at installation, nor by the process: ${why}`, async (t) => {
    const { code, stderr } = await template([kind]);
    t.not(code, 0);
    t.regex(stderr, /\/promotions\/kinds\/0/);
    t.throws(() => parseFlags(['promotions', `--kinds=${JSON.stringify([kind])}`]), { message: /0/ });
  });
