import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { canonicalJSON } from '../../operator/canonical/index.ts';
import { images } from '../stage/shop.ts';
import { deploymentPath, path } from '../stage/promotions.ts';
import { run, tools, type Answer, type CommandResult } from '../harness/index.ts';
import { allowed, denied, deniedCommand } from './assert.ts';
import { Hall, promotionOf, verdict, type Place } from '../stage/hall.ts';
import { messageOf } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';
import { request } from '../stage/requester.ts';

let hall: Hall;
test.before(async () => {
  hall = await Hall.open(import.meta.filename);
});
test.after.always(async () => {
  await hall?.close();
});

/** Production as bytes: the whole spec of each workload, in its one canonical form. */
async function bytesOf({ shop }: Place): Promise<string> {
  const live = await Promise.all(['web', 'worker'].map((name) => shop.live(name)));
  return canonicalJSON(JSON.parse(JSON.stringify(live.map(({ spec }) => spec))));
}

/** Changes what the environment says of itself, as its controller does. */
async function environmentSays({ shop }: Place, name: string, status: Json): Promise<void> {
  const at = `${path(shop.dev, 'twinenvironments', name)}/status`;
  await hall.stage.send('PATCH', at, { status }, hall.stage.accounts.environments);
}

const condition = (type: string, status: string): Json => ({
  type,
  status,
  reason: 'Test',
  message: `${type} is ${status}`,
  lastTransitionTime: '2026-11-21T08:00:00Z',
});
const conditions = (...changed: readonly Json[]): readonly Json[] => [
  ...['Ready', 'TwinsWired']
    .filter((type) => !changed.some((other) => other['type'] === type))
    .map((type) => condition(type, 'True')),
  ...changed,
];

test.serial(
  '1. The twin is the source of truth: what is promoted is, by digest, what ran in the twin. Not a branch, not a tag.',
  async (t) => {
    const place = await hall.production('rule-1');
    const { shop } = place;
    await shop.environment('pr-42', images.second);
    const asked = (name: string, image: string): Promise<Answer> => {
      const promotion = promotionOf(place, name);
      const spec = { ...(promotion['spec'] as Json), supersedes: 'None', images: [{ container: 'web', image }] };
      return request(hall.stage.cluster, 'POST', path(shop.namespace, 'promotions'), { body: { ...promotion, spec } });
    };
    for (const moving of ['registry.example/web:main', 'registry.example/web:v1.2.3', 'registry.example/web']) {
      const answer = await asked('by-tag', moving);
      t.is(answer.status, 422);
      t.regex(messageOf(answer), /write the image by digest/);
    }
    allowed(t, await asked('never-ran', images.evil));
    const never = await place.looked('never-ran');
    t.is(never.status?.approval, undefined, 'what did not run in the twin is not even asked about');
    t.regex(never.status?.why?.[0] ?? '', /does not run in the environment/);

    await shop.promote('web-42', 'pr-42');
    const statement = await place.statement();
    t.regex(statement, new RegExp(images.second.split('@')[1] ?? 'no digest'));
    await environmentSays(place, 'pr-42', { workloads: shop.running(images.evil) });
    await place.looked();
    t.is(await place.statement(), statement, 'an environment that moves on changes nothing of what was seen');
    await place.untouched(t);
    await place.vote(hall.voters.alice);
    await place.passes(t, 'web-42', images.second);
  },
);

test.serial(
  "2. Nothing reaches production without human approval. Automation ends at staging. This holds in the API server itself, with the operator stopped, for every path: kubectl, Helm, Argo CD, Flux, a controller's token.",
  async (t) => {
    const { alice } = hall.voters;
    const place = await hall.waiting('rule-2');
    const robots = await automation(['argocd', 'flux-system', 'rollouts']);
    await place.vote(alice);
    await place.passes(t);
    await place.shop.environment('pr-43', images.third);
    await place.shop.promote('web-43', 'pr-43');
    const armor = alice.sign(await place.statement('web-43'));

    await hall.stopOperator();
    const before = await bytesOf(place);
    // Signed or not: with the operator stopped nothing opens the lock.
    allowed(t, await place.carry('alice', armor, { promotion: 'web-43' }));
    for (const image of [images.evil, images.third, 'registry.example/web:latest'])
      await everyPath(t, place, robots, image);
    t.is(await bytesOf(place), before);
    await everyPath(t, place, robots, images.second);
    t.is(await place.shop.image(), images.second, 'what was approved passes on every path');

    await hall.startOperator();
    await place.passes(t, 'web-43', images.third);
  },
);

test.serial(
  '3. Staging passes all safety gates (build, leak scan, review, and what the policy adds) before approval counts.',
  async (t) => {
    const { alice } = hall.voters;
    const place = await hall.production('rule-3', { policy: { evidenceMaxAge: '1h' } });
    const { shop } = place;
    await shop.environment('pr-42', images.second, { conditions: conditions(condition('Ready', 'False')) });
    await shop.promote('web-42', 'pr-42');
    const waits = async (why: RegExp): Promise<void> => {
      const { status } = await place.looked();
      t.is(status?.phase, 'Gating');
      t.regex(status?.why?.[0] ?? '', why);
      await place.untouched(t);
    };
    await waits(/is not Ready/);
    t.is((await place.looked()).status?.approval, undefined, 'there is nothing to sign yet');
    allowed(t, await place.carry('too-early', alice.sign('{"decision": "approve"}')));
    await environmentSays(place, 'pr-42', { conditions: conditions(condition('TwinsWired', 'False')) });
    await waits(/is not TwinsWired/);
    const unknown = await hall.stage.cluster.request('PATCH', '/apis/twinlock.dev/v1alpha1/approvalpolicies/rule-3', {
      body: { spec: { gates: [{ name: 'looks-good', type: 'LooksGood' }] } },
      contentType: 'application/merge-patch+json',
    });
    t.is(unknown.status, 422, 'a gate that nobody can run is no gate');

    await environmentSays(place, 'pr-42', { conditions: conditions() });
    const statement = await place.statement();
    // The evidence gets old, and by then the twin is broken: a vote for this very round comes too early.
    await environmentSays(place, 'pr-42', { conditions: conditions(condition('Ready', 'False')) });
    hall.clock.pass(3_600_000);
    await shop.phase('web-42', 'Gating');
    allowed(t, await place.carry('alice', alice.sign(statement)));
    await waits(/is not Ready/);
    await environmentSays(place, 'pr-42', { conditions: conditions() });
    await place.passes(t);
    hall.clock.back();
  },
);

test.serial(
  '4. Promotion is a conscious act: a signature over exactly what changes. Not a merge, not a webhook, not a bot.',
  async (t) => {
    const { alice, mallory } = hall.voters;
    const place = await hall.waiting('rule-4');
    const statement = await place.statement();
    const before = await bytesOf(place);
    const { predicate } = JSON.parse(statement) as { readonly predicate: { readonly changes: readonly Json[] } };
    t.is(predicate.changes.length, 2);
    for (const change of predicate.changes) t.like(change, { from: images.first, to: images.second });

    const merged = {
      labels: { merged: 'true', approved: 'true' },
      annotations: { 'twinlock.dev/approved-by': 'alice' },
    };
    allowed(
      t,
      await hall.stage.cluster.request('PATCH', place.promotionPath(), {
        body: { metadata: merged },
        contentType: 'application/merge-patch+json',
        as: hall.agent,
      }),
    );
    denied(t, await place.carry('bot', alice.sign(statement), { as: hall.agent }), 'votes', /verb approve/);
    denied(t, await place.carry('webhook', 'LGTM'), 'votes', /paste the whole armor/);
    const not: Readonly<Record<string, readonly [armor: string, reason: string]>> = {
      bot: [mallory.sign(statement), 'NotEnrolled'],
      'signed-commit': [alice.sign(statement, { namespace: 'git' }), 'WrongNamespace'],
      'other-image': [alice.sign(statement.replaceAll(images.second, images.evil)), 'WrongStatement'],
      'same-meaning': [alice.sign(JSON.stringify(JSON.parse(statement))), 'WrongStatement'],
      'nothing-in-particular': [alice.sign('approve'), 'WrongStatement'],
    };
    for (const [label, [armor, reason]] of Object.entries(not))
      t.is(verdict(await place.cast(label, armor)), `false ${reason}`, label);
    await place.untouched(t);

    await place.cast('alice', alice.sign(statement));
    await place.passes(t);
    t.is(await bytesOf(place), before.replaceAll(images.first, images.second), 'exactly that has changed');
  },
);

test.serial(
  '5. Broken staging never propagates: when a gate or an environment fails, production is byte for byte what it was.',
  async (t) => {
    const { alice } = hall.voters;
    const place = await hall.production('rule-5');
    const { shop } = place;
    const [before, { metadata }] = [await bytesOf(place), await shop.live()];
    const broken: Readonly<Record<string, Json>> = {
      'not-ready': { conditions: conditions(condition('Ready', 'False')) },
      'not-wired': { conditions: conditions(condition('TwinsWired', 'False')) },
      'not-observed': { observedGeneration: 0 },
      'no-images': { workloads: [{ name: 'web', images: [], ready: false }] },
      'says-nothing': { conditions: [] },
    };
    for (const [name, status] of Object.entries(broken)) {
      await shop.environment(name, images.evil, status);
      await shop.promote(name, name, { spec: { supersedes: 'None' } });
    }
    await shop.promote('not-there', 'not-there', { spec: { supersedes: 'None' } });
    for (const name of [...Object.keys(broken), 'not-there']) {
      allowed(t, await place.carry('alice', alice.sign('{"decision": "approve"}'), { promotion: name }));
      const { status } = await place.looked(name);
      t.is(status?.phase, 'Gating', name);
      t.is(status?.approval?.statements, undefined, name);
      t.true(status?.approval?.votes?.every(({ valid }) => !valid) ?? true, name);
      t.not(status?.gates?.[0]?.result, 'Passed', name);
    }
    t.is(await bytesOf(place), before);
    t.is((await shop.live()).metadata.generation, metadata.generation, 'not even written');
    t.deepEqual(
      (await shop.records()).map(({ type }) => type),
      ['Adopted'],
    );

    await shop.environment('pr-42', images.second);
    await shop.promote('web-42', 'pr-42');
    await place.vote(alice);
    await place.passes(t);
    t.is(await bytesOf(place), before.replaceAll(images.first, images.second));
  },
);

/** Kubeconfigs of accounts that may do anything, with tokens bound to pods, as such controllers have them. */
async function automation(names: readonly string[]): Promise<readonly string[]> {
  const apiGroup = 'rbac.authorization.k8s.io';
  await hall.stage.cluster.apply([
    ...names.flatMap((name) => [
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'controller', namespace: name } },
    ]),
    {
      apiVersion: `${apiGroup}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'test-automation' },
      roleRef: { apiGroup, kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: names.map((namespace) => ({ kind: 'ServiceAccount', name: 'controller', namespace })),
    },
  ]);
  const tokens = await Promise.all(names.map((name) => hall.stage.cluster.boundToken(name, 'controller')));
  return tokens.map(({ kubeconfig }) => kubeconfig);
}

/** Brings an image to production on every path; each must be refused, or let through if it is the approved one. */
async function everyPath(t: ExecutionContext, place: Place, robots: readonly string[], image: string): Promise<void> {
  const { cluster } = hall.stage;
  const { namespace } = place.shop;
  const at = deploymentPath(namespace, 'web');
  const live = await place.shop.live();
  const approved = image === images.second;
  const answered = (answer: Answer, who: string): void => {
    if (approved) allowed(t, answer);
    else denied(t, answer, 'workloads', undefined, who);
  };
  const ended = (result: CommandResult): void => {
    if (approved) t.is(result.code, 0, result.stderr);
    else deniedCommand(t, result, 'workloads');
  };
  const set = ['-n', namespace, 'set', 'image', 'deployment/web', `web=${image}`];
  for (const as of [hall.agent, cluster.kubeconfig]) ended(await cluster.kubectl(set, { as, check: false }));
  ended(await helm(place, image));
  const manifest = withImage(place.shop.deployment('web'), image);
  for (const [index, manager] of ['argocd-controller', 'kustomize-controller'].entries()) {
    const answer = await cluster.request('PATCH', `${at}?fieldManager=${manager}&force=true`, {
      body: manifest,
      contentType: 'application/apply-patch+yaml',
      as: robots[index] ?? '',
    });
    answered(answer, manager);
  }
  const { resourceVersion: _any, ...metadata } = live.metadata;
  const body = withImage({ ...live, metadata }, image);
  answered(await cluster.request('PUT', at, { body, as: robots[2] ?? '' }), "a controller's token");
}

function withImage(object: object, image: string): unknown {
  return JSON.parse(JSON.stringify(object).replaceAll(/registry\.example\/web[@:][^"]*/g, image));
}

/** Stock Helm, as the agent, taking over what is there. */
async function helm({ shop }: Place, image: string): Promise<CommandResult> {
  const chart = join(hall.stage.folder, 'chart');
  await mkdir(join(chart, 'templates'), { recursive: true });
  await writeFile(join(chart, 'Chart.yaml'), 'apiVersion: v2\nname: web\nversion: 1.0.0\n');
  await writeFile(join(chart, 'templates/web.yaml'), JSON.stringify(withImage(shop.deployment('web'), image)));
  const args = ['upgrade', '--install', 'web', chart, '-n', shop.namespace, '--take-ownership', '--force-conflicts'];
  return run(await tools.helm(), [...args, '--kubeconfig', hall.agent], { check: false, timeout: 60_000 });
}
