import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { installTwinlock, prepare, removeStory } from '../demo/index.ts';
import { nodeImageFiles, type FullCluster } from '../harness/index.ts';
import { watchingStatuses } from './support/statuses.ts';
import type { Story } from '../demo/index.ts';

const watch = watchingStatuses(test);
let story: Story;

test.before('Twinlock, an empty shop and an empty shop-dev', async (t) => {
  t.timeout(20 * 60_000, 'the cluster and the images are built on the first run');
  story = await prepare('dying', (line) => t.log(line));
  await installTwinlock(story);
  await watch(story.cluster);
});

test.after.always('the shop is removed', async () => {
  if (story) await removeStory(story.shell);
});

/** Serves in an environment; where production's variable is set it dies 1.5 s after its start, which no probe sees. */
const program = (version: string): string => `
import { createServer } from 'node:http';
createServer((_request, response) => response.end('${version}')).listen(8080);
if ('${version}' === 'v2' && process.env.MODE === 'live')
  setTimeout(() => { console.error('no such table: orders'); process.exit(7); }, 1500);
`;

async function image(cluster: FullCluster, version: string): Promise<string> {
  return cluster.pushImage(
    'dying',
    { ...(await nodeImageFiles()), '/app/main.mjs': { content: program(version) } },
    { entrypoint: ['/usr/local/bin/node', '/app/main.mjs'] },
  );
}

// kubernetes/kubernetes#31319
test('a version that dies 1.5 s after its start, without a probe, goes back to what ran before and is never completed', async (t) => {
  t.timeout(6 * 60_000);
  const { cluster, shell, folder } = story;
  const [v1, v2] = await Promise.all([image(cluster, 'v1'), image(cluster, 'v2')]);
  await shell.run('admin', 'kubectl create namespace shop && kubectl create namespace shop-dev');
  await shell.run('admin', 'kubectl label namespace shop-dev twinlock.dev/environments=true');
  await cluster.apply([production(v1)]);
  await shell.run('admin', 'kubectl rollout status deployment/web -n shop --timeout=60s', { timeout: 70_000 });
  await shell.run('admin', 'kubectl create rolebinding alice -n shop --clusterrole=twinlock-approver --user=alice');
  await shell.run('alice', "ssh-keygen -q -t ed25519 -N '' -C alice -f id_ed25519");
  const publicKey = (await readFile(join(folder, 'id_ed25519.pub'), 'utf8')).trim();
  await cluster.apply([
    own('ApproverKeyring', { name: 'default' }, { principals: [{ name: 'alice', keys: [{ publicKey }] }] }),
    own(
      'ProductionTarget',
      { name: 'web', namespace: 'shop' },
      { workloads: [{ kind: 'Deployment', name: 'web' }], rollback: { settle: '5s' } },
    ),
    own(
      'TwinEnvironment',
      { name: 'pr-42', namespace: 'shop-dev' },
      { workloads: [{ name: 'web', image: v2, port: 8080 }] },
    ),
    own(
      'Promotion',
      { name: 'web-42', namespace: 'shop' },
      { environmentRef: { namespace: 'shop-dev', name: 'pr-42' }, targetRef: { name: 'web' } },
    ),
  ]);
  const wait = async (phase: string, seconds: number): Promise<void> => {
    const line = `kubectl wait promotion/web-42 -n shop --for=jsonpath='{.status.phase}'=${phase} --timeout=${seconds}s`;
    await shell.run('alice', line, { timeout: (seconds + 10) * 1000 });
  };
  await wait('AwaitingApproval', 120);
  await shell.run(
    'alice',
    "kubectl get promotion web-42 -n shop -o jsonpath='{.status.approval.statements.approve}' > s.json",
  );
  await shell.run('alice', 'rm -f s.json.sig; ssh-keygen -q -Y sign -f id_ed25519 -n vote.v1@twinlock.dev s.json');
  await shell.run(
    'alice',
    'kubectl annotate promotion web-42 -n shop --field-manager=vote "vote.twinlock.dev/alice=$(cat s.json.sig)"',
  );
  await wait('RolledBack', 180);
  const live = await shell.run(
    'admin',
    "kubectl get deployment web -n shop -o jsonpath='{.spec.template.spec.containers[0].image}'",
  );
  t.is(live, v1);
  const outcomes = await shell.run(
    'admin',
    'kubectl get promotionrecords -n shop -o jsonpath=\'{range .items[*]}{.spec.outcome.result} {.spec.outcome.message}{"\\n"}{end}\'',
  );
  t.notRegex(outcomes, /Completed/);
  t.regex(outcomes, /RolledBack .*exit code 7/);
});

function own(kind: string, metadata: object, spec: object): object {
  return { apiVersion: 'twinlock.dev/v1alpha1', kind, metadata, spec };
}

function production(running: string): object {
  const labels = { app: 'web' };
  const container = { name: 'web', image: running, env: [{ name: 'MODE', value: 'live' }] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [container] } } },
  };
}
