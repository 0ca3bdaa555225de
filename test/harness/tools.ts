import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { built, recipe } from './cache.ts';
import { run } from './command.ts';
import { HarnessError } from './errors.ts';
import { step } from './progress.ts';

/** The Kubernetes version of every cluster that is made here. */
export const kubernetesVersion = 'v1.36.3';

/** kind, which is a program and the files of its node image. */
export const kindModule = 'sigs.k8s.io/kind@v0.33.0';

const sources = join(import.meta.dirname, 'cluster');
const versionFlags = (): string => {
  const [major, minor] = kubernetesVersion.slice(1).split('.');
  const set = { gitVersion: kubernetesVersion, gitMajor: major, gitMinor: minor };
  return Object.entries(set)
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ');
};

/** Programs at fixed versions, each built by Go when it is first asked for and kept in the cache. */
export const tools = {
  /** etcd, kubelet, kubeadm and everything else of a node in one static program; its first argument chooses. */
  async cluster(): Promise<string> {
    return join(await clusterFolder(), 'cluster');
  },
  /** kubectl of the clusters' own version. */
  async kubectl(): Promise<string> {
    return join(await clusterFolder(), 'kubectl');
  },
  kind: (): Promise<string> => goBinary(kindModule, 'kind'),
  helm: (): Promise<string> => goBinary('helm.sh/helm/v4/cmd/helm@v4.3.1', 'helm'),
  crane: (): Promise<string> => goBinary('github.com/google/go-containerregistry/cmd/crane@v0.22.1', 'crane'),
  stripeMock: (): Promise<string> => goBinary('github.com/stripe/stripe-mock@v0.203.0', 'stripe-mock'),
  fakeGcs: (): Promise<string> => goBinary('github.com/fsouza/fake-gcs-server@v1.56.1', 'fake-gcs-server'),
  caddy: (): Promise<string> => goBinary('github.com/caddyserver/caddy/v2/cmd/caddy@v2.11.9', 'caddy'),
  localPathProvisioner: (): Promise<string> =>
    goBinary('github.com/rancher/local-path-provisioner@v0.0.30', 'local-path-provisioner'),
  goBinary,
} as const;

/** The recipe of the program of all Kubernetes parts. */
export function clusterRecipe(): Promise<string> {
  return recipe(
    [kubernetesVersion],
    ['main.go', 'go.mod', 'go.sum'].map((file) => join(sources, file)),
  );
}

async function clusterFolder(): Promise<string> {
  return built('cluster', await clusterRecipe(), async (folder) => {
    await step(`building Kubernetes ${kubernetesVersion} from source (7 min on 2 cores the first time)`, () =>
      go(['build', '-trimpath', '-ldflags', `-s -w ${versionFlags()}`, '-o', join(folder, 'cluster'), '.'], {
        cwd: sources,
      }),
    );
    await symlink('cluster', join(folder, 'kubectl'));
  });
}

/**
 * A static program (CGO_ENABLED=0) of a Go module, fit to be an image on its own.
 *
 * @param module package path and version: `example.org/tool/cmd/tool@v1.2.3`
 * @param name the program's file name
 * @returns its path
 */
async function goBinary(module: string, name: string): Promise<string> {
  const folder = await built(name, await recipe([module]), (folder) =>
    step(`building ${module}`, () =>
      go(['install', '-trimpath', '-ldflags', '-s -w', module], { env: { GOBIN: folder, GOFLAGS: '-mod=mod' } }),
    ),
  );
  return join(folder, name);
}

async function go(
  args: readonly string[],
  { cwd, env }: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> },
): Promise<void> {
  // Low priority: a cold build may share the machine with tests.
  const options = { ...(cwd && { cwd }), env: { CGO_ENABLED: '0', GOWORK: 'off', ...env }, withParent: true };
  try {
    await run('nice', ['go', ...args], options);
  } catch (cause) {
    if (cause instanceof HarnessError && /No such file|not found/.test(cause.message) && !(await hasGo())) {
      throw new HarnessError('Prerequisite', 'Go >= 1.26 is missing: https://go.dev/dl', { cause });
    }
    throw cause;
  }
}

async function hasGo(): Promise<boolean> {
  return run('go', ['version']).then(
    () => true,
    () => false,
  );
}

/** The directory of a module's sources in Go's module cache. */
export async function goModule(module: string): Promise<string> {
  const { stdout } = await run('go', ['mod', 'download', '-json', module], { env: { GOWORK: 'off' } });
  const answer = JSON.parse(stdout) as { readonly Dir: string };
  return answer.Dir;
}
