/** Whole manifests in a Promotion, in the hands of an agent with `edit` and of whoever changes objects on their way in. */
import test, { type ExecutionContext } from 'ava';
import { hasMutatingPolicies, isNewest, waitFor, type Answer } from '../harness/index.ts';
import { conditionOf, images } from '../stage/shop.ts';
import { path } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';
import { mutatingPolicy } from './mutators.ts';
import { Hall, promotionOf, type Place } from '../stage/hall.ts';
import { request } from '../stage/requester.ts';

let hall: Hall;
test.before(async () => {
  hall = await Hall.open(import.meta.filename);
});
test.after.always(async () => {
  await hall?.close();
});

interface Parts {
  readonly metadata?: Json;
  readonly spec?: Json;
  readonly pod?: Json;
  readonly top?: Json;
}
const web = { name: 'web', image: images.second, env: [{ name: 'MODE', value: 'live' }] };
const limited = { ...web, resources: { limits: { memory: '256Mi' } } };

/** A manifest of web with these containers. */
function manifest(containers: readonly Json[], { metadata, spec, pod, top }: Parts = {}): Json {
  const template = { metadata: { labels: { app: 'web' } }, spec: { containers, ...pod } };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', ...metadata },
    spec: { selector: { matchLabels: { app: 'web' } }, template, ...spec },
    ...top,
  };
}

/** Sends a Promotion with manifests as the agent. */
async function ask(place: Place, name: string, objects: readonly Json[], query = ''): Promise<Answer> {
  const promotion = promotionOf(place, name);
  const body = { ...promotion, spec: { ...(promotion['spec'] as Json), objects, supersedes: 'None' } };
  return request(hall.stage.cluster, 'POST', `${path(place.shop.namespace, 'promotions')}${query}`, {
    body,
    as: hall.agent,
  });
}

async function production(namespace: string): Promise<Place> {
  const place = await hall.production(namespace);
  await place.shop.environment('pr-42', images.second);
  return place;
}

/** The honest twin: the same manifest as its author should have written it goes to production. */
async function honest(
  t: ExecutionContext,
  place: Place,
  object: Json = manifest([limited]),
  image = images.second,
): Promise<void> {
  const { status } = await ask(place, 'honest', [object]);
  t.is(status, 201);
  await place.vote(hall.voters.alice, 'honest');
  await place.passes(t, 'honest', image, 'web');
}

const text = (answer: Answer): string => JSON.stringify(answer.body);

test.serial(
  'denied: a manifest with a tag, in a container or an init container (a CI that is compromised)',
  async (t) => {
    const place = await production('tagged');
    const tagged = { ...web, image: 'registry.example/web:2' };
    for (const object of [
      manifest([tagged]),
      manifest([{ ...web, image: `registry.example/web@sha256:${'b'.repeat(63)}` }]),
      manifest([web], { pod: { initContainers: [{ ...tagged, name: 'migrate' }] } }),
      manifest([{ name: 'web' }]),
    ]) {
      const answer = await ask(place, 'tagged', [object]);
      t.is(answer.status, 422, text(answer));
      t.regex(text(answer), /by digest|Required value/);
    }
    // A tag beside a digest says nothing, and does no harm.
    const both = images.second.replace('@', ':2@');
    await honest(t, place, manifest([{ ...limited, image: both }]), both);
  },
);

const strangers: readonly (readonly [string, Json])[] = [
  ['of the app', manifest([{ ...web, image: images.evil }])],
  ['of a container beside it', manifest([web, { name: 'helper', image: images.evil }])],
  ['of an init container', manifest([web], { pod: { initContainers: [{ name: 'first', image: images.evil }] } })],
  // An older API server has no such volumes: what people sign there has an empty one.
  ...(isNewest ? [images.evil, 'evil:1'] : []).map(
    (reference) =>
      ['of a volume', manifest([web], { pod: { volumes: [{ name: 'data', image: { reference } }] } })] as const,
  ),
  ['that ran under another name', manifest([web, { name: 'twice', image: images.second }])],
];

test.serial('denied: an image in a manifest that did not run in the environment (an agent)', async (t) => {
  const place = await production('not-run');
  for (const [index, [what, object]] of strangers.entries()) {
    const name = `not-run-${index}`;
    t.is((await ask(place, name, [object])).status, 201, what);
    const seen = await place.shop.promotion(name, (promotion) => conditionOf(promotion, 'Stalled')?.status === 'True');
    t.regex(conditionOf(seen, 'Stalled')?.message ?? '', /promote what ran there/, what);
    t.is(seen.status?.approval, undefined, what);
    await place.untouched(t, name);
  }
  await honest(t, place);
});

test.serial("denied: a manifest of a workload that is another target's, or nobody's (a team next door)", async (t) => {
  const place = await production('next-door');
  for (const name of ['payments', 'new-one']) {
    await ask(place, name, [manifest([web], { metadata: { name } })]);
    const seen = await place.shop.promotion(name, (promotion) => conditionOf(promotion, 'Stalled')?.status === 'True');
    t.is(conditionOf(seen, 'Stalled')?.reason, 'WorkloadNotMapped');
  }
  const elsewhere = await ask(place, 'elsewhere', [manifest([web], { metadata: { namespace: 'kube-system' } })]);
  t.is(elsewhere.status, 201);
  const seen = await place.shop.promotion('elsewhere', (object) => conditionOf(object, 'Stalled')?.status === 'True');
  t.is(conditionOf(seen, 'Stalled')?.reason, 'ManifestInvalid');
  await honest(t, place, manifest([limited], { metadata: { namespace: 'next-door' } }));
});

test.serial('denied: kinds, names and fields that a manifest has no business with (an agent)', async (t) => {
  const place = await production('shapes');
  const refused: readonly (readonly [string, Json, RegExp])[] = [
    ['a Secret', { ...manifest([web]), apiVersion: 'v1', kind: 'Secret' }, /are never promoted: leave them out/],
    ['a ReplicaSet', { ...manifest([web]), kind: 'ReplicaSet' }, /are never promoted: leave them out/],
    ['a right-to-left name', manifest([web], { metadata: { name: 'web\u202egnp' } }), /write the name of an object/],
    ['a container with an escape', manifest([{ ...web, name: 'web\u001b[2J' }]), /write a DNS label/],
    [
      'a rollback of the old kind',
      manifest([web], { metadata: { annotations: { 'deprecated.deployment.rollback.to': '0' } } }),
      /leave out what others keep there/,
    ],
    [
      'a forged author',
      manifest([web], { metadata: { annotations: { 'twinlock.dev/changed-by': 'alice' } } }),
      /leave out what others keep there/,
    ],
    ['the same twice', manifest([web]), /write each object once/],
  ];
  for (const [what, object, words] of refused) {
    const answer = await ask(place, 'shapes', what === 'the same twice' ? [object, object] : [object]);
    t.is(answer.status, 422, `${what}: ${text(answer)}`);
    t.regex(text(answer), words, what);
  }
  // What the schema does not have is refused by kubectl; a status, as renderers write it, and what no workload has are of no account.
  const alien = manifest([limited], {
    metadata: {
      finalizers: ['evil.example/stay'],
      ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: '1' }],
      generateName: 'web-',
      deletionTimestamp: '2026-11-21T08:00:00Z',
    },
    top: { status: { availableReplicas: 9 }, data: { key: 'value' } },
  });
  const strict = await ask(place, 'alien', [alien], '?fieldValidation=Strict');
  t.is(strict.status, 400);
  t.regex(text(strict), /unknown field \\"spec\.objects\[0\]\.metadata\.finalizers/);
  await honest(t, place, alien);
  const { metadata } = (await place.shop.live()) as unknown as { metadata: Json };
  t.is(metadata['finalizers'], undefined);
  t.is(metadata['ownerReferences'], undefined);
});

test.serial('denied: replicas and a pause by the way of a manifest (an agent)', async (t) => {
  const place = await production('by-the-way');
  await ask(place, 'paused', [manifest([limited], { spec: { paused: true } })]);
  const seen = await place.shop.promotion('paused', (object) => conditionOf(object, 'Stalled')?.status === 'True');
  t.is(conditionOf(seen, 'Stalled')?.reason, 'WorkloadPaused');
  await place.untouched(t, 'paused');
  await honest(t, place, manifest([limited], { spec: { replicas: 0 } }));
  t.is((await place.shop.live()).spec.replicas, 1);
});

async function addedLater(t: ExecutionContext): Promise<void> {
  const place = await production('changed-later');
  await place.setPolicy({ quorum: [{ count: 2 }] });
  t.is((await ask(place, 'web-42', [manifest([limited])])).status, 201);
  await place.shop.phase('web-42', 'AwaitingApproval');
  await place.vote(hall.voters.alice);
  const nonce = await place.nonce();
  const policy = mutatingPolicy(
    'adds-variable',
    place.shop.namespace,
    { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments'] },
    {
      patchType: 'JSONPatch',
      jsonPatch: {
        expression:
          '[JSONPatch{op: "add", path: "/spec/template/spec/containers/0/env/-", value: Object.spec.template.spec.containers.env{name: "EVIL", value: "1"}}]',
      },
    },
  );
  await hall.stage.cluster.apply(policy);
  await waitFor('the API server has the policy', async () => {
    await place.looked();
    return (await place.nonce()) !== nonce;
  });
  const again = await place.nextRound(nonce);
  t.true(again.status?.approval?.statements?.approve.includes('EVIL'), 'it is in front of who signs');
  t.is(again.status?.approval?.quorum?.[0]?.have, 0, 'votes over the text without it count no longer');
  t.true(
    again.status?.plan?.notExercised?.some((at) => at.includes('EVIL')),
    'and it ran nowhere',
  );
  await place.untouched(t);
}
if (hasMutatingPolicies)
  test.serial(
    'denied: what a mutating policy adds to a manifest after people have signed it (a platform add-on)',
    addedLater,
  );

test.serial(
  'denied: a manifest nested as deep as an API server takes it, to stop everybody else (an agent)',
  async (t) => {
    const place = await production('bottomless');
    const depth = 9900;
    const bottomless = `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const make = async (namespace: string, object: Json): Promise<void> => {
      const input = JSON.stringify(object).replace('"bottomless"', bottomless);
      await hall.stage.cluster.kubectl(['create', '--validate=false', '-n', namespace, '-f', '-'], {
        input,
        as: hall.agent,
      });
    };
    const promotion = promotionOf(place, 'web-42');
    const objects = [manifest([web], { spec: { progress: 'bottomless' } })];
    const metadata = { ...(promotion['metadata'] as Json), annotations: { 'twinlock.dev/requested-by': 'dev' } };
    await make('bottomless', { ...promotion, metadata, spec: { ...(promotion['spec'] as Json), objects } });
    await make('bottomless-dev', {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'TwinEnvironment',
      metadata: { name: 'deep' },
      spec: {
        workloads: [{ name: 'web', expose: 'None', template: { spec: { containers: [web], progress: 'bottomless' } } }],
      },
    });
    const seen = await place.shop.promotion('web-42', (object) => conditionOf(object, 'Stalled')?.status === 'True');
    t.is(conditionOf(seen, 'Stalled')?.reason, 'ManifestInvalid');
    await place.shop.promote('from-deep', 'deep', { spec: { objects: [manifest([limited])], supersedes: 'None' } });
    await place.shop.promotion('from-deep', ({ status }) => status?.phase === 'Gating' && status.plan !== undefined);
    await honest(t, place);
  },
);
