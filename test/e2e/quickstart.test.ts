import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse, parseAllDocuments } from 'yaml';
import { filled, installTwinlock, prepare, removeStory } from '../demo/index.ts';
import { readmeYaml } from './support/readme.ts';
import { watchingStatuses } from './support/statuses.ts';
import type { Story } from '../demo/index.ts';

const files = ['keyring', 'production', 'environment', 'promotion'];
const watch = watchingStatuses(test);
let story: Story;

test.before('Twinlock, an empty shop and an empty shop-dev', async (t) => {
  t.timeout(20 * 60_000, 'the cluster and the images are built on the first run');
  story = await prepare('quickstart', (line) => t.log(line));
  await installTwinlock(story);
  await watch(story.cluster);
});

test.after.always('the shop is removed', async () => {
  if (story) await removeStory(story.shell);
});

test('the README and examples/quickstart show the same four objects', async (t) => {
  const readme = parseAllDocuments(await readmeYaml()).map((document) => document.toJS() as unknown);
  const examples = await Promise.all(
    files.map(async (file) => parse(await filled(`quickstart/${file}.yaml`)) as unknown),
  );
  t.deepEqual(readme, examples);
});

test('the smallest YAML, as it stands in the README, takes a change to production', async (t) => {
  t.timeout(4 * 60_000);
  const { shell, images, folder } = story;
  await shell.run('admin', 'kubectl create namespace shop && kubectl create namespace shop-dev');
  await shell.run('admin', 'kubectl label namespace shop-dev twinlock.dev/environments=true');
  await story.cluster.apply([production(images.storefront.v1)]);
  await shell.run('admin', 'kubectl rollout status deployment/web -n shop --timeout=60s', { timeout: 70_000 });
  await shell.run('admin', `kubectl create rolebinding alice -n shop --clusterrole=twinlock-approver --user=alice`);
  await shell.run('alice', "ssh-keygen -q -t ed25519 -N '' -C alice -f id_ed25519");

  const publicKey = (await readFile(join(folder, 'id_ed25519.pub'), 'utf8')).trim();
  const yaml = (await readmeYaml())
    .replace('ssh-ed25519 AAAA...', publicKey)
    .replace('registry.example/web@sha256:...', images.storefront.v2);
  await writeFile(join(folder, 'quickstart.yaml'), yaml);
  await shell.run('admin', 'kubectl apply -f quickstart.yaml');
  await shell.run(
    'alice',
    "kubectl wait promotion/web-42 -n shop --for=jsonpath='{.status.phase}'=AwaitingApproval --timeout=120s",
    { timeout: 130_000 },
  );
  await shell.run(
    'alice',
    "kubectl get promotion web-42 -n shop -o jsonpath='{.status.approval.statements.approve}' > s.json",
  );
  await shell.run('alice', 'rm -f s.json.sig; ssh-keygen -q -Y sign -f id_ed25519 -n vote.v1@twinlock.dev s.json');
  await shell.run(
    'alice',
    'kubectl annotate promotion web-42 -n shop --field-manager=vote "vote.twinlock.dev/alice=$(cat s.json.sig)"',
  );
  await shell.run('alice', 'kubectl wait promotion/web-42 -n shop --for=condition=RolledOut --timeout=90s', {
    timeout: 100_000,
  });
  const image = await shell.run(
    'admin',
    "kubectl get deployment web -n shop -o jsonpath='{.spec.template.spec.containers[0].image}'",
  );
  t.is(image, images.storefront.v2, 'production runs, by digest, what ran in the environment');
});

/** A plain Deployment: the container of a workload given by `image:` has the workload's name, so this one has it too. */
function production(image: string): object {
  const labels = { app: 'web' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image }] } },
    },
  };
}
