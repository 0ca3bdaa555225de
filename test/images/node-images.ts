import { join } from 'node:path';
import { nodeImageFiles } from '../harness/index.ts';
import { bundle, operatorBundle, operatorEnvironment, operatorFlags } from './bundle.ts';
import { maildevFiles } from './maildev.ts';
import type { FullCluster } from '../harness/index.ts';

const nodePath = '/usr/local/bin/node';
const root = join(import.meta.dirname, '../..');

/** The operator, both processes of it, built from this tree. */
export async function operatorImage(cluster: Pick<FullCluster, 'pushImage'>): Promise<string> {
  const [node, files] = await Promise.all([nodeImageFiles(), operatorBundle()]);
  const app = Object.entries(files).map(([name, content]) => [`/app/${name}`, { content }] as const);
  return cluster.pushImage(
    'twinlock',
    { ...node, ...Object.fromEntries(app) },
    { entrypoint: [nodePath, ...operatorFlags, '/app/main.mjs'], env: operatorEnvironment },
  );
}

/** The storefront of examples/storefront in a version that is built in. */
export async function storefrontImage(cluster: FullCluster, version: 'v1' | 'v2'): Promise<string> {
  const define = { 'process.env.STOREFRONT_VERSION': JSON.stringify(version) };
  const [node, main] = await Promise.all([
    nodeImageFiles(),
    bundle(join(root, 'examples/storefront/main.ts'), { define }),
  ]);
  return cluster.pushImage(
    'storefront',
    { ...node, '/app/main.mjs': { content: main } },
    { entrypoint: [nodePath, '/app/main.mjs'], env: { NODE_ENV: 'production' } },
  );
}

/** maildev, an SMTP server that keeps what it gets and shows it on its API. */
export async function maildevImage(cluster: FullCluster): Promise<string> {
  const [node, app] = await Promise.all([nodeImageFiles(), maildevFiles()]);
  return cluster.pushImage('maildev', { ...node, ...app }, { entrypoint: [nodePath, '/app/maildev.cjs'] });
}
