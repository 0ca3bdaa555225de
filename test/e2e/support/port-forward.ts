import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { HarnessError, tools } from '../../harness/index.ts';
import type { Cluster } from '../../harness/index.ts';

export interface Forward extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number;
}

/**
 * `kubectl port-forward`; ends with its scope (`await using`).
 *
 * @param what `service/name` or `deployment/name`
 */
export async function portForward(cluster: Cluster, namespace: string, what: string, port: number): Promise<Forward> {
  const args = ['--kubeconfig', cluster.kubeconfig, 'port-forward', '-n', namespace, what, `:${port}`];
  const child = spawn(await tools.kubectl(), args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const lines = createInterface({ input: child.stdout });
  const local = await new Promise<number>((resolve, reject) => {
    lines.on('line', (line) => {
      const found = /^Forwarding from 127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
    void ended.then(() => reject(new HarnessError('CommandFailed', `no port-forward to ${what}: ${errors}`)));
  });
  return {
    port: local,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
