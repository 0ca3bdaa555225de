/** Objects of kinds that the installation names, whose definitions are somebody else's: on a real API server. */
import test from 'ava';
import type { DefinedKind, Promotion } from '../../operator/api/index.ts';
import { waitFor } from '../harness/index.ts';
import { SteppedClock } from '../stage/clock.ts';
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
import { openPromotions, type Stage } from '../stage/promotions.ts';
import { conditionOf, images, Shop } from '../stage/shop.ts';
import type { Json } from '../stage/stage.ts';

/** Named by the installation before anybody serves it. */
const later: DefinedKind = { ...mesh, group: 'later.example.com', kind: 'Later', plural: 'laters' };
let stage: Stage;
const clock = new SteppedClock();

test.before(async () => {
  const kinds = [mesh, loose, later];
  stage = await openPromotions({ kinds });
  await define(stage.cluster, [meshDefinition(), looseDefinition], [mesh, loose]);
  await stage.startProcess({ kinds }, clock.overrides);
});
test.after.always(() => stage?.stop());

async function find(kind: DefinedKind, namespace: string): Promise<Json | undefined> {
  const { status, body } = await stage.cluster.request('GET', pathOf(kind, namespace, 'web'));
  return status === 200 ? (body as Json) : undefined;
}
const inNamespace = (namespace: string, object: Json): Json => ({
  ...object,
  metadata: { ...(object['metadata'] as Json), namespace },
});
async function shop(namespace: string, before: readonly Json[], objects: readonly Json[]): Promise<Shop> {
  const place = new Shop(stage, namespace);
  await place.open({ before: before.map((object) => inNamespace(namespace, object)), target: { objects } });
  return place;
}
const both = [
  { kind: 'MeshRoute', name: 'web' },
  { kind: 'Anything', name: 'web' },
];
interface Told {
  readonly changes: readonly { readonly path: string; readonly from?: unknown; readonly to?: unknown }[];
}
const told = ({ status }: Promotion): readonly string[] => {
  const { predicate } = JSON.parse(status?.approval?.statements?.approve ?? '') as { readonly predicate: Told };
  return predicate.changes
    .filter(({ path }) => !path.startsWith('Deployment/'))
    .map(({ path, from, to }) => `${path}: ${JSON.stringify(from)} -> ${JSON.stringify(to)}`);
};

test.serial('taken over, changed, made and taken away by promotion, as the API server stores them', async (t) => {
  const place = await shop('whole', [meshRoute({ hosts: ['a.example'] })], both);
  await place.ready();
  await place.environment('pr-42', images.second);
  const target = await place.target(({ status }) => status?.objects?.length === 2);
  t.deepEqual(
    target.status?.objects?.map(({ kind, digest }) => [kind, digest === undefined]),
    [
      ['MeshRoute', false],
      ['Anything', true],
    ],
    'what is there, and that the other is not',
  );
  await place.promote('web-42', 'pr-42', {
    spec: { objects: [meshRoute({ hosts: ['b.example'] }), anythingOf({ rules: [{ to: 'web', weight: 1 }] })] },
  });
  const asked = await place.phase('web-42', 'AwaitingApproval');
  t.deepEqual(told(asked), [
    'Anything/web .apiVersion: undefined -> "loose.example.com/v1"',
    'Anything/web .rules[0].to: undefined -> "web"',
    'Anything/web .rules[0].weight: undefined -> 1',
    'MeshRoute/web .spec.hosts[0]: "a.example" -> "b.example"',
  ]);
  await place.vote('web-42', stage.people.alice);
  await place.phase('web-42', 'Completed');
  t.like(await find(mesh, 'whole'), { spec: { hosts: ['b.example'], replicas: 1, retry: { attempts: 2 } } });
  t.like(await find(loose, 'whole'), { rules: [{ to: 'web', weight: 1 }] });

  // Its controller says what it did: no content, and nothing to promote.
  await stage.send('PATCH', `${pathOf(mesh, 'whole', 'web')}/status`, { status: { replicas: 1 } });
  await place.promote('web-43', 'pr-42', { spec: { removes: [{ kind: 'Anything', name: 'web' }] } });
  t.deepEqual(
    told(await place.phase('web-43', 'AwaitingApproval')).map((line) => line.split(':')[0]),
    ['Anything/web .apiVersion', 'Anything/web .rules[0].to', 'Anything/web .rules[0].weight'],
  );
  await place.vote('web-43', stage.people.alice);
  await place.phase('web-43', 'Completed');
  t.is(await find(loose, 'whole'), undefined);
  await place.ready();
});

test.serial('who may roll back puts the fallback in its place, and the target takes it over', async (t) => {
  const place = await shop('back', [meshRoute({ hosts: ['a.example'] })], both);
  await place.ready();
  await place.environment('pr-42', images.second);
  await place.promote('web-42', 'pr-42', { spec: { objects: [meshRoute({ hosts: ['b.example'] })] } });
  await place.vote('web-42', stage.people.alice);
  await place.phase('web-42', 'Completed');
  const live = (await find(mesh, 'back')) ?? {};
  const before = { ...live, spec: { ...(live['spec'] as Json), hosts: ['a.example'] } };
  await t.throwsAsync(stage.send('PUT', pathOf(mesh, 'back', 'web'), before, stage.people.dev.kubeconfig));
  await stage.send('PUT', pathOf(mesh, 'back', 'web'), before, stage.people.carol.kubeconfig);
  // Objects are not watched: whoever does not want to wait asks.
  await stage.send('PATCH', '/apis/twinlock.dev/v1alpha1/namespaces/back/productiontargets/web', {
    metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': 'now' } },
  });
  await waitFor('it is what is approved', async (seen) => {
    const { status } = await place.target(() => true);
    seen(status);
    return status?.objects?.find(({ kind }) => kind === 'MeshRoute')?.fallback === undefined;
  });
  await place.ready();
});

test.serial(
  'a kind that nobody serves yet, or that is not named: the target says so, and heals when it comes',
  async (t) => {
    const place = await shop('later', [], [{ kind: 'Later', name: 'web' }]);
    const waiting = await place.target((target) => conditionOf(target, 'Ready')?.reason === 'ObjectUnreadable');
    t.regex(
      conditionOf(waiting, 'Ready')?.message ?? '',
      /serves no laters of later\.example\.com\/v1 in namespaces.*install its CustomResourceDefinition/,
    );
    await define(stage.cluster, [meshDefinition(['v1'], later)], [later]);
    clock.pass(60_000);
    await place.ready();

    const unnamed = await shop('unnamed', [], [{ kind: 'Nothing', name: 'web' }]);
    const refused = await unnamed.target((target) => conditionOf(target, 'Ready')?.reason === 'ObjectUnreadable');
    t.regex(conditionOf(refused, 'Ready')?.message ?? '', /Nothing is no kind .*names it in promotions\.kinds/);
  },
);

test.serial('a definition that stops serving the version: what is locked stays closed, and it is said', async (t) => {
  const place = await shop('moved', [meshRoute({ hosts: ['a.example'] })], both);
  await place.ready();
  await place.environment('pr-42', images.second);
  const beta = { ...mesh, version: 'v1beta1' };
  await define(stage.cluster, [meshDefinition(['v1beta1'])], [beta]);
  await waitFor('v1 is not served', async () => (await find(mesh, 'moved')) === undefined);
  const at = pathOf(beta, 'moved', 'web');
  const evil = { spec: { hosts: ['evil.example'] } };
  await t.throwsAsync(stage.send('PATCH', at, evil), { message: /answered 403.*twinlock-defined-objects/s });
  await t.throwsAsync(stage.send('DELETE', at), { message: /answered 403.*twinlock-defined-objects/s });
  await place.promote('web-42', 'pr-42', { spec: { objects: [meshRoute({ hosts: ['b.example'] })] } });
  const stalled = await place.promotion(
    'web-42',
    (promotion) => conditionOf(promotion, 'Ready')?.reason === 'NotReadable',
  );
  t.regex(conditionOf(stalled, 'Ready')?.message ?? '', /serves no meshroutes of mesh\.example\.com\/v1/);

  // The honest twin: as soon as it is served again, the same promotion goes its way.
  await define(stage.cluster, [meshDefinition()], [mesh]);
  clock.pass(120_000);
  await place.vote('web-42', stage.people.alice);
  await place.phase('web-42', 'Completed');
  t.like(await find(mesh, 'moved'), { spec: { hosts: ['b.example'] } });
});
