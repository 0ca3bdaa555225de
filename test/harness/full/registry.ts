import { recipe } from '../cache.ts';
import { run } from '../command.ts';
import { tools } from '../tools.ts';
import { waitFor } from '../wait.ts';
import { clusterName, nodes } from './kind.ts';
import type { Engine } from './engine.ts';

/** Repository of the registry's own image; `down --cache` removes it. */
export const registryRepository = 'localhost/twinlock/registry';

const inside = 5000;
const container = (): string => `${clusterName()}-registry`;

/**
 * Starts a registry as a container on the cluster's network. This machine and the nodes both know it as
 * `127.0.0.1:port`: here that is a published port, and the nodes' containerd is told where that name leads.
 */
export async function startRegistry(engine: Engine, port: number): Promise<void> {
  await removeRegistry(engine);
  const network = ['--network', clusterName(), '--publish', `127.0.0.1:${port}:${inside}`];
  const serve = ['/crane', 'registry', 'serve', '--address', `:${inside}`];
  await engine.run(['run', '--detach', '--name', container(), ...network, await image(engine), ...serve]);
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
  const { stdout } = await engine.run(['inspect', '--format', format, container()]);
  const hosts = `[host."http://${stdout.trim()}:${inside}"]\n`;
  const write = 'mkdir -p "$1" && cat > "$1/hosts.toml"';
  for (const node of await nodes(engine)) {
    const folder = `/etc/containerd/certs.d/127.0.0.1:${port}`;
    await engine.run(['exec', '--interactive', node, 'sh', '-c', write, 'sh', folder], { input: hosts });
  }
  await waitFor(`the registry on port ${port}`, () => registryAnswers(port));
}

export async function registryAnswers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/v2/`, { signal: AbortSignal.timeout(5000) }).then(
    ({ ok }) => ok,
    () => false,
  );
}

export async function removeRegistry(engine: Engine): Promise<void> {
  // Killed first: it holds nothing worth the ten seconds that podman gives it to end.
  await engine.run(['kill', container()], { check: false });
  await engine.run(['rm', '--force', '--volumes', container()], { check: false });
}

/** An image that is the program crane and nothing else. */
async function image(engine: Engine): Promise<string> {
  const crane = await tools.crane();
  const name = `${registryRepository}:${await recipe([crane])}`;
  if ((await engine.run(['image', 'inspect', name], { check: false })).code !== 0) {
    // The folder /tmp is where crane keeps what is pushed.
    const script = 'mkdir "$1/tmp" && cp "$2" "$1/crane" && tar -C "$1" -c . | "$3" import - "$4"';
    const folder = 'dir=$(mktemp -d); trap \'rm -rf "$dir"\' EXIT; set -- "$dir" "$@";';
    await run('bash', ['-o', 'pipefail', '-c', `${folder} ${script}`, 'import', crane, engine.name, name], {
      env: engine.env,
    });
  }
  return name;
}
