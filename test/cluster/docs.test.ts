import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { allowedMutations, podWriters } from '../../operator/api/schema/mutations.ts';
import { shownObjects } from '../chart/docs.ts';
import { run, waitFor, type CommandResult } from '../harness/index.ts';
import { messageOf } from '../stage/objects.ts';
import { images, Shop } from '../stage/shop.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

const text = (page: string): Promise<string> => readFile(join(import.meta.dirname, '../../docs', page), 'utf8');

let stage: Stage;
test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
});
test.after.always(async () => {
  await stage?.stop();
});

/** Runs a command of a page as admin, in a namespace. */
async function shown(page: string, pattern: RegExp, namespace: string): Promise<CommandResult> {
  const commands = [...(await text(page)).matchAll(/^ *(kubectl [^\n]+)$|`(kubectl [^`\n]+)`/gm)].map(
    ([, line, inline]) => line ?? inline ?? '',
  );
  const found = commands.filter((line) => pattern.test(line));
  if (found.length !== 1) throw new Error(`${page} shows ${found.length} commands that match ${pattern.source}`);
  const command = (found[0] ?? '')
    .replaceAll('-n shop', `-n ${namespace}`)
    .replace('@sha256:...', `@sha256:${'c'.repeat(64)}`);
  return run('bash', ['-c', command], {
    timeout: 30_000,
    env: { KUBECONFIG: stage.cluster.kubeconfig, PATH: `${stage.folder}/bin:${process.env['PATH'] ?? ''}` },
    check: false,
  });
}

test('each example of living beside others is taken by the API server, and each option has one', async (t) => {
  await stage.send('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } });
  const examples = (await shownObjects()).filter(({ page }) => page === 'docs/live-beside.md');
  t.true(examples.length >= 7);
  for (const { object } of examples) {
    const args = ['apply', '--dry-run=server', '-f', '-'];
    const { code, stderr } = await stage.cluster.kubectl(args, { input: JSON.stringify(object), check: false });
    t.is(code, 0, `${object.kind} ${object.metadata.name}: ${stderr}`);
  }
  const specs = examples
    .filter(({ object }) => object.kind === 'ProductionTarget')
    .map(({ object }) => (object as unknown as { readonly spec: Json }).spec);
  const used = new Set(specs.flatMap((spec) => Object.keys(spec)));
  for (const option of ['mode', 'injected', 'mutations', 'podWriters', 'rollback']) t.true(used.has(option), option);
  for (const spec of specs) {
    t.notThrows(() => allowedMutations.optional().parse(spec['mutations']));
    t.notThrows(() => podWriters.optional().parse(spec['podWriters']));
  }
});

test('the commands that look at production before it is adopted work with stock kubectl', async (t) => {
  const place = await new Shop(stage, 'before').open();
  const pods = await shown('live-beside.md', /get pods/, place.namespace);
  t.is(pods.code, 0, pods.stderr);
  const pinned = await shown('live-beside.md', /set image/, place.namespace);
  t.is(pinned.code, 0, pinned.stderr);
  t.is(await place.image('web'), `registry.example/web@sha256:${'c'.repeat(64)}`);
  const listed = await shown('live-beside.md', /get deployment web/, place.namespace);
  t.is(listed.stdout.trim(), `web=${await place.image('web')}`);
});

test('the quota that the security page names bounds the promotions of a namespace', async (t) => {
  t.timeout(120_000);
  const place = await new Shop(stage, 'quota').open();
  const made = await shown('security.md', /create quota promotions/, place.namespace);
  t.is(made.code, 0, made.stderr);
  const quota = '/api/v1/namespaces/quota/resourcequotas/promotions';
  const promotions = 'count/promotions.twinlock.dev';
  // The controller of quotas looks for new kinds every half a minute, and again at a quota only when it changes.
  let limit = 100;
  await waitFor(
    'the quota is counted',
    async (seen) => {
      limit += 1;
      await stage.send('PATCH', quota, { spec: { hard: { [promotions]: `${limit}` } } });
      const { status } = await stage.send('GET', quota);
      seen(status);
      return (status as { readonly used?: Json }).used?.[promotions] === '0';
    },
    { timeout: 90_000 },
  );
  await stage.send('PATCH', quota, { spec: { hard: { [promotions]: '1' } } });
  await place.environment('pr-42', images.second);
  await place.promote('web-42', 'pr-42');
  const second = await waitFor('the quota refuses', async (seen) => {
    const body = {
      apiVersion: 'twinlock.dev/v1alpha1',
      kind: 'Promotion',
      metadata: { name: 'web-43' },
      spec: { environmentRef: { namespace: place.dev, name: 'pr-42' }, targetRef: { name: 'web' } },
    };
    const at = `${path(place.namespace, 'promotions')}?dryRun=All`;
    const answer = await stage.cluster.request('POST', at, { body, as: stage.people.dev.kubeconfig });
    seen(answer.body);
    return answer.status === 403 && answer;
  });
  t.regex(messageOf(second), /exceeded quota: promotions.*count\/promotions\.twinlock\.dev=1/);
});

test('a hostPath PersistentVolume passes Pod Security baseline, as the security page says', async (t) => {
  const labels = { 'pod-security.kubernetes.io/enforce': 'baseline' };
  await stage.send('POST', '/api/v1/namespaces', { metadata: { name: 'baseline', labels } });
  await waitFor('the default service account', async () => {
    const { status } = await stage.cluster.request('GET', '/api/v1/namespaces/baseline/serviceaccounts/default');
    return status === 200;
  });
  const pod = (volume: Json) =>
    stage.cluster.request('POST', '/api/v1/namespaces/baseline/pods?dryRun=All', {
      body: {
        metadata: { name: 'reader' },
        spec: { containers: [{ name: 'a', image: images.first }], volumes: [{ name: 'node', ...volume }] },
      },
    });
  t.regex(messageOf(await pod({ hostPath: { path: '/' } })), /violates PodSecurity "baseline/);
  await stage.send('POST', '/api/v1/persistentvolumes', {
    metadata: { name: 'node' },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/' } },
  });
  t.is((await pod({ persistentVolumeClaim: { claimName: 'node' } })).status, 201);
});
