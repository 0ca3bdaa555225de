import test from 'ava';
import { renderPolicies } from '../../operator/admission/index.ts';
import { hasMutatingPolicies, waitFor, type Answer } from '../harness/index.ts';
import { allowed, denied } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { namespace, pod, promotionOf, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const armor = '-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----';
const many = (count: number): Json => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, '']));
const owners = (count: number): readonly Json[] =>
  Array.from({ length: count }, (_, i) => ({
    apiVersion: 'example.com/v1',
    kind: 'Nothing',
    name: `c${i}`,
    uid: `uid-${i}`,
  }));
const finalizers = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `example.com/f${i}`);
const promotionsOf = (name: string): string => `/apis/twinlock.dev/v1alpha1/namespaces/${name}/promotions`;
const vote = (value: string | null): Json => ({ metadata: { annotations: { 'vote.twinlock.dev/a': value } } });

const environment = (metadata: Json): Json => ({
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'TwinEnvironment',
  metadata: { name: 'pr-1', ...metadata },
  spec: {},
});
/** With twice as many each update took the API server 11 to 18 seconds, most of it in the policies. */
const heavy = (name: string, metadata: Json = {}): Json => ({
  ...promotionOf(name),
  metadata: {
    name,
    annotations: Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [String(i), ''])),
    ...metadata,
  },
});

/** Milliseconds of a request and its answer. */
async function timed(act: () => Promise<Answer>): Promise<readonly [number, Answer]> {
  const start = performance.now();
  const answer = await act();
  return [performance.now() - start, answer];
}

test('denied: an object of Twinlock with more metadata than anybody needs; allowed: as much as is bounded', async (t) => {
  await must(stage.admin('POST', '/api/v1/namespaces', namespace('many', { 'twinlock.dev/environments': 'true' })));
  const path = promotionsOf('many');
  const most: Readonly<Record<string, Json>> = {
    annotations: { annotations: many(60) },
    labels: { labels: many(64) },
    ownerReferences: { ownerReferences: owners(8) },
    finalizers: { finalizers: finalizers(8) },
  };
  const more: Readonly<Record<string, Json>> = {
    annotations: { annotations: many(65) },
    labels: { labels: many(65) },
    ownerReferences: { ownerReferences: owners(9) },
    finalizers: { finalizers: finalizers(9) },
  };
  for (const [what, metadata] of Object.entries(most)) {
    const promotion = { ...promotionOf('web-1'), metadata: { name: 'web-1', ...metadata } };
    allowed(t, await stage.agent('POST', `${path}?dryRun=All`, promotion));
    const beyond = { ...promotion, metadata: { name: 'web-1', ...more[what] } };
    denied(
      t,
      await stage.agent('POST', `${path}?dryRun=All`, beyond),
      'bounds|votes|requested-by',
      /64 annotations/,
      what,
    );
  }
  await must(stage.agent('POST', path, promotionOf('web-2')));
  for (const [what, metadata] of Object.entries(more)) {
    denied(
      t,
      await stage.agent('PATCH', `${path}/web-2`, { metadata }),
      'bounds|votes|requested-by',
      /64 annotations/,
      what,
    );
  }
  const environments = '/apis/twinlock.dev/v1alpha1/namespaces/many/twinenvironments?dryRun=All';
  denied(
    t,
    await stage.agent('POST', environments, environment({ annotations: many(65) })),
    'bounds',
    /64 annotations/,
  );
  allowed(t, await stage.agent('POST', environments, environment({ annotations: many(64) })));
});

/** A policy that stands in the way of putting something there that was there before the policy was. */
async function without<T>(names: readonly string[], act: () => Promise<T>): Promise<T> {
  const bindings = renderPolicies({ systemNamespace: 'twinlock-system', mutating: hasMutatingPolicies }).filter(
    ({ kind, metadata }) => kind.endsWith('PolicyBinding') && names.includes(metadata.name),
  );
  for (const { kind, metadata } of bindings) await stage.cluster.kubectl(['delete', kind, metadata.name]);
  const result = await act();
  await stage.cluster.apply(bindings);
  return result;
}

test.serial(
  'denied: 20,000 annotations cost next to nothing, and what has them already is updated no more; allowed: deleted',
  async (t) => {
    await must(stage.admin('POST', '/api/v1/namespaces', namespace('heavy')));
    const path = promotionsOf('heavy');
    const [refusal, refused] = await timed(() => stage.agent('POST', path, heavy('refused')));
    denied(t, refused, 'bounds|votes|requested-by', /64 annotations/);
    const names = ['twinlock-bounds', 'twinlock-votes', 'twinlock-requested-by'];
    const [baseline] = await without(names, async () =>
      waitFor('the policies are gone', async () => {
        const made = await timed(() => stage.agent('POST', path, heavy('old', { finalizers: ['example.com/held'] })));
        return made[1].status === 201 && made;
      }),
    );
    // What the API server itself takes for such an object; the policies took several times that.
    t.true(refusal < 3 * baseline + 1000, `${refusal} ms with the policies, ${baseline} ms without`);
    await waitFor('the policies are back', async () => {
      const answer = await stage.agent('POST', `${path}?dryRun=All`, {
        ...promotionOf('x'),
        metadata: { name: 'x', labels: many(65) },
      });
      return answer.status === 403;
    });
    const [update, answer] = await timed(() =>
      stage.agent('PATCH', `${path}/old`, { metadata: { labels: { a: 'b' } } }),
    );
    denied(t, answer, 'bounds|votes|requested-by', /delete it and create it with fewer/);
    t.true(update < 3 * baseline + 1000, `${update} ms with the policies, ${baseline} ms without`);
    denied(t, await stage.approver('PATCH', `${path}/old`, vote(armor)), 'bounds|votes|requested-by');
    const [status, reported] = await timed(() =>
      stage.promotions('PATCH', `${path}/old/status`, { status: { phase: 'Gating' } }),
    );
    allowed(t, reported);
    t.true(status < 3 * baseline + 1000, `${status} ms for a status, ${baseline} ms without policies`);
    // Held by a finalizer, it can go: the finalizer is taken off by an update.
    allowed(t, await stage.agent('DELETE', `${path}/old`));
    allowed(t, await stage.agent('PATCH', `${path}/old`, { metadata: { finalizers: null } }));
    t.is((await stage.agent('GET', `${path}/old`)).status, 404);
  },
);

test.serial(
  'allowed: an approver takes away a vote that is none, cast before admission asked for signatures',
  async (t) => {
    await must(stage.admin('POST', '/api/v1/namespaces', namespace('junk')));
    const path = `${promotionsOf('junk')}/web-1`;
    await must(stage.agent('POST', promotionsOf('junk'), promotionOf('web-1')));
    await without(['twinlock-votes'], () =>
      waitFor(
        'the policy is gone',
        async () => (await stage.approver('PATCH', path, vote('not signed'))).status === 200,
      ),
    );
    await waitFor(
      'the policy is back',
      async () => (await stage.agent('PATCH', `${path}?dryRun=All`, vote(null))).status === 403,
    );
    denied(t, await stage.agent('PATCH', path, vote(null)), 'votes', /until its status has it/);
    allowed(t, await stage.approver('PATCH', path, vote(null)));
  },
);

test('denied: a vote that is no whole signature, and one with the line ends of Windows, with its own hint', async (t) => {
  await must(stage.admin('POST', '/api/v1/namespaces', namespace('armor')));
  const path = `${promotionsOf('armor')}/web-1`;
  await must(stage.agent('POST', promotionsOf('armor'), promotionOf('web-1')));
  const junk = [
    'yes',
    'BEGIN SSH SIGNATURE',
    armor.replace('END', 'END OF'),
    ` ${armor}`,
    `${armor}\n\n`,
    `${armor}\nmore`,
    armor.replace('U1NI', 'U1 I'),
    armor.replace('U1NIU0lH\n', ''),
    armor.replace('U1NI', 'A'.repeat(77)),
    armor.replaceAll('\n', ''),
  ];
  for (const value of junk) {
    denied(
      t,
      await stage.approver('PATCH', path, vote(value)),
      'votes',
      /paste the whole armor of ssh-keygen -Y sign/,
      value,
    );
  }
  denied(
    t,
    await stage.approver('PATCH', path, vote(armor.replaceAll('\n', '\r\n'))),
    'votes',
    /Windows line ends: .* tr -d '\\r'/,
  );
  allowed(t, await stage.approver('PATCH', path, vote(armor)));
});

test('denied: pods and templates with more labels or annotations than anybody needs, whatever the lock approves', async (t) => {
  const shop = await Production.open(stage, 'wide');
  const { metadata, spec } = pod('wide') as { readonly metadata: Json; readonly spec: Json };
  const wide = { metadata: { ...metadata, annotations: many(1001) }, spec };
  denied(t, await stage.agent('POST', shop.core('pods'), wide), 'pods', /1000 annotations/);
  const { metadata: own, spec: podSpec } = template('web') as { readonly metadata: Json; readonly spec: Json };
  const change = { spec: { template: { metadata: { ...own, annotations: many(1001) }, spec: podSpec } } };
  denied(t, await stage.agent('PATCH', shop.apps('Deployment', 'web'), change), 'workloads', /1000 annotations/);
  allowed(t, await stage.agent('PATCH', shop.apps('Deployment', 'web'), { metadata: { annotations: many(60) } }));
});

test('denied: thousands of owners, which were compared each with each; allowed: taken off, and left as they are', async (t) => {
  const shop = await Production.open(stage, 'owners');
  const claim = {
    metadata: { name: 'data', ownerReferences: owners(5000) },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  await must(stage.agent('POST', shop.core('persistentvolumeclaims'), claim));
  const path = shop.core('persistentvolumeclaims', 'data');
  const [took, answer] = await timed(() => stage.agent('PATCH', path, { metadata: { labels: { a: 'b' } } }));
  allowed(t, answer);
  t.true(took < 10_000, `${took} ms`);
  denied(
    t,
    await stage.agent('PATCH', path, { metadata: { ownerReferences: owners(5001) } }),
    'delete',
    /given an owner/,
  );
  allowed(t, await stage.agent('PATCH', path, { metadata: { ownerReferences: null } }));
});
