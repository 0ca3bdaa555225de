import test from 'ava';
import { allowed, denied } from './assert.ts';
import { Production, must } from '../stage/production.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { deployment, images, messageOf, namespace, pod } from '../stage/objects.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const label = (value: string | null) => ({ metadata: { labels: { 'twinlock.dev/protected': value } } });
const pathOf = (name: string): string => `/api/v1/namespaces/${name}`;

/** A namespace with a lock whose changes are told only, as `mode: Warn` makes it. */
async function told(name: string): Promise<Production> {
  const shop = await Production.open(stage, name);
  await must(stage.promotions('PATCH', pathOf(name), label('warn')));
  await shop.until('changes pass', async () => {
    const { status } = await stage.admin('POST', `${shop.apps('Deployment')}?dryRun=All`, deployment('probe'));
    return status < 300;
  });
  return shop;
}

test('allowed with a warning: every change that the lock would refuse; denied: the same where it is enforced', async (t) => {
  const [warned, enforced] = [await told('told'), await Production.open(stage, 'enforced')];
  const run = (shop: Production, args: readonly string[]) =>
    stage.cluster.kubectl(['-n', shop.namespace, ...args], { as: stage.files.agent, check: false });
  const changes: Readonly<Record<string, readonly string[]>> = {
    workloads: ['set', 'image', 'deployment/web', `web=${images.evil}`],
    scale: ['scale', 'deployment/web', '--replicas=0'],
    pods: ['run', 'mine', `--image=${images.evil}`],
    delete: ['delete', 'deployment', 'web', '--wait=false'],
  };
  for (const [policy, args] of Object.entries(changes)) {
    const refused = await run(enforced, args);
    t.not(refused.code, 0, policy);
    t.true(refused.stderr.includes(`'twinlock-${policy}' with binding 'twinlock-${policy}' denied`), refused.stderr);
    const passed = await run(warned, args);
    t.is(passed.code, 0, passed.stderr);
    t.regex(
      passed.stderr,
      new RegExp(`Warning: .*'twinlock-${policy}' with binding 'twinlock-${policy}-warn': twinlock: `),
    );
  }
});

test('allowed: everything where changes are told only and the lock is gone', async (t) => {
  const shop = await told('lockless');
  await must(stage.promotions('DELETE', shop.own('workloadlocks', 'lock')));
  await shop.until(
    'the lock is gone',
    async () => (await stage.admin('GET', shop.own('workloadlocks', 'lock'))).status === 404,
  );
  allowed(t, await stage.agent('POST', `${shop.apps('Deployment')}?dryRun=All`, deployment('other')));
  allowed(t, await stage.agent('POST', `${shop.core('pods')}?dryRun=All`, pod('other')));
});

test('denied: from enforced to told, and from told to nothing, without the verb; allowed: enforced again, which refuses', async (t) => {
  const shop = await Production.open(stage, 'between');
  const path = pathOf('between');
  denied(t, await stage.ordinary('PATCH', path, label('warn')), 'guard-namespaces', /verb unprotect/);
  await must(stage.promotions('PATCH', path, label('warn')));
  denied(t, await stage.ordinary('PATCH', path, label(null)), 'guard-namespaces', /verb unprotect/);
  denied(t, await stage.ordinary('PATCH', path, label('true')), 'guard-namespaces', /verb unprotect/);
  denied(t, await stage.admin('PATCH', path, label(null)), 'guard-namespaces', /unprotect=between/);
  allowed(t, await stage.promotions('PATCH', path, label('true')));
  await shop.until('it refuses again', async () => {
    const answer = await stage.agent('PATCH', shop.apps('Deployment', 'web'), { spec: { minReadySeconds: 9 } });
    return answer.status === 403 && messageOf(answer).includes("'twinlock-workloads'");
  });
});

test('denied: a namespace that is made told, or that is told and an environment at once; allowed: deleted while it is told', async (t) => {
  const labels = { 'twinlock.dev/protected': 'warn' };
  denied(t, await stage.ordinary('POST', '/api/v1/namespaces', namespace('early', labels)), 'guard-namespaces');
  await told('leaving');
  const both = { metadata: { labels: { 'twinlock.dev/environment': 'pr-1' } } };
  denied(t, await stage.admin('PATCH', pathOf('leaving'), both), 'guard-namespaces', /at once/);
  allowed(t, await stage.ordinary('DELETE', pathOf('leaving')));
});
