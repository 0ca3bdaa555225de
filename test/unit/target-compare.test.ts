import test from 'ava';
import type { Pod } from '../../operator/kube/index.ts';
import type { TargetWorld } from '../../operator/targets/decide/index.ts';
import { images, target } from './promotion-world.ts';
import { adopted, bySet, decideTarget, fresh, pod, running, settle, web } from './target-world.ts';

const beside = (before: TargetWorld, extra: Pod): TargetWorld => ({
  ...before,
  running: { ...before.running, pods: [...(before.running.pods ?? []), extra] },
});
/** A pod that throws when its spec is looked at, as no JSON can. */
const hostile = (thrown: unknown): Pod =>
  Object.defineProperty(pod({ metadata: { name: 'odd', uid: 'odd' } }, bySet), 'spec', {
    enumerable: true,
    get: () => {
      throw thrown;
    },
  });

test('a pod that cannot be compared is not the same, and the first line says why', (t) => {
  for (const [thrown, words] of [
    [new Error('it is odd\nat a place'), 'it is odd'],
    ['only words', 'only words'],
  ] as const) {
    const { message, reason } = decideTarget(fresh(running(web(), { pods: [hostile(thrown)] })));
    t.is(reason, 'ForeignPods');
    t.true(message.includes(`odd (it cannot be compared: ${words})`), message);
  }
});

test('a debugging container is let be where the lock lets people into pods, and nowhere else', (t) => {
  const debugged = pod({
    metadata: { name: 'debugged', uid: 'debugged' },
    spec: { ephemeralContainers: [{ name: 'debug', image: images.evil }] },
  });
  const open = settle(fresh({ target: target({ liveAccess: 'Allow' }) })).world;
  t.is(decideTarget(beside(open, debugged)).reason, 'Protected');
  t.is(decideTarget(beside(adopted(), debugged)).reason, 'Tampered');
});
