import { readFile, readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { built, cacheFolder, recipe } from './cache.ts';
import { run } from './command.ts';
import { HarnessError } from './errors.ts';
import { withLock } from './lock.ts';
import { step } from './progress.ts';

/** The Kubernetes version of every cluster that is made here; that of programs/go.mod. */
export const kubernetesVersion = 'v1.36.3';

/** The oldest version that is supported; that of programs/oldest/go.mod. */
const oldestVersion = 'v1.33.12';

/** The version of API servers without nodes: the oldest where `TWINLOCK_KUBERNETES=oldest` says so. */
export const apiVersion = process.env['TWINLOCK_KUBERNETES'] === 'oldest' ? oldestVersion : kubernetesVersion;

/** Whether that is the newest: some fields, and what some of its own plugins write, are of newer versions only. */
export const isNewest = apiVersion === kubernetesVersion;

/** Whether that version has MutatingAdmissionPolicy v1 (Kubernetes 1.36). */
export const hasMutatingPolicies = isNewest;

const sources = join(import.meta.dirname, 'programs');
const versionFlags = (version: string): string => {
  const [major, minor] = version.slice(1).split('.');
  const set = { gitVersion: version, gitMajor: major, gitMinor: minor };
  return Object.entries(set)
    .map(([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`)
    .join(' ');
};

/**
 * Programs at the versions of programs/go.mod, each built by Go when it is first asked for and kept in the cache. All but
 * kstatus are one module, so what they share (Kubernetes' client, gRPC and the like) has one version and is compiled
 * once.
 */
export const tools = {
  /** etcd, kubelet, kubeadm and everything else of a node in one static program; its first argument chooses. */
  async cluster(): Promise<string> {
    return join(await clusterFolder(), 'cluster');
  },
  /** The API server and the controllers of clusters without nodes; its first argument chooses. */
  async controlPlane(): Promise<string> {
    return hasMutatingPolicies ? join(await clusterFolder(), 'cluster') : oldest();
  },
  /** kubectl of the clusters' own version. */
  async kubectl(): Promise<string> {
    return join(await clusterFolder(), 'kubectl');
  },
  kind: (): Promise<string> => program('kind', 'sigs.k8s.io/kind'),
  helm: (): Promise<string> => program('helm', 'helm.sh/helm/v4/cmd/helm'),
  crane: (): Promise<string> => program('crane', 'github.com/google/go-containerregistry/cmd/crane'),
  stripeMock: (): Promise<string> => program('stripe-mock', 'github.com/stripe/stripe-mock'),
  fakeGcs: (): Promise<string> => program('fake-gcs-server', 'github.com/fsouza/fake-gcs-server'),
  caddy: (): Promise<string> => program('caddy', 'github.com/caddyserver/caddy/v2/cmd/caddy'),
  localPathProvisioner: (): Promise<string> =>
    program('local-path-provisioner', 'github.com/rancher/local-path-provisioner'),
  /** Twins that are Go programs and no part of a cluster: a module of their own, so that nothing else is built anew with them. */
  versitygw: (): Promise<string> => twin('versitygw', 'github.com/versity/versitygw/cmd/versitygw'),
  natsServer: (): Promise<string> => twin('nats-server', 'github.com/nats-io/nats-server/v2'),
  /** The kstatus library as a program. A module of its own: it needs a newer Kubernetes client than the cluster's. */
  kstatus: (): Promise<string> =>
    ofModule('kstatus', { what: 'kstatus (a minute the first time)', files: ['main.go'] }),
  /** oauth2-proxy, in a module of its own: nothing else here has its version of the OpenTelemetry and Redis clients. */
  oauth2Proxy: (): Promise<string> =>
    ofModule('oauth2-proxy', {
      what: 'oauth2-proxy (a minute the first time)',
      source: 'github.com/oauth2-proxy/oauth2-proxy/v7',
    }),
  /** Flux's own kustomize-controller. A module of its own, with the versions that Flux builds it with. */
  kustomizeController: (): Promise<string> =>
    ofModule('kustomize-controller', {
      what: "Flux's kustomize-controller (4 min the first time)",
      module: 'flux',
      source: 'github.com/fluxcd/kustomize-controller',
    }),
} as const;

/** The recipe of the program of all Kubernetes parts. */
export function clusterRecipe(): Promise<string> {
  return recipe([kubernetesVersion], [join(sources, 'cluster', 'main.go'), ...moduleFiles]);
}

const moduleFiles = ['go.mod', 'go.sum'].map((file) => join(sources, file));

async function clusterFolder(): Promise<string> {
  return built('cluster', await clusterRecipe(), async (folder) => {
    const what = `Kubernetes ${kubernetesVersion} from source (6 min on 2 cores the first time)`;
    await build(what, './cluster', join(folder, 'cluster'), { linkerFlags: versionFlags(kubernetesVersion) });
    await symlink('cluster', join(folder, 'kubectl'));
  });
}

async function oldest(): Promise<string> {
  const module = join(sources, 'oldest');
  const files = ['go.mod', 'go.sum', 'main.go'].map((file) => join(module, file));
  const folder = await built('oldest', await recipe([oldestVersion], files), (into) =>
    build(`Kubernetes ${oldestVersion} from source (5 min on 2 cores the first time)`, '.', join(into, 'oldest'), {
      module,
      linkerFlags: versionFlags(oldestVersion),
    }),
  );
  return join(folder, 'oldest');
}

/** A static program of a package of the module, fit to be an image on its own; returns its path. */
async function program(name: string, source: string): Promise<string> {
  const key = await recipe([source], moduleFiles);
  const folder = await built(name, key, (into) => build(source, source, join(into, name)));
  return join(folder, name);
}

/** A static program of a package of the twins' module; returns its path. */
function twin(name: string, source: string): Promise<string> {
  return ofModule(name, {
    what: `${source} (a minute or two the first time)`,
    module: 'twins',
    source,
    parts: [source],
  });
}

/** How a program of a module of its own is built. */
interface OfModule {
  /** Shown while it is built. */
  readonly what: string;
  /** Folder of the module; its program's name where it is left out. */
  readonly module?: string;
  /** The package; the module's own where it is left out. */
  readonly source?: string;
  /** What the program depends on beside the versions of its module. */
  readonly parts?: readonly string[];
  readonly files?: readonly string[];
}

/** A static program of a module beside the one that most are of; returns its path. */
async function ofModule(
  name: string,
  { what, module: of = name, source = '.', parts = [], files = [] }: OfModule,
): Promise<string> {
  const module = join(sources, of);
  const key = await recipe(
    parts,
    ['go.mod', 'go.sum', ...files].map((file) => join(module, file)),
  );
  const folder = await built(name, key, (into) => build(what, source, join(into, name), { module }));
  return join(folder, name);
}

/**
 * One build at a time on this machine: each of them uses all its processors, and two at once would compile what they
 * share twice.
 */
async function build(
  what: string,
  source: string,
  target: string,
  { linkerFlags = '', module = sources }: { readonly linkerFlags?: string; readonly module?: string } = {},
): Promise<void> {
  await withLock(join(cacheFolder(), 'locks', 'go'), () =>
    step(`building ${what}`, () =>
      go(['build', '-trimpath', '-ldflags', `-s -w ${linkerFlags}`.trim(), '-o', target, source], module),
    ),
  );
}

async function go(args: readonly string[], cwd: string): Promise<void> {
  // Low priority: a cold build may share the machine with tests.
  const options = { cwd, env: { CGO_ENABLED: '0', GOWORK: 'off' }, withParent: true };
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

/** The directory of kind's sources, which hold the files of its node image, in Go's module cache. */
export function kindSources(): Promise<string> {
  return moduleFolder('sigs.k8s.io/kind');
}

/** A module in Go's module cache. Without a version: that of programs/go.mod. */
async function moduleFolder(module: string): Promise<string> {
  const args = ['mod', 'download', '-json', module];
  const { stdout } = await run('go', args, { cwd: sources, env: { GOWORK: 'off' } });
  return (JSON.parse(stdout) as { readonly Dir: string }).Dir;
}

/**
 * Where the peers that apply production have their CRDs. Argo CD at the last version whose module asks for no newer Go
 * than the clusters.
 */
const peers = [
  ['github.com/fluxcd/kustomize-controller@v1.9.4', 'config/crd/bases'],
  ['github.com/fluxcd/source-controller@v1.9.1', 'config/crd/bases'],
  ['github.com/argoproj/argo-cd/v3@v3.4.7', 'manifests/crds'],
] as const;

/** The CRDs of cert-manager, as it ships them. */
export function certManagerCRDs(): Promise<readonly string[]> {
  return crdsOf('github.com/cert-manager/cert-manager@v1.21.2', 'deploy/crds', /^(acme\.)?cert-manager\.io_.*\.yaml$/);
}

/** The CRDs of the Gateway API, as it ships them: at the last version whose module asks for no newer Go than the clusters. */
export function gatewayCRDs(): Promise<readonly string[]> {
  return crdsOf('sigs.k8s.io/gateway-api@v1.6.1', 'config/crd/standard', /^gateway\..*s\.yaml$/);
}

async function crdsOf(module: string, folder: string, files: RegExp): Promise<readonly string[]> {
  const at = join(await moduleFolder(module), folder);
  const names = (await readdir(at)).filter((name) => files.test(name));
  return Promise.all(names.map((name) => readFile(join(at, name), 'utf8')));
}

/** The CRDs of Flux (kustomize-controller, source-controller) and of Argo CD, as they ship them. */
export async function peerCRDs(): Promise<readonly string[]> {
  const texts = await Promise.all(
    peers.map(([module, folder]) => crdsOf(module, folder, /^(.*toolkit|.*-crd).*\.yaml$/)),
  );
  return texts.flat();
}
