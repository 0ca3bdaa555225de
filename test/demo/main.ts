/** `make demo`: tells the story of one change with real commands, and stops when the world does not do as it says. */
import { HarnessError } from '../harness/index.ts';
import { commandLine } from '../stage/command-line.ts';
import { prepare, steps, StoryError } from './index.ts';

commandLine(
  'node test/demo/main.ts',
  'Tell the story of one change with real commands, on a cluster of its own.',
  'node test/demo/main.ts',
).parse();

const started = performance.now();
const seconds = (since: number): string => `${((performance.now() - since) / 1000).toFixed(1)} s`;
const print = (line: string): void => console.log(line);

try {
  print('Twinlock: one change, from its twins to production\n');
  print('0. A cluster and images built from this tree (what is there already is used)');
  const story = await prepare('demo', print);
  print(`   done in ${seconds(started)}`);
  const told = performance.now();
  for (const step of steps) {
    const from = performance.now();
    print(`\n${step.title}`);
    await step.run(story);
    print(`   done in ${seconds(from)}`);
  }
  print(`\nThe story took ${seconds(told)}, all of it ${seconds(started)}. Every step did what it says.`);
  print('Look around:');
  print('  export KUBECONFIG=$(make kubeconfig)');
  print('  kubectl get twinenvironments,promotions,productiontargets,promotionrecords -A');
  print('  kubectl get twinenvironment staging -n shop-dev -o jsonpath={.status.url}    a page for your browser');
  print(`  ${story.folder}    manifests, keys and the exported record`);
  print('  make demo-down    removes it all');
} catch (error) {
  const expected = error instanceof StoryError || error instanceof HarnessError;
  console.error(`\nThe story stops here, after ${seconds(started)}:`);
  console.error(expected ? error.message : error);
  process.exitCode = 1;
}
