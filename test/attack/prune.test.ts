import test from 'ava';
import { allowed, denied } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Live, type Send, type Stage } from '../stage/attack.ts';
import { messageOf, namespace } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
/** A GitOps tool as Flux installs it: a service account that is cluster-admin, so every verb of Twinlock's is its. */
let gitops: Send;
test.before(async () => {
  stage = await openAttack();
  await stage.cluster.apply([
    namespace('flux-system'),
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'kustomize-controller', namespace: 'flux-system' } },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: 'cluster-reconciler-flux-system' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name: 'kustomize-controller', namespace: 'flux-system' }],
    },
  ]);
  gitops = await stage.withToken('flux-system', 'kustomize-controller');
});
test.after.always(async () => {
  await stage?.stop();
});

const asked = (name: string): Json => ({ metadata: { annotations: { 'twinlock.dev/unprotect': name } } });
const unlabel = { metadata: { labels: { 'twinlock.dev/protected': null } } };
const pathOf = (name: string): string => `/api/v1/namespaces/${name}`;
const target: Json = {
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'ProductionTarget',
  metadata: { name: 'web' },
  spec: { workloads: [{ kind: 'Deployment', name: 'web' }] },
};

async function withTarget(name: string): Promise<Production> {
  const shop = await Production.open(stage, name);
  await must(stage.platform('POST', shop.own('productiontargets'), target));
  return shop;
}

/** Types the command of a refusal, as the person does who reads it. */
async function annotateAsTold(message: string): Promise<void> {
  const [, command = ''] =
    /first kubectl (annotate \S+ \S+(?: -n \S+)? twinlock\.dev\/unprotect=\S+)/.exec(message) ?? [];
  await stage.cluster.kubectl(command.split(' '));
}

test('denied: a target pruned by a tool that holds every verb; allowed: once a person said so, by the command of the refusal', async (t) => {
  const shop = await withTarget('pruned-target');
  const path = shop.own('productiontargets', 'web');
  const answer = await gitops('DELETE', path);
  denied(t, answer, 'guard-targets', /annotate productiontarget web -n pruned-target twinlock\.dev\/unprotect=web$/);
  denied(t, await gitops('DELETE', shop.own('productiontargets')), 'guard-targets', /unprotect=web/);
  await must(stage.platform('PATCH', path, asked('other')));
  denied(t, await gitops('DELETE', path), 'guard-targets', /unprotect=web/, 'the name of another');
  await stage.cluster.kubectl(['annotate', 'productiontarget', 'web', '-n', shop.namespace, 'twinlock.dev/unprotect-']);
  await annotateAsTold(messageOf(answer));
  denied(t, await stage.ordinary('DELETE', path), 'guard-targets', /verb unprotect/, 'the annotation gives no verb');
  allowed(t, await gitops('DELETE', path));
});

test('denied: a protected namespace pruned, replaced or relabelled by a tool; allowed: once a person said so', async (t) => {
  const shop = await withTarget('pruned');
  const path = pathOf('pruned');
  const answer = await gitops('DELETE', path);
  denied(t, answer, 'guard-namespaces', /annotate namespace pruned twinlock\.dev\/unprotect=pruned$/);
  denied(t, await gitops('PATCH', path, unlabel), 'guard-namespaces', /unprotect=pruned/);
  for (const weaker of ['warn', 'false', '']) {
    const change = { metadata: { labels: { 'twinlock.dev/protected': weaker } } };
    denied(t, await gitops('PATCH', path, change), 'guard-namespaces', /unprotect=pruned/, weaker);
  }
  const live = await shop.read(path);
  denied(t, await gitops('PUT', path, namespace('pruned')), 'guard-namespaces', /unprotect=pruned/);
  const { 'twinlock.dev/protected': _, ...labels } = live.metadata['labels'] as Json;
  const bare = { ...live, metadata: { ...live.metadata, labels } };
  denied(t, await gitops('PUT', `${path}/finalize`, bare), 'guard-namespaces', /unprotect=pruned/);
  // The annotation counts from the request after the one that brings it.
  const atOnce = { metadata: { ...(unlabel.metadata as Json), ...(asked('pruned')['metadata'] as Json) } };
  denied(t, await gitops('PATCH', path, atOnce), 'guard-namespaces', /unprotect=pruned/);
  await annotateAsTold(messageOf(answer));
  denied(t, await stage.ordinary('DELETE', path), 'guard-namespaces', /verb unprotect/);
  allowed(t, await gitops('DELETE', path));
  await shop.until('the namespace is gone, with its target, lock and records', async () => {
    const { body } = await stage.admin('GET', shop.core('pods'));
    for (const { metadata } of (body as { readonly items?: readonly Live[] }).items ?? []) {
      await stage.admin('DELETE', `${shop.core('pods', metadata.name)}?gracePeriodSeconds=0`);
    }
    return (await stage.admin('GET', path)).status === 404;
  });
});

test('allowed: the label taken off by a person who said so, and by the promotions process', async (t) => {
  const shop = await Production.open(stage, 'opened');
  const path = pathOf('opened');
  await must(stage.admin('PATCH', path, asked('opened')));
  allowed(t, await stage.admin('PATCH', path, unlabel));
  const protect = { metadata: { labels: { 'twinlock.dev/protected': 'true' }, annotations: null } };
  allowed(t, await gitops('PATCH', path, protect));
  denied(t, await gitops('DELETE', path), 'guard-namespaces', /unprotect=opened/);
  allowed(t, await stage.promotions('PATCH', path, unlabel));
  t.is((await shop.read(path)).metadata['labels'] === undefined, false);
});

test("denied: the operator's namespace and its definitions pruned; allowed: once a person said so", async (t) => {
  const system = pathOf('twinlock-system');
  denied(t, await gitops('DELETE', `${system}?dryRun=All`), 'guard-namespaces', /unprotect=twinlock-system$/);
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
  const definition = `${crds}/productiontargets.twinlock.dev`;
  const hint =
    /annotate customresourcedefinition productiontargets\.twinlock\.dev twinlock\.dev\/unprotect=productiontargets\.twinlock\.dev$/;
  denied(t, await gitops('DELETE', `${definition}?dryRun=All`), 'guard-definitions', hint);
  denied(t, await gitops('DELETE', `${crds}?dryRun=All`), 'guard-definitions', /twinlock\.dev\/unprotect=/);
  await must(stage.admin('PATCH', system, asked('twinlock-system')));
  await must(stage.admin('PATCH', definition, asked('productiontargets.twinlock.dev')));
  allowed(t, await gitops('DELETE', `${system}?dryRun=All`));
  allowed(t, await gitops('DELETE', `${definition}?dryRun=All`));
});

test('allowed: a tool prunes what protects nothing, policies and keyrings with their verb', async (t) => {
  await must(gitops('POST', '/api/v1/namespaces', namespace('plain')));
  allowed(t, await gitops('DELETE', pathOf('plain')));
  const policies = '/apis/twinlock.dev/v1alpha1/approvalpolicies';
  const policy = { apiVersion: 'twinlock.dev/v1alpha1', kind: 'ApprovalPolicy', metadata: { name: 'spare' }, spec: {} };
  await must(gitops('POST', policies, policy));
  allowed(t, await gitops('DELETE', `${policies}/spare`));
});
