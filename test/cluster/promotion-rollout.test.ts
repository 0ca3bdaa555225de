import test from 'ava';
import type { ApproverKeyring, PromotionRecord } from '../../operator/api/index.ts';
import { waitFor } from '../harness/index.ts';
import { rsaKey } from '../vectors/ssh.ts';
import { SteppedClock } from '../stage/clock.ts';
import { conditionOf, images, Shop, type ShopOptions } from '../stage/shop.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
const clock = new SteppedClock();

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess({}, clock.overrides);
});
test.after.always(() => stage?.stop());

/** A shop whose promotion of this image waits for votes. */
async function asking(namespace: string, image: string, options: ShopOptions = {}): Promise<Shop> {
  const shop = await (await new Shop(stage, namespace).open(options)).ready();
  await shop.environment('pr-42', image);
  await shop.promote('web-42', 'pr-42');
  await shop.phase('web-42', 'AwaitingApproval');
  return shop;
}

async function lastOutcome(shop: Shop): Promise<NonNullable<PromotionRecord['spec']['outcome']>> {
  const outcome = (await shop.records()).at(-1)?.outcome;
  if (outcome === undefined) throw new Error('the last record is no outcome');
  return outcome;
}

async function eventsOf(namespace: string, name: string, holds: (notes: string) => boolean): Promise<string> {
  return waitFor(`the events of ${name}`, async (seen) => {
    const { stdout } = await stage.cluster.kubectl([
      'events',
      '-n',
      namespace,
      '--for',
      `promotion/${name}`,
      '-o',
      'jsonpath={range .items[*]}{.reason}: {.message}{"\\n"}{end}',
    ]);
    seen(stdout);
    return holds(stdout) && stdout;
  });
}

// kubernetes/kubernetes#31319
test.serial(
  'a version that dies a moment after its start, without a probe, is taken back and never completed',
  async (t) => {
    const image = images.evil;
    stage.pods.kill(image, 'panic: no database');
    const shop = await asking('dying', image, { target: { rollback: { settle: '5s' } } });
    await shop.cast('web-42', stage.people.alice);
    const back = await shop.phase('web-42', 'RolledBack', 40_000);
    t.is(await shop.image(), images.first);
    t.is(conditionOf(back, 'Ready')?.reason, 'CrashLooping');
    const { message } = await lastOutcome(shop);
    t.regex(
      message,
      // Both workloads come to this image: the message is of the one that died first.
      /container (web|worker) was started again \d+ times; it ended with exit code 1 \(Error\): panic: no database/,
    );
    t.false((await shop.records()).some(({ outcome }) => outcome?.result === 'Completed'));
  },
);

// kubernetes/kubectl#1628
test.serial('a good version whose predecessor takes longer to end than every deadline is rolled out', async (t) => {
  const end = stage.pods.linger(images.third);
  const shop = await asking('draining', images.second, {
    deployment: {
      strategy: { type: 'Recreate' },
      progressDeadlineSeconds: 1,
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'web', image: images.third }], terminationGracePeriodSeconds: 600 },
      },
    },
    target: { rollback: { progressDeadline: '1m' } },
  });
  await shop.cast('web-42', stage.people.alice);
  // Before it, the Deployment's controller may not have seen the new content.
  const ending = /old pod web-\S+ may still be ending until .*, the deadline runs from then/;
  const waiting = await shop.promotion('web-42', ({ status }) => ending.test(status?.why?.[0] ?? ''));
  t.truthy(waiting.status?.rollout?.drainsUntil);
  clock.pass(300_000);
  const looked = { metadata: { annotations: { 'reconcile.fluxcd.io/requestedAt': 'later' } } };
  await stage.send('PATCH', path('draining', 'promotions', 'web-42'), looked);
  const later = await shop.promotion('web-42', ({ status }) => status?.lastHandledReconcileAt === 'later');
  t.true(['RollingOut', 'Verifying'].includes(later.status?.phase ?? ''), later.status?.phase);
  end();
  await shop.phase('web-42', 'Completed', 40_000);
  clock.back();
  t.is(await shop.image(), images.second);
});

// argoproj/argo-cd#16720
test.serial("a quota's words reach status and record", async (t) => {
  const shop = await asking('short', images.second, { deployment: { progressDeadlineSeconds: 3 } });
  await stage.send('POST', '/api/v1/namespaces/short/resourcequotas', {
    metadata: { name: 'small' },
    spec: { hard: { pods: '2' } },
  });
  await waitFor('the quota counts', async () => {
    const { body } = await stage.cluster.request('GET', '/api/v1/namespaces/short/resourcequotas/small');
    return (body as { status?: { used?: { pods?: string } } }).status?.used?.pods === '2';
  });
  await shop.cast('web-42', stage.people.alice);
  const stuck = await shop.promotion('web-42', ({ status }) => /exceeded quota: small/.test(status?.why?.[0] ?? ''));
  t.is(stuck.status?.phase, 'Verifying');
  await shop.phase('web-42', 'RolledBack', 40_000);
  t.regex((await lastOutcome(shop)).message, /FailedCreate: .*exceeded quota: small/);
});

test.serial('an undo after completion is told on the Promotion, with who and which client', async (t) => {
  const shop = await asking('undone', images.second);
  await shop.cast('web-42', stage.people.alice);
  await shop.phase('web-42', 'Completed');
  await stage.cluster.kubectl(['rollout', 'undo', 'deployment/web', '-n', 'undone']);
  const back = await shop.phase('web-42', 'RolledBack');
  t.regex(conditionOf(back, 'Ready')?.message ?? '', /Deployment\/web was rolled back .* \(field manager kubectl/);
  const notes = await eventsOf('undone', 'web-42', (seen) => /^RolledBack/m.test(seen));
  t.regex(notes, /RolledBack: Undone: Deployment\/web was rolled back .* \(field manager kubectl/);
  t.regex((await lastOutcome(shop)).message, /field manager kubectl/);
});

test.serial('a target that is deleted in mid-rollout and made again calls what was applied applied', async (t) => {
  const rollback = { settle: '10m' };
  const shop = await asking('replaced', images.second, { target: { rollback } });
  await shop.cast('web-42', stage.people.alice);
  await shop.promotion('web-42', (promotion) => conditionOf(promotion, 'RolledOut')?.reason === 'Settling');
  const at = path('replaced', 'productiontargets', 'web');
  await stage.send('PATCH', at, { metadata: { annotations: { 'twinlock.dev/unprotect': 'web' } } });
  await stage.send('DELETE', at);
  const told = await shop.promotion(
    'web-42',
    (promotion) => conditionOf(promotion, 'Ready')?.reason === 'TargetMissing',
  );
  t.regex(
    conditionOf(told, 'Ready')?.message ?? '',
    /it was approved \(record web-000003\), and ProductionTarget web was deleted/,
  );
  await waitFor('the lock is off', async () => {
    const { status } = await stage.cluster.request('GET', path('replaced', 'workloadlocks', 'lock'));
    return status === 404;
  });
  await stage.send('POST', path('replaced', 'productiontargets'), {
    apiVersion: 'twinlock.dev/v1alpha1',
    kind: 'ProductionTarget',
    metadata: { name: 'web' },
    spec: { workloads: shop.workloads, rollback },
  });
  const done = await shop.phase('web-42', 'Completed', 30_000);
  t.is(conditionOf(done, 'Ready')?.reason, 'TargetReplaced');
  t.is(await shop.image(), images.second);
  t.is((await lastOutcome(shop)).reason, 'TargetReplaced');
});

const promotionsOf = (namespace: string) => path(namespace, 'promotions');

test.serial('beyond twenty open promotions of a person the rest wait, and go on when one ends', async (t) => {
  const shop = await asking('crowd', images.second);
  const names = Array.from({ length: 21 }, (_, index) => `more-${index}`);
  for (const name of names) await shop.promote(name, 'pr-42', { spec: { supersedes: 'None' } });
  const held = await waitFor('two of them wait', async (seen) => {
    const { body } = await stage.cluster.request('GET', promotionsOf('crowd'));
    const { items } = body as { readonly items: readonly Parameters<typeof conditionOf>[0][] };
    const waiting = (items as readonly (Parameters<typeof conditionOf>[0] & { metadata: { name: string } })[]).filter(
      (item) => conditionOf(item, 'Ready')?.reason === 'TooManyOpen',
    );
    seen(waiting.map(({ metadata }) => metadata.name));
    return waiting.length === 2 && waiting.map(({ metadata }) => metadata.name);
  });
  // Somebody else's is looked at all the same.
  await shop.promote('honest', 'pr-42', { as: stage.people.alice, spec: { supersedes: 'None' } });
  await shop.phase('honest', 'AwaitingApproval');
  const [first = ''] = held;
  for (const name of names.filter((each) => !held.includes(each)).slice(0, 4))
    await stage.send('DELETE', path('crowd', 'promotions', name));
  const asked = await shop.phase(first, 'AwaitingApproval');
  t.not(asked.status?.approval?.statements, undefined);
});

const keyring = (keys: readonly Json[]): Json => ({
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'ApproverKeyring',
  metadata: { name: 'reviewed' },
  spec: { principals: [{ name: 'alice', keys }] },
});
const keyrings = '/apis/twinlock.dev/v1alpha1/approverkeyrings';

test.serial('a keyring says in its status which keys cannot count; a weak RSA key is refused at once', async (t) => {
  const weak = rsaKey(2048).line;
  const refused = await stage.cluster.request('POST', keyrings, {
    body: keyring([{ publicKey: `${weak} alice@work` }]),
  });
  t.is(refused.status, 422);
  t.regex(JSON.stringify(refused.body), /fewer than 3072 bits/);
  await stage.send('POST', keyrings, keyring([{ publicKey: `ssh-ed25519 ${'A'.repeat(68)}` }]));
  const seen = async (holds: (keyring: ApproverKeyring) => boolean): Promise<ApproverKeyring> =>
    waitFor('the keyring is reviewed', async (show) => {
      const { body } = await stage.cluster.request('GET', `${keyrings}/reviewed`);
      show(body);
      // The schema holds what the API server answers.
      return holds(body as ApproverKeyring) && (body as ApproverKeyring);
    });
  const bad = await seen(({ status }) => status?.conditions?.[0]?.reason === 'NobodyCanVote');
  t.regex(bad.status?.warnings?.[0] ?? '', /^key 1 of principal alice cannot be used/);
  await stage.send('PATCH', `${keyrings}/reviewed`, {
    spec: { principals: [{ name: 'alice', keys: [{ publicKey: stage.people.alice.publicKey }] }] },
  });
  const good = await seen(({ status }) => status?.conditions?.[0]?.reason === 'Usable');
  t.is(good.status?.warnings, undefined);
});

test.serial(
  'a signature file with Windows line ends and a statement without its last line break are told so',
  async (t) => {
    const shop = await asking('line-ends', images.second);
    const { status } = await shop.promotion(
      'web-42',
      (promotion) => promotion.status?.approval?.statements !== undefined,
    );
    const nonce = status?.approval?.round?.nonce.slice(-6) ?? '';
    const good = await shop.sign('web-42', stage.people.alice);
    const spoiled = await shop.sign('web-42', stage.people.bob, (statement) => statement.trimEnd());
    const vote = (name: string, armor: string): Promise<unknown> =>
      stage.send(
        'PATCH',
        path('line-ends', 'promotions', 'web-42'),
        { metadata: { annotations: { [`vote.twinlock.dev/${name}-${nonce}`]: armor } } },
        stage.people.alice.kubeconfig,
      );
    const refused = await t.throwsAsync(vote('alice', good.replaceAll('\n', '\r\n')));
    t.regex(refused?.message ?? '', /Windows line ends/);
    await vote('bob', spoiled);
    const judged = await shop.promotion('web-42', (promotion) => promotion.status?.approval?.votes?.length === 1);
    const message = (name: string): string =>
      judged.status?.approval?.votes?.find(({ annotation }) => annotation?.includes(name))?.message ?? '';
    t.regex(message('bob'), /without the line break at its end/);
    t.is(judged.status?.phase, 'AwaitingApproval');
    await vote('again', good);
    await shop.phase('web-42', 'Completed');
  },
);
