import { Agent } from 'node:http';
import { Storage } from '@google-cloud/storage';
import test from 'ava';
import { createTransport } from 'nodemailer';
import { Stripe } from 'stripe';
import { get, installTwinlock, prepare } from '../demo/index.ts';
import { waitFor } from '../harness/index.ts';
import { environmentsNamespace, removeEnvironmentsNamespace } from './support/namespace.ts';
import { portForward } from './support/port-forward.ts';
import { readyEnvironment } from './support/ready.ts';
import { watchingStatuses } from './support/statuses.ts';
import type { Story } from '../demo/index.ts';

const namespace = 'vendor-twins';
/** The front door knows no domain: a class may have one of its own. */
const twinClass = {
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'TwinClass',
  metadata: { name: 'vendors' },
  spec: {
    namespaceSelector: { matchLabels: { 'twinlock.dev/environments': 'true' } },
    exposure: { domain: 'vendors.localhost' },
  },
};
const environment = {
  apiVersion: 'twinlock.dev/v1alpha1',
  kind: 'TwinEnvironment',
  metadata: { name: 'vendors', namespace },
  spec: {
    classRef: { name: 'vendors' },
    services: [
      { name: 'stripe', expose: 'Host' },
      { name: 'gcs', state: { persistence: 'Durable', size: '64Mi' } },
      { name: 'smtp', expose: 'None' },
    ],
  },
};

const watch = watchingStatuses(test);
let story: Story;
let inside: string;

test.before('one environment with every twin of the catalogue', async (t) => {
  t.timeout(20 * 60_000, 'the cluster and the images are built on the first run');
  story = await prepare('vendor-twins', (line) => t.log(line), { clean: false });
  await installTwinlock(story);
  await watch(story.cluster);
  const { cluster } = story;
  await environmentsNamespace(cluster, namespace);
  await cluster.apply([twinClass, environment]);
  inside = await readyEnvironment(cluster, namespace, 'vendors');
});

test.after.always('its environment is removed', async () => {
  if (!story) return;
  await removeEnvironmentsNamespace(story.cluster, namespace);
  await story.cluster.request('DELETE', '/apis/twinlock.dev/v1alpha1/twinclasses/vendors');
});

test("Stripe's own SDK reaches stripe-mock through the front door, by the twin's host", async (t) => {
  const [, port] = story.cluster.hostPort(30080).split(':');
  // Names below localhost are this machine's, whatever its resolver thinks of them.
  const lookup = ((_name, _options, callback) =>
    callback(null, [{ address: '127.0.0.1', family: 4 }])) satisfies Lookup;
  const stripe = new Stripe('sk_test_twin', {
    protocol: 'http',
    host: `stripe--${inside}.vendors.localhost`,
    port: Number(port),
    httpAgent: new Agent({ lookup }),
    maxNetworkRetries: 0,
  });
  const customer = await stripe.customers.create({ email: 'buyer@shop.example' });
  t.regex(customer.id, /^cus_/);
  t.truthy(customer.lastResponse.headers['stripe-mock-version'], 'stripe-mock names itself');
});

test("Google's own SDK keeps an object in fake-gcs-server, and it outlives the pod", async (t) => {
  t.timeout(120_000);
  const text = 'a receipt';
  {
    await using gcs = await portForward(story.cluster, inside, 'service/gcs', 4443);
    const bucket = (await storage(gcs.port).createBucket('receipts'))[0];
    await bucket.file('one.txt').save(text, { resumable: false });
  }
  await story.cluster.kubectl(['delete', 'pod', '-n', inside, '-l', 'twinlock.dev/component=gcs', '--wait']);
  await story.cluster.kubectl(['rollout', 'status', 'deployment/gcs', '-n', inside, '--timeout=60s']);
  await using gcs = await portForward(story.cluster, inside, 'service/gcs', 4443);
  const [content] = await storage(gcs.port).bucket('receipts').file('one.txt').download();
  t.is(content.toString(), text);
});

test('nodemailer sends to maildev, whose API shows the mail within the namespace only', async (t) => {
  t.timeout(60_000);
  await using smtp = await portForward(story.cluster, inside, 'service/smtp', 1025);
  const transport = createTransport({ host: '127.0.0.1', port: smtp.port, ignoreTLS: true });
  await transport.sendMail({ from: 'shop@shop.example', to: 'buyer@shop.example', subject: 'Thanks', text: 'Enjoy.' });
  transport.close();

  await using admin = await portForward(story.cluster, inside, 'deployment/smtp', 1080);
  const mails = (await (await fetch(`http://127.0.0.1:${admin.port}/email`)).json()) as readonly { subject: string }[];
  t.deepEqual(
    mails.map(({ subject }) => subject),
    ['Thanks'],
  );

  const outside = `http://smtp--${inside}.vendors.localhost:${story.cluster.hostPort(30080).split(':')[1]}/email`;
  t.is((await get(outside)).status, 404, 'the front door does not lead to it');
});

test('what the kubelet tells in Events only stands in the condition: a probe that fails, a Secret that is not there', async (t) => {
  t.timeout(180_000);
  const { cluster, images } = story;
  const image = images.storefront.v1;
  const volumes = [{ name: 'tls', secret: { secretName: 'web-tls' } }];
  const mounts = [{ name: 'tls', mountPath: '/tls' }];
  const container = {
    name: 'mounting',
    image,
    volumeMounts: mounts,
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const restricted = { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } };
  const mounting = { volumes, securityContext: restricted, containers: [container] };
  await cluster.apply([
    {
      ...environment,
      metadata: { name: 'silent', namespace },
      spec: {
        workloads: [
          { name: 'unready', image, port: 8080, healthPath: '/nowhere' },
          { name: 'mounting', template: { spec: mounting }, expose: 'None' },
        ],
      },
    },
  ]);
  const path = `/apis/twinlock.dev/v1alpha1/namespaces/${namespace}/twinenvironments/silent`;
  for (const words of [
    /unready .*Unhealthy: Readiness probe failed: HTTP probe failed with statuscode: 404/,
    /mounting .*FailedMount: MountVolume\.SetUp failed for volume "tls" : secret "web-tls" not found/,
  ])
    await waitFor(
      `the condition to say ${words}`,
      async (seen) => {
        const { body } = await cluster.request('GET', path);
        const { status } = body as { readonly status?: { readonly conditions?: readonly Condition[] } };
        const message = status?.conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
        seen(message);
        return words.test(message);
      },
      { timeout: 90_000 },
    );
  t.is((await cluster.request('DELETE', path)).status, 200);
});

test('Ready means reached: an app that listens on another port than it says is told so, and is Ready once it says it', async (t) => {
  t.timeout(180_000);
  const { cluster, images } = story;
  const app = (port: number): object => {
    const container = {
      name: 'web',
      image: images.storefront.v1,
      // Its own probe, which says nothing of the port that the environment leads to.
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    };
    const restricted = { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } };
    const template = { spec: { securityContext: restricted, containers: [container] } };
    const spec = { workloads: [{ name: 'web', template, port }], boundary: { auth: 'Token' } };
    return { ...environment, metadata: { name: 'elsewhere', namespace }, spec };
  };
  const path = `/apis/twinlock.dev/v1alpha1/namespaces/${namespace}/twinenvironments/elsewhere`;
  const until = (type: string, holds: (condition: Condition) => boolean) =>
    waitFor(
      `${type} to be told`,
      async (seen) => {
        const { status } = (await cluster.request('GET', path)).body as { status?: { conditions?: Condition[] } };
        seen(status);
        return status?.conditions?.some((each) => each.type === type && holds(each));
      },
      { timeout: 90_000 },
    );
  await cluster.apply([app(9090)]);
  await until(
    'Ready',
    ({ status, message }) =>
      status === 'False' &&
      /^web:9090 is not reached through the boundary, which answers 502: dial tcp \S+:9090: connect: connection refused$/.test(
        message,
      ),
  );
  await cluster.apply([app(8080)]);
  await until('Ready', ({ status }) => status === 'True');
  await until('Exposed', ({ status, reason }) => status === 'True' && reason === 'BoundaryReady');
  t.is((await cluster.request('DELETE', path)).status, 200);
});

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

type Lookup = (
  name: string,
  options: object,
  callback: (error: null, addresses: { address: string; family: number }[]) => void,
) => void;

function storage(port: number): Storage {
  return new Storage({ apiEndpoint: `http://127.0.0.1:${port}`, projectId: 'shop', useAuthWithCustomEndpoint: false });
}
