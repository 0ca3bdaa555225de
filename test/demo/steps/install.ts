import type { Step, Story } from '../story.ts';

/** Step 1. */
export const install: Step = {
  title: '1. The operator is installed from its chart; its image is built from this tree',
  async run(story) {
    await installTwinlock(story);
  },
};

/** Installs or upgrades the two charts; what is there already costs little. */
export async function installTwinlock(story: Story): Promise<void> {
  const { shell, images, cluster } = story;
  const port = cluster.hostPort(30080).split(':')[1];
  await shell.run(
    'admin',
    'helm upgrade --install twinlock-crds charts/twinlock-crds --namespace twinlock-system --create-namespace',
    { show: 0, timeout: 120_000 },
  );
  const values = [
    `image=${images.operator}`,
    `boundary.image=${images.caddy}`,
    'frontDoor.enabled=true',
    `defaultClass.port=${port}`,
    'clusterName=demo',
    `catalog.stripe.image=${images.stripeMock}`,
    `catalog.gcs.image=${images.fakeGcs}`,
    `catalog.smtp.image=${images.maildev}`,
  ];
  await shell.run(
    'admin',
    `helm upgrade --install twinlock charts/twinlock --namespace twinlock-system --wait --timeout 2m \\\n${values
      .map((value) => `--set ${value}`)
      .join(' \\\n')}`,
    { show: 3, timeout: 180_000 },
  );
  await shell.run('admin', 'kubectl get deployments -n twinlock-system', { show: 5 });
}
