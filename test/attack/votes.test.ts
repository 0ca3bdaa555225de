import test, { type ExecutionContext } from 'ava';
import { hasMutatingPolicies } from '../harness/index.ts';
import { allowed, denied, deniedCommand } from './assert.ts';
import { mutatingPolicy } from './mutators.ts';
import { must } from '../stage/production.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { namespace, promotionOf } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const armor = '-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----';
const vote = (name: string, value: string | null = armor): Json => ({
  metadata: { annotations: { [`vote.twinlock.dev/${name}`]: value } },
});

const annotate = (...args: string[]) =>
  stage.cluster.kubectl(['-n', 'flux', 'annotate', 'promotion', 'web-42', `vote.twinlock.dev/a=${armor}`, ...args], {
    as: stage.files.approver,
    check: false,
  });

/** A namespace of its own with one Promotion that the agent asked for. */
async function asked(name: string, metadata: Json = {}): Promise<{ collection: string; path: string }> {
  await must(stage.admin('POST', '/api/v1/namespaces', namespace(name)));
  const collection = `/apis/twinlock.dev/v1alpha1/namespaces/${name}/promotions`;
  await must(stage.agent('POST', collection, { ...promotionOf('web-42'), metadata: { name: 'web-42', ...metadata } }));
  return { collection, path: `${collection}/web-42` };
}

test('denied: a vote by those who may not approve; allowed: by those who may', async (t) => {
  const { path } = await asked('may-vote');
  denied(t, await stage.agent('PATCH', path, vote('agent')), 'votes', /verb approve/);
  denied(t, await stage.wildcard('PATCH', path, vote('oncall')), 'votes', /verb approve/);
  allowed(t, await stage.approver('PATCH', path, vote('alice')));
  allowed(t, await stage.agent('PATCH', path, { metadata: { annotations: { note: 'please' } } }));
});

test('denied: a vote cast at creation', async (t) => {
  const { collection } = await asked('at-creation');
  const early = {
    ...promotionOf('web-43'),
    metadata: { name: 'web-43', annotations: { 'vote.twinlock.dev/a': armor } },
  };
  denied(t, await stage.agent('POST', collection, early), 'votes', /cannot be created with votes/);
  denied(t, await stage.admin('POST', collection, early), 'votes', /cannot be created with votes/);
});

test('denied: a vote overwritten, by anybody', async (t) => {
  const { path } = await asked('overwritten');
  await must(stage.approver('PATCH', path, vote('alice')));
  denied(t, await stage.agent('PATCH', path, vote('alice', 'x')), 'votes', /keeps every vote/);
  denied(t, await stage.approver('PATCH', path, vote('alice', 'x')), 'votes', /keeps every vote/);
  denied(t, await stage.admin('PATCH', path, vote('alice', 'x')), 'votes', /keeps every vote/);
});

test('denied: a vote removed before the controller saw it; allowed: once its status has it', async (t) => {
  const { path } = await asked('muted');
  await must(stage.approver('PATCH', path, vote('alice')));
  denied(t, await stage.agent('PATCH', path, vote('alice', null)), 'votes', /until its status has it/);
  const kept = { valid: true, reason: 'Counted', armor, firstSeen: '2026-11-21T08:00:00Z' };
  await must(stage.promotions('PATCH', `${path}/status`, { status: { approval: { votes: [kept] } } }));
  allowed(t, await stage.agent('PATCH', path, vote('alice', null)));
});

test("denied: another's vote removed by an approver before the controller saw it; allowed: afterwards, and with unprotect", async (t) => {
  const { path } = await asked('rogue');
  await must(stage.approver('PATCH', path, vote('alice')));
  denied(t, await stage.approver('PATCH', path, vote('alice', null)), 'votes', /until its status has it/);
  allowed(t, await stage.admin('PATCH', path, vote('alice', null)));
  // kubectl annotate drops the last line break, other ways of voting keep it; status has it without.
  await must(stage.approver('PATCH', path, vote('bob', `${armor}\n`)));
  const kept = { valid: true, reason: 'Counted', armor, firstSeen: '2026-11-21T08:00:00Z' };
  await must(stage.promotions('PATCH', `${path}/status`, { status: { approval: { votes: [kept] } } }));
  allowed(t, await stage.approver('PATCH', path, vote('bob', null)));
});

test('denied: votes too long or too many', async (t) => {
  const { path } = await asked('flood');
  denied(t, await stage.approver('PATCH', path, vote('long', 'x'.repeat(6145))), 'votes', /at most 6144 bytes/);
  const many = Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`vote.twinlock.dev/v${i}`, armor]));
  denied(t, await stage.approver('PATCH', path, { metadata: { annotations: many } }), 'votes', /32 votes/);
  const { 'vote.twinlock.dev/v32': _, ...most } = many;
  allowed(t, await stage.approver('PATCH', path, { metadata: { annotations: most } }));
});

test('denied: kubectl annotate of what Flux manages, with the hint; allowed: with a manager that Flux leaves alone', async (t) => {
  await asked('flux', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'shop' } });
  deniedCommand(t, await annotate(), 'votes', /--field-manager=vote/);
  const cast = await annotate('--field-manager=vote');
  t.is(cast.code, 0, cast.stderr);
});

test('denied: a requester changed later; a forged one is overwritten with the truth at creation', async (t) => {
  const forged = { annotations: { 'twinlock.dev/requested-by': 'alice' } };
  const { path } = await asked('requested', forged);
  const { metadata } = await must(stage.agent('GET', path));
  t.is((metadata['annotations'] as Json)['twinlock.dev/requested-by'], 'agent');
  denied(t, await stage.agent('PATCH', path, { metadata: forged }), 'requested-by', /leave it to the API server/);
  const none = { metadata: { annotations: { 'twinlock.dev/requested-by': null } } };
  denied(t, await stage.agent('PATCH', path, none), 'requested-by');
  denied(t, await stage.admin('PATCH', path, none), 'requested-by');
});

const forged = async (t: ExecutionContext): Promise<void> => {
  const { collection } = await asked('forged');
  const expression = 'Object{metadata: Object.metadata{annotations: {"twinlock.dev/requested-by": "alice"}}}';
  await stage.cluster.apply(
    mutatingPolicy(
      'zz-forger',
      'forged',
      { apiGroups: ['twinlock.dev'], apiVersions: ['*'], operations: ['CREATE'], resources: ['promotions'] },
      { patchType: 'ApplyConfiguration', applyConfiguration: { expression } },
    ),
  );
  const create = (suffix: string) => stage.agent('POST', `${collection}?dryRun=All`, promotionOf(`web-${suffix}`));
  // In force, it is either refused or set right again by the policy that runs once more; never believed.
  for (let i = 0; i < 40; i++) {
    const answer = await create(String(i));
    if (answer.status === 403) return denied(t, answer, 'requested-by');
    const { annotations } = (answer.body as { readonly metadata: { readonly annotations: Json } }).metadata;
    t.is(annotations['twinlock.dev/requested-by'], 'agent');
  }
};
// Before Kubernetes 1.36 there is no such mutation.
if (hasMutatingPolicies) test('denied: a requester that a later mutation forges at creation', forged);
