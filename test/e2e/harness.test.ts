import test from 'ava';
import { full, nodeImageFiles, run, waitFor } from '../harness/index.ts';
import { operatorImage } from '../images/index.ts';

const nodePort = 30082;

test('a pushed image runs by digest in a restricted pod, answers through the door, and finds services by name', async (t) => {
  const cluster = await full();
  const namespace = 'harness-door';
  t.teardown(() => cluster.kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']));
  const program = `
    const { createServer } = require('node:http');
    createServer(async (request, response) => {
      if (request.url === '/') return response.end('served as ' + require('node:os').userInfo().username);
      response.end('by name: ' + await (await fetch('http://server.${namespace}.svc.cluster.local/')).text());
    }).listen(8080);`;
  const files = { ...(await nodeImageFiles()), '/app/server.cjs': { content: program } };
  const options = { entrypoint: ['/usr/local/bin/node', '/app/server.cjs'] };
  const image = await cluster.pushImage('harness-server', files, options);
  t.regex(image, /^127\.0\.0\.1:\d+\/harness-server@sha256:[0-9a-f]{64}$/);
  t.is(await cluster.pushImage('harness-server', files, options), image);

  const labels = { app: 'server' };
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await cluster.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels: restricted } }]);
  await cluster.apply([
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'server', namespace },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
            containers: [
              {
                name: 'server',
                image,
                resources: { requests: { cpu: '10m', memory: '64Mi' } },
                securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'server', namespace },
      spec: { type: 'NodePort', selector: labels, ports: [{ port: 80, targetPort: 8080, nodePort }] },
    },
  ]);
  const answered = async (path: string): Promise<string> =>
    waitFor(
      `an answer for ${path}`,
      async (seen) => {
        seen((await cluster.request('GET', `/api/v1/namespaces/${namespace}/pods`)).body);
        return (await fetch(`http://${cluster.hostPort(nodePort)}${path}`)).text();
      },
      { timeout: 60_000, interval: 200 },
    );
  t.is(await answered('/'), 'served as nonroot');
  t.is(await answered('/name'), 'by name: served as nonroot');
});

test('make image pushes the same image that the demo installs, and says what is wrong with a registry', async (t) => {
  const cluster = await full();
  const { stdout } = await run('make', ['--silent', 'image', `REGISTRY=${cluster.registry}/`]);
  t.is(stdout.trim(), await operatorImage(cluster));
  const wrong = await run('make', ['--silent', 'image', 'REGISTRY=https://registry.example'], { check: false });
  t.regex(wrong.stderr, /REGISTRY=https:\/\/registry.example is no registry: write e.g. registry.example\/platform/);
  t.not(wrong.code, 0);
});

test('personas and bound tokens of the full cluster are real too', async (t) => {
  const cluster = await full();
  const carol = await cluster.persona('carol', { groups: ['shop-approvers'] });
  const { stdout } = await cluster.kubectl(['auth', 'whoami', '-o', 'json'], { as: carol });
  t.like(JSON.parse(stdout), { status: { userInfo: { username: 'carol' } } });
  const { kubeconfig, pod } = await cluster.boundToken('default', 'default');
  t.teardown(() => cluster.kubectl(['delete', 'pod', pod, '-n', 'default']));
  const bound = await cluster.kubectl(['auth', 'whoami', '-o', 'json'], { as: kubeconfig });
  t.regex(bound.stdout, new RegExp(`"authentication.kubernetes.io/pod-name": \\[\\s*"${pod}"`));
});
