import { join } from 'node:path';

/** Where one API cluster's parts listen (127.0.0.1) and where its files are. */
export interface Layout {
  readonly folder: string;
  readonly etcdPort: number;
  readonly etcdPeerPort: number;
  readonly apiPort: number;
}

type Flags = Readonly<Record<string, string>>;

const asArgs = (flags: Flags): string[] => Object.entries(flags).map(([name, value]) => `--${name}=${value}`);

export function etcdArgs({ folder, etcdPort, etcdPeerPort }: Layout): string[] {
  const [client, peer] = [`http://127.0.0.1:${etcdPort}`, `http://127.0.0.1:${etcdPeerPort}`];
  return asArgs({
    'data-dir': join(folder, 'etcd'),
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `default=${peer}`,
    // The data lives as long as a test run: nothing is gained by waiting for the disk.
    'unsafe-no-fsync': 'true',
    // A policy that does all its work twenty times (attack/budget) is larger than what etcd takes by itself.
    'max-request-bytes': String(2 * 1024 * 1024),
    'log-level': 'warn',
  });
}

export function apiServerArgs({ folder, etcdPort, apiPort }: Layout, extra: Flags = {}): string[] {
  const pki = (name: string): string => join(folder, 'pki', name);
  return asArgs({
    'etcd-servers': `http://127.0.0.1:${etcdPort}`,
    'bind-address': '127.0.0.1',
    'advertise-address': '127.0.0.1',
    'secure-port': String(apiPort),
    'tls-cert-file': pki('apiserver.crt'),
    'tls-private-key-file': pki('apiserver.key'),
    'client-ca-file': pki('ca.crt'),
    'service-account-issuer': 'https://kubernetes.default.svc',
    'service-account-key-file': pki('accounts.pub'),
    'service-account-signing-key-file': pki('accounts.key'),
    'service-cluster-ip-range': '10.96.0.0/16',
    'endpoint-reconciler-type': 'none',
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'allow-privileged': 'true',
    ...extra,
  });
}

export function controllerManagerArgs({ folder }: Layout): string[] {
  const pki = (name: string): string => join(folder, 'pki', name);
  const kubeconfig = join(folder, 'controller-manager.kubeconfig');
  return asArgs({
    kubeconfig,
    'secure-port': '0',
    'service-account-private-key-file': pki('accounts.key'),
    'root-ca-file': pki('ca.crt'),
    'cluster-signing-cert-file': pki('ca.crt'),
    'cluster-signing-key-file': pki('ca.key'),
    'use-service-account-credentials': 'true',
    'leader-elect': 'false',
    controllers: '*,-cloud-node-lifecycle-controller,-node-ipam-controller,-node-route-controller',
    'kube-api-qps': '200',
    'kube-api-burst': '400',
  });
}
