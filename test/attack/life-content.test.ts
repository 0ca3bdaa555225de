/** Who writes certificates and restarts what reads them, by the requests of the real things: rows of docs/cluster-life.md. */
import test from 'ava';
import { actor } from './actors.ts';
import { allowed, denied } from './assert.ts';
import { words } from './life-page.ts';
import { Production } from '../stage/production.ts';
import { openAttack, type Stage } from '../stage/attack.ts';
import { deployment, namespace, template } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const certificate = (renewal: number): Json => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 'web-tls',
    annotations: {
      'cert-manager.io/certificate-name': 'web-tls',
      'cert-manager.io/issuer-name': 'ca',
      'cert-manager.io/issuer-kind': 'Issuer',
      'cert-manager.io/issuer-group': 'cert-manager.io',
    },
    labels: { 'controller.cert-manager.io/fao': 'true' },
  },
  type: 'kubernetes.io/tls',
  data: Object.fromEntries(['tls.crt', 'tls.key', 'ca.crt'].map((key) => [key, btoa(`${key} ${renewal}`)])),
});

test('cert-manager: renews what a pod mounts where it is named, and nowhere else; its pod for a challenge is refused', async (t) => {
  const send = await actor(stage, 'cert-manager');
  const volumes = [{ name: 'config', secret: { secretName: 'web-tls' } }];
  await stage.cluster.apply([namespace('issued')]);
  await stage.cluster.apply([namespace('issued-not')]);
  const apply = (to: string, renewal: number) =>
    send(
      'PATCH',
      `/api/v1/namespaces/${to}/secrets/web-tls?fieldManager=cert-manager-certificates-issuing&force=true`,
      certificate(renewal),
      { contentType: 'application/apply-patch+yaml' },
    );
  // What pods refer to is there before production is taken over: they would not start without.
  for (const to of ['issued', 'issued-not']) allowed(t, await apply(to, 1));
  const workloads = [deployment('web', { template: template('web', { volumes }) })];
  await Production.open(stage, 'issued-not', workloads);
  denied(t, await apply('issued-not', 2), 'configuration', words('cert-manager', 1));
  const shop = await Production.open(stage, 'issued', workloads);
  const rotators = ['system:serviceaccount:cert-manager:cert-manager'];
  await shop.relock({ frozen: [{ kind: 'Secret', name: 'web-tls', rotators }] });
  await shop.until('the lock is seen', async () => (await apply('issued', 2)).status === 200);
  // The key of the next certificate waits in a Secret of its own.
  const next = {
    metadata: { generateName: 'web-tls-', labels: { 'cert-manager.io/next-private-key': 'true' } },
    data: { 'tls.key': btoa('next') },
  };
  allowed(t, await send('POST', shop.core('secrets'), next));
  allowed(t, await apply('issued', 3));
  await shop.again('app=web');

  const solver = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'cm-acme-http-solver-',
      labels: {
        'acme.cert-manager.io/http-domain': '1234567890',
        'acme.cert-manager.io/http-token': '987654321',
        'acme.cert-manager.io/http01-solver': 'true',
      },
    },
    spec: {
      automountServiceAccountToken: false,
      restartPolicy: 'OnFailure',
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'acmesolver',
          image: 'quay.io/jetstack/cert-manager-acmesolver:v1.19.1',
          args: ['--listen-port=8089', '--domain=example.com', '--token=a', '--key=b'],
        },
      ],
    },
  };
  denied(t, await send('POST', shop.core('pods'), solver), 'pods', words('cert-manager'));
});

const variable: Json = {
  spec: {
    template: { spec: { containers: [{ name: 'web', env: [{ name: 'STAKATER_WEB_TLS_SECRET', value: '2f5c' }] }] } },
  },
};
const annotation: Json = {
  spec: {
    template: { metadata: { annotations: { 'reloader.stakater.com/last-reloaded-from': '{"type":"SECRET"}' } } },
  },
};
const pause: Json = {
  spec: { paused: true },
  metadata: { annotations: { 'deployment.reloader.stakater.com/paused-at': '2026-11-21T08:00:00Z' } },
};

test('Reloader: marks a template by either strategy where it is named; its pause is refused', async (t) => {
  const send = await actor(stage, 'reloader');
  const mutations = [
    { by: 'reloader', field: 'Env', names: ['STAKATER_*'] },
    { by: 'reloader', field: 'Annotations', names: ['reloader.stakater.com/last-reloaded-from'] },
  ];
  const patch = (shop: Production, body: Json) =>
    send('PATCH', `${shop.apps('Deployment', 'web')}?fieldManager=Reloader`, body, {
      contentType: 'application/strategic-merge-patch+json',
    });
  const plain = await Production.open(stage, 'reloaded-not');
  for (const body of [variable, annotation])
    denied(t, await patch(plain, body), 'workloads', words('Reloader'), JSON.stringify(body));
  const shop = await Production.open(stage, 'reloaded', [deployment('web')], { entry: { mutations } });
  for (const body of [variable, annotation]) allowed(t, await patch(shop, body));
  denied(t, await patch(shop, pause), 'workloads', words('Reloader', 1));
  await shop.until('the pod has both marks', async () =>
    (await shop.pods(1)).some((pod) =>
      ['STAKATER_WEB_TLS_SECRET', 'last-reloaded-from'].every((mark) => JSON.stringify(pod).includes(mark)),
    ),
  );
});
