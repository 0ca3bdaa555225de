import { tools } from '../harness/index.ts';
import type { FullCluster } from '../harness/index.ts';

/** stripe-mock, Stripe's own stand-in: HTTP on 12111. */
export async function stripeMockImage(cluster: FullCluster): Promise<string> {
  return program(cluster, 'stripe-mock', await tools.stripeMock());
}

/** fake-gcs-server, a stand-in of Google Cloud Storage: HTTP on 4443, state in /data. */
export async function fakeGcsImage(cluster: FullCluster): Promise<string> {
  return program(cluster, 'fake-gcs-server', await tools.fakeGcs());
}

/** Caddy: the proxy of every environment, and the front door. */
export async function caddyImage(cluster: FullCluster): Promise<string> {
  return program(cluster, 'caddy', await tools.caddy());
}

/** A static program, alone in its image. */
function program(cluster: FullCluster, name: string, path: string): Promise<string> {
  const target = `/usr/bin/${name}`;
  return cluster.pushImage(name, { [target]: { from: path } }, { entrypoint: [target] });
}
