import { join } from 'node:path';
import { stringify } from 'yaml';
import { instance } from '../cache.ts';
import { run } from '../command.ts';
import { tools } from '../tools.ts';
import type { Engine } from './engine.ts';

/** NodePorts that lead to this machine. */
export const nodePorts = [30080, 30081, 30082] as const;

/** NodePort to the port of 127.0.0.1 that leads to it. */
export type Doors = Readonly<Record<number, number>>;

/** kind's name of the cluster, and the name of the engine's network that only it is on. */
export const clusterName = instance;

async function kind(engine: Engine, args: readonly string[], input?: string): Promise<void> {
  const network = { KIND_EXPERIMENTAL_PODMAN_NETWORK: clusterName(), KIND_EXPERIMENTAL_DOCKER_NETWORK: clusterName() };
  const env = { ...engine.env, ...network };
  await run(await tools.kind(), args, { env, withParent: true, ...(input !== undefined && { input }) });
}

/** @param image undefined for kind's own */
export async function createKind(
  engine: Engine,
  kubeconfig: string,
  image: string | undefined,
  doors: Doors,
): Promise<void> {
  const flags = ['--name', clusterName(), '--kubeconfig', kubeconfig, ...(image ? ['--image', image] : [])];
  await kind(engine, ['create', 'cluster', '--config', '-', ...flags], stringify(config(doors)));
}

/** Removes the nodes, also those that a killed `create` left. */
export async function deleteKind(engine: Engine, folder: string): Promise<void> {
  // Killed first: podman gives a node's systemd ten seconds to end, and nothing in it is worth them.
  const left = await nodes(engine);
  if (left.length > 0) await engine.run(['kill', ...left], { check: false });
  await kind(engine, ['delete', 'cluster', '--name', clusterName(), '--kubeconfig', join(folder, 'kind.kubeconfig')]);
}

/** Names of the node containers. */
export async function nodes(engine: Engine): Promise<string[]> {
  const filter = `label=io.x-k8s.kind.cluster=${clusterName()}`;
  const { stdout } = await engine.run(['ps', '--all', '--filter', filter, '--format', '{{.Names}}']);
  return stdout.split('\n').filter((name) => name !== '');
}

function config(doors: Doors): object {
  return {
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    networking: { kubeProxyMode: 'nftables' },
    nodes: [
      {
        role: 'control-plane',
        extraPortMappings: Object.entries(doors).map(([containerPort, hostPort]) => ({
          containerPort: Number(containerPort),
          hostPort,
          listenAddress: '127.0.0.1',
        })),
      },
    ],
    kubeadmConfigPatches: [
      stringify({
        kind: 'KubeletConfiguration',
        apiVersion: 'kubelet.config.k8s.io/v1beta1',
        // A machine with a hybrid of both cgroup versions counts as version 1.
        failCgroupV1: false,
      }),
    ],
    containerdConfigPatches: [
      '[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "/etc/containerd/certs.d"\n',
    ],
  };
}
