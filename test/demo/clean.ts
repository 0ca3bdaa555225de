import type { Shell } from './shell.ts';

/**
 * Removes what the story makes, as its admin would: environments while their controller runs, then the lock (which needs
 * the verb `unprotect`), then the namespaces. The operator and its charts stay.
 */
export async function removeStory(shell: Shell): Promise<void> {
  const present = await shell.run(
    'admin',
    'kubectl get namespaces shop shop-dev -o name --ignore-not-found; kubectl get deployments -n twinlock-system -o name',
    { show: 0 },
  );
  if (!/^namespace\//m.test(present)) return;
  if (/twinlock-environments/.test(present)) {
    const controllers = 'deployment/twinlock-environments deployment/twinlock-promotions';
    await shell.run('admin', `kubectl scale ${controllers} -n twinlock-system --replicas=1`, { show: 0 });
    await shell.all(
      ['admin', 'kubectl delete twinenvironments --all -n shop-dev --timeout=90s', { show: 3, timeout: 100_000 }],
      ['admin', 'kubectl delete productiontargets --all -n shop --timeout=90s', { show: 3, timeout: 100_000 }],
    );
    await shell.run('admin', 'kubectl delete approverkeyring default --ignore-not-found', { show: 1 });
  }
  await shell.run('admin', 'kubectl delete namespace shop shop-dev --ignore-not-found --timeout=120s', {
    show: 2,
    timeout: 130_000,
  });
}
