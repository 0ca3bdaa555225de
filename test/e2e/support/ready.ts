import { waitFor } from '../../harness/index.ts';
import type { Cluster } from '../../harness/index.ts';

interface Status {
  readonly namespace?: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/** Waits until an environment is Ready; returns the namespace of its children. */
export async function readyEnvironment(cluster: Cluster, namespace: string, name: string): Promise<string> {
  const path = `/apis/twinlock.dev/v1alpha1/namespaces/${namespace}/twinenvironments/${name}`;
  return waitFor(
    `environment ${name} to be Ready`,
    async (seen) => {
      const { body } = await cluster.request('GET', path);
      const { status } = body as { readonly status?: Status };
      seen(status);
      const ready = status?.conditions?.some((each) => each.type === 'Ready' && each.status === 'True');
      return ready && status?.namespace;
    },
    { timeout: 120_000 },
  );
}
