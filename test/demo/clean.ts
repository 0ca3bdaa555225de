import type { Shell } from './shell.ts';

/**
 * Removes what the story makes, as its admin would: environments while their controller runs, then the lock (which needs
 * the verb `unprotect`, and the annotation of that name), then the namespaces. The operator and its charts stay.
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
    await shell.run('admin', 'kubectl delete approverkeyring default --ignore-not-found', { show: 1 });
  }
  if (/^namespace\/shop$/m.test(present) && /twinlock/.test(present)) await unprotect(shell);
  await Promise.all([
    remove(shell, 'twinenvironments', 'shop-dev', /twinlock/.test(present)),
    remove(shell, 'productiontargets', 'shop', /twinlock/.test(present)),
  ]);
}

/** Says of the lock and of production's namespace that they are meant: nothing protected is deleted without. */
async function unprotect(shell: Shell): Promise<void> {
  const targets = 'kubectl get productiontargets -n shop -o jsonpath="{.items[*].metadata.name}"';
  await shell.run(
    'admin',
    `for target in $(${targets}); do kubectl annotate productiontarget "$target" -n shop --overwrite "twinlock.dev/unprotect=$target"; done
kubectl annotate namespace shop --overwrite twinlock.dev/unprotect=shop`,
    { show: 2 },
  );
}

/** Deletes a namespace, and before it what its own controller has to see go. */
async function remove(shell: Shell, kind: string, namespace: string, operated: boolean): Promise<void> {
  const options = { show: 3, timeout: 130_000 };
  if (operated) await shell.run('admin', `kubectl delete ${kind} --all -n ${namespace} --timeout=120s`, options);
  await shell.run('admin', `kubectl delete namespace ${namespace} --ignore-not-found --timeout=120s`, options);
}
