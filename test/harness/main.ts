import { rm } from 'node:fs/promises';
import { commandLine, parseToEnd } from '../stage/command-line.ts';
import { sharedApi, stopApis } from './api/index.ts';
import { cacheFolder, runFolder } from './cache.ts';
import { HarnessError } from './errors.ts';
import { full, fullKubeconfig, removeBuiltImages, stopFull } from './full/index.ts';
import { say, step } from './progress.ts';

const program = commandLine(
  'node test/harness/main.ts',
  'The clusters of the tests and the demo.',
  'node test/harness/main.ts up',
  'node test/harness/main.ts down --cache',
);

program
  .command('up')
  .description('start the full cluster (kind), or find the one that runs; prints its kubeconfig')
  .action(async () => {
    const cluster = await full();
    say(`the cluster is ready: ${cluster.server}, registry ${cluster.registry}`);
    console.log(cluster.kubeconfig);
  });

program
  .command('api-up')
  .description(
    'start the shared API (etcd, kube-apiserver, kube-controller-manager), or find it; prints its kubeconfig',
  )
  .action(async () => {
    const cluster = await sharedApi();
    say(`the API is ready: ${cluster.server}`);
    console.log(cluster.kubeconfig);
  });

program
  .command('kubeconfig')
  .description("print the path of the full cluster's kubeconfig")
  .action(async () => {
    const path = await fullKubeconfig();
    if (path === undefined) throw new HarnessError('Lost', 'no cluster runs: start one with `make cluster`');
    console.log(path);
  });

program
  .command('down')
  .description('remove every cluster and all it left behind; what was built stays in the cache')
  .option('--cache', 'remove what was built too')
  .action(async ({ cache }: { readonly cache?: true }) => {
    await step('stopping the APIs', stopApis);
    await step('removing the full cluster', stopFull);
    await rm(runFolder(), { recursive: true, force: true });
    if (!cache) return say(`what was built stays in ${cacheFolder()} (down --cache removes it)`);
    return step(`removing ${cacheFolder()} and the images made here`, async () => {
      await removeBuiltImages();
      await rm(cacheFolder(), { recursive: true, force: true });
    });
  });

await parseToEnd(program);
