/**
 * Objects of kinds that the installation names, in the hands of people who may write everything: whatever way, they stay
 * what was approved; what their controllers do goes on.
 */
import test, { type ExecutionContext } from 'ava';
import type { KubeObject } from '../../operator/kube/index.ts';
import { contentOfObject, objectDigest } from '../../operator/objects/index.ts';
import { waitFor, type Answer } from '../harness/index.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import {
  anythingOf,
  define,
  loose,
  looseDefinition,
  mesh,
  meshDefinition,
  meshRoute,
  pathOf,
} from '../stage/defined-kinds.ts';
import { deployment } from '../stage/objects.ts';
import { must, Production } from '../stage/production.ts';
import type { Json } from '../stage/stage.ts';
import { allowed, denied } from './assert.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack({ kinds: [mesh, loose] });
  await define(stage.cluster, [meshDefinition(), looseDefinition], [mesh, loose]);
  // Their right is their own team's; the attackers' roles know Kubernetes' own groups only.
  const rules = [{ apiGroups: [mesh.group, loose.group], resources: ['*'], verbs: ['*'] }];
  const aggregated = { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' };
  await stage.cluster.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'test-defined', labels: aggregated },
      rules,
    },
  ]);
});
test.after.always(() => stage?.stop());

const is = (t: ExecutionContext, answer: Answer, why?: RegExp, what?: string): void =>
  denied(t, answer, 'defined-objects', why, what);

const entry = (kind: string, object: object | undefined, more: Json = {}): Json => {
  const content = object && contentOfObject(kind, object as KubeObject);
  return {
    kind,
    name: 'web',
    role: 'Current',
    target: 'web',
    record: 'web-000001',
    ...(content && { digest: objectDigest(content), content }),
    ...more,
  };
};
const evilRoute = { spec: { hosts: ['evil.example'] } };
const sent = meshRoute({ hosts: ['shop.example'] }, { labels: { team: 'shop' } });

/** A namespace of production with one object of each, both listed. */
async function production(namespace: string): Promise<Production> {
  const place = await Production.open(stage, namespace, [deployment('web')]);
  const route = await must(stage.admin('POST', pathOf(mesh, namespace), sent));
  const other = await must(stage.admin('POST', pathOf(loose, namespace), anythingOf({ rules: [{ to: 'web' }] })));
  await place.relock({ objects: [entry('MeshRoute', route), entry('Anything', other)] });
  await waitFor('the lock is seen', async (seen) => {
    const tried = await stage.agent('PATCH', `${pathOf(mesh, namespace, 'web')}?dryRun=All`, evilRoute);
    seen(tried);
    return tried.status === 403 && JSON.stringify(tried.body).includes('twinlock');
  });
  return place;
}

test('denied: other content, by edit, PUT, forced apply, scale, labels and annotations, and through another version', async (t) => {
  await production('content');
  const at = pathOf(mesh, 'content', 'web');
  const live = await must(stage.admin('GET', at));
  const who = stage.agent;
  is(t, await who('PATCH', at, evilRoute), /does not match the approved content/);
  is(t, await who('PUT', at, { ...live, ...evilRoute }));
  is(
    t,
    await who(
      'PATCH',
      `${at}?fieldManager=argocd&force=true`,
      { ...sent, ...evilRoute },
      {
        contentType: 'application/apply-patch+yaml',
      },
    ),
  );
  is(t, await who('PATCH', at, { spec: { retry: { attempts: 9 } } }));
  is(t, await who('PATCH', at, { metadata: { labels: { other: 'x' } } }));
  is(t, await who('PATCH', at, { metadata: { annotations: { 'mesh.example.com/bypass': 'true' } } }));
  is(t, await who('PATCH', `${at}/scale`, { spec: { replicas: 50 } }));
  const older = at.replace('/v1/', '/v1beta1/');
  is(t, await who('PATCH', older, evilRoute));
  const any = pathOf(loose, 'content', 'web');
  is(t, await who('PATCH', any, { rules: [{ to: 'evil' }] }));
  is(t, await who('PATCH', any, { unknown: true }));
  // The honest twins: the same again in every way, what its controller writes, and who applies it.
  allowed(
    t,
    await who('PATCH', `${at}?fieldManager=argocd&force=true`, sent, { contentType: 'application/apply-patch+yaml' }),
  );
  allowed(t, await who('PATCH', at, { metadata: { labels: { 'app.kubernetes.io/managed-by': 'Helm' } } }));
  allowed(t, await who('PATCH', `${at}/status`, { status: { replicas: 1, conditions: [{ type: 'Ready' }] } }));
  allowed(t, await who('PATCH', `${at}/scale`, { spec: { replicas: 1 } }));
  allowed(t, await who('PATCH', at, { metadata: { finalizers: ['mesh.example.com/cleanup'] } }));
  allowed(t, await who('PATCH', older, { metadata: { finalizers: null } }));
  allowed(t, await who('PATCH', any, { status: { seen: true } }));
});

test('denied: deleted by name or with its collection, made again, given an owner; what nobody lists is free', async (t) => {
  const place = await production('deleted');
  for (const [kind, sample] of [
    [mesh, sent],
    [loose, anythingOf({ rules: [] })],
  ] as const) {
    const at = pathOf(kind, 'deleted', 'web');
    is(t, await stage.agent('DELETE', at), /may not be deleted/);
    is(
      t,
      await stage.agent('DELETE', `${pathOf(kind, 'deleted')}?fieldSelector=metadata.name%3Dweb`),
      /may not be deleted/,
    );
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '00000000-0000-0000-0000-000000000000' };
    is(t, await stage.agent('PATCH', at, { metadata: { ownerReferences: [owner] } }), /owner/);
    const other = { ...sample, metadata: { name: 'other' } };
    allowed(t, await stage.agent('POST', pathOf(kind, 'deleted'), other));
    allowed(t, await stage.agent('DELETE', pathOf(kind, 'deleted', 'other')));
  }
  is(
    t,
    await stage.promotions('POST', pathOf(mesh, 'deleted'), { ...sent, metadata: { name: 'other' } }),
    /listed by no/,
  );
  await place.relock({ objects: [entry('MeshRoute', undefined), entry('Anything', undefined)] });
  await waitFor('approved is that they are gone', async () => {
    const { status } = await stage.admin('DELETE', `${pathOf(mesh, 'deleted', 'web')}?dryRun=All`);
    return status === 200;
  });
  for (const kind of [mesh, loose]) allowed(t, await stage.agent('DELETE', pathOf(kind, 'deleted', 'web')));
  is(t, await stage.agent('POST', pathOf(mesh, 'deleted'), sent), /approved is that it is not there/);
});

test('denied: when its definition does not serve the approved version any more, in the one that it serves', async (t) => {
  const place = await production('moved');
  const live = await must(stage.admin('GET', pathOf(mesh, 'moved', 'web')));
  await place.relock({ objects: [entry('MeshRoute', { ...live, apiVersion: 'mesh.example.com/v1alpha1' })] });
  const at = pathOf(mesh, 'moved', 'web');
  await waitFor(
    'the lock is seen',
    async () => (await stage.agent('POST', `${pathOf(mesh, 'moved')}?dryRun=All`, sent)).status === 403,
  );
  is(t, await stage.agent('PATCH', at, evilRoute), /does not match the approved content/);
  is(t, await stage.agent('DELETE', at), /may not be deleted/);
  is(t, await stage.agent('POST', pathOf(mesh, 'moved'), sent), /does not match/);
  // The honest twin: nothing changes.
  allowed(t, await stage.agent('PATCH', at, { metadata: { finalizers: ['mesh.example.com/cleanup'] } }));
  allowed(t, await stage.agent('PATCH', at, { metadata: { finalizers: null } }));
});
