import { Command } from 'commander';
import { sharedApi, stopApis } from './api/index.ts';
import { HarnessError } from './errors.ts';
import { step } from './progress.ts';

const program = new Command('harness').description('The clusters of the tests and the demo.');

program
  .command('api-up')
  .description('start the shared API (etcd, kube-apiserver, kube-controller-manager), or find it')
  .action(async () => {
    const cluster = await step('starting the API', sharedApi);
    console.log(cluster.kubeconfig);
  });

program
  .command('down')
  .description('remove every cluster and all they left behind')
  .action(async () => {
    await step('stopping the APIs', stopApis);
  });

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof HarnessError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
