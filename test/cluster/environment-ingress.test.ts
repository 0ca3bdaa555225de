/** Environments behind an Ingress of their own, and the certificates that it is to have: given, or cert-manager's. */
import anyTest, { type TestFn } from 'ava';
import type { Ingress } from '../../operator/kube/index.ts';
import { systemClock, type Clock } from '../../operator/kube/index.ts';
import { certManagerCRDs, waitFor } from '../harness/index.ts';
import { newAuthority, newCertificate, type KeyPair } from '../harness/pki.ts';
import { own } from '../stage/objects.ts';
import {
  bringUp,
  condition,
  environment,
  image,
  isReady,
  list,
  openEnvironments,
  read,
  runPods,
  untilStatus,
  type Object_,
  type Stage,
} from '../stage/environments.ts';
import type { Json } from '../stage/stage.ts';

const test = anyTest as TestFn<{
  readonly stage: Stage;
  readonly time: { ahead: number };
  readonly authority: KeyPair;
}>;

const domain = 'twins.example';
const ingress = { className: 'edge', annotations: [{ name: 'edge.example/body-size', value: '0' }] };
const classWith = (name: string, exposure: Json): object =>
  own('TwinClass', name, { exposure: { domain, ...exposure } });

test.before(async (t) => {
  const stage = await openEnvironments({ testFile: import.meta.filename });
  const time = { ahead: 0 };
  // Originals are looked at again after a while, and kinds that were not served: the process is told that it has passed.
  const clock: Clock = {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() + time.ahead,
    setTimer: (ms, callback) => systemClock.setTimer(Math.min(ms, 500), callback),
  };
  await stage.cluster.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'edge' } },
    classWith('ingress', { ingress }),
    classWith('given', { scheme: 'https', ingress, tls: { secretRef: { namespace: 'edge', name: 'wildcard' } } }),
    classWith('issued', { scheme: 'https', ingress: {}, tls: { clusterIssuer: 'letsencrypt' } }),
  ]);
  await stage.startProcess({}, { clock });
  t.context = { stage, time, authority: await newAuthority('ca') };
});
test.after.always((t) => t.context.stage?.stop());

const spec = (className: string): Json => ({
  classRef: { name: className },
  workloads: [{ name: 'web', image, port: 8080 }],
});
const ingressesOf = (stage: Stage, namespace: string): Promise<readonly (Object_ & Ingress)[]> =>
  list(stage, `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses`);

/** Waits for a reason of `Exposed`, with the pods running. */
async function exposedFor(stage: Stage, name: string, words: RegExp) {
  const { namespace = '' } = await untilStatus(stage, name, (seen) => seen.namespace !== undefined);
  const status = await waitFor(
    `${name} says ${String(words)}`,
    async (seen) => {
      await runPods(stage, namespace);
      const { status } = await read<{ status: Parameters<typeof condition>[0] }>(
        stage,
        `/apis/twinlock.dev/v1alpha1/namespaces/shop-dev/twinenvironments/${name}`,
      );
      const { message, reason } = condition(status, 'Exposed');
      seen(`${reason}: ${message}`);
      return words.test(message) ? status : undefined;
    },
    { timeout: 60_000 },
  );
  return { namespace, status };
}

test('an Ingress leads the hosts of an environment to its boundary, comes back, and goes with the class', async (t) => {
  const { stage } = t.context;
  const { namespace = '', url } = await bringUp(stage, 'plain', spec('ingress'));
  t.is(url, `http://${namespace}.${domain}`);
  const [made, ...others] = await ingressesOf(stage, namespace);
  t.deepEqual(others, []);
  t.is(made?.spec?.ingressClassName, 'edge');
  t.is(made?.metadata.annotations?.['edge.example/body-size'], '0');
  t.deepEqual(
    made?.spec?.rules?.map(({ host, http }) => [host, http?.paths[0]?.backend.service?.name]),
    [`${namespace}.${domain}`, `web--${namespace}.${domain}`].map((host) => [host, 'twinlock-boundary']),
  );
  t.is(made?.spec?.tls, undefined);

  const path = `/apis/networking.k8s.io/v1/namespaces/${namespace}/ingresses/twinlock-boundary`;
  // What a controller writes into the status is none of ours.
  const addresses = { status: { loadBalancer: { ingress: [{ ip: '203.0.113.7' }] } } };
  await stage.audit.next();
  await stage.cluster.request('PATCH', `${path}/status`, {
    contentType: 'application/merge-patch+json',
    body: addresses,
  });
  await stage.cluster.request('PATCH', path, {
    contentType: 'application/merge-patch+json',
    body: { metadata: { annotations: { 'edge.example/seen': 'yes' } } },
  });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const sent = (await stage.audit.next()).filter(({ objectRef }) => objectRef?.namespace === namespace);
  t.deepEqual(sent, [], 'a converged environment costs no request');
  await stage.cluster.request('DELETE', path);
  await waitFor('it to come back', async () => {
    const [again] = await ingressesOf(stage, namespace);
    return again !== undefined && again.metadata.uid !== made?.metadata.uid;
  });
  await stage.cluster.apply([environment('plain', { ...spec('ingress'), classRef: { name: 'default' } })]);
  await waitFor('it to go', async () => (await ingressesOf(stage, namespace)).length === 0);
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const wildcard = ({ certificate, key }: KeyPair, type = 'kubernetes.io/tls'): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'wildcard', namespace: 'edge' },
  type,
  data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
});
interface Held extends Object_ {
  readonly type: string;
  readonly data: Readonly<Record<string, string>>;
}

test('a given certificate: what is wrong with it is said, and it follows when it is renewed', async (t) => {
  const { stage, time, authority } = t.context;
  await stage.cluster.apply([environment('given', spec('given'))]);
  const { namespace, status } = await exposedFor(
    stage,
    'given',
    /Secret edge\/wildcard, the class's certificate .* may not be read; .*kubectl create rolebinding twinlock-environment-source -n edge/,
  );
  t.like(condition(status, 'Exposed'), { status: 'False', reason: 'NoCertificate' });
  t.like(condition(status, 'Ready'), { status: 'False', reason: 'NoCertificate' });
  t.is(status.url, `https://${namespace}.${domain}`, 'never a silent http');
  await stage.cluster.apply([
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'twinlock-environment-source', namespace: 'edge' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'twinlock-environment-source' },
      subjects: [{ kind: 'ServiceAccount', name: 'twinlock-environments', namespace: 'twinlock-system' }],
    },
  ]);
  time.ahead += 61_000;
  await exposedFor(stage, 'given', /is not there: create it$/);
  const other = await newCertificate(authority, { name: 'other', altNames: ['DNS:*.other.example'] });
  await stage.cluster.apply([wildcard(other)]);
  time.ahead += 61_000;
  await exposedFor(stage, 'given', /is not for .*\.twins\.example: it has to name \*\.<domain> of the class$/);

  const right = await newCertificate(authority, { name: 'twins', altNames: ['DNS:*.twins.example'] });
  await stage.cluster.apply([wildcard(right)]);
  time.ahead += 61_000;
  const ready = await untilStatus(stage, 'given', isReady);
  t.deepEqual(ready.copied, [{ kind: 'Secret', name: 'twinlock-tls' }]);
  const copy = await read<Held>(stage, `/api/v1/namespaces/${namespace}/secrets/twinlock-tls`);
  t.like(copy, { type: 'kubernetes.io/tls', data: { 'tls.crt': base64(right.certificate) } });
  const [made] = await ingressesOf(stage, namespace);
  t.deepEqual(made?.spec?.tls, [
    { hosts: [`${namespace}.${domain}`, `web--${namespace}.${domain}`], secretName: 'twinlock-tls' },
  ]);

  const renewed = await newCertificate(authority, { name: 'twins', altNames: ['DNS:*.twins.example'] });
  await stage.cluster.apply([wildcard(renewed)]);
  time.ahead += 3_601_000;
  await waitFor('the copy to follow', async () => {
    const { data } = await read<Held>(stage, `/api/v1/namespaces/${namespace}/secrets/twinlock-tls`);
    return data['tls.crt'] === base64(renewed.certificate);
  });
  const told = JSON.stringify([
    await list(stage, '/apis/events.k8s.io/v1/namespaces/shop-dev/events'),
    await untilStatus(stage, 'given', isReady),
  ]);
  for (const { key } of [right, renewed]) t.false(told.includes(base64(key).slice(0, 60)));
});

test('a certificate of cert-manager: none of it, not made, not ready, for other hosts, ready', async (t) => {
  const { stage } = t.context;
  await stage.cluster.apply([environment('issued', spec('issued'))]);
  const { namespace, status } = await exposedFor(
    stage,
    'issued',
    /needs cert-manager, which this cluster does not have/,
  );
  t.like(condition(status, 'Exposed'), { status: 'False', reason: 'NoCertificate' });
  const [made] = await ingressesOf(stage, namespace);
  t.is(made?.metadata.annotations?.['cert-manager.io/cluster-issuer'], 'letsencrypt');

  const crds = await certManagerCRDs();
  await stage.cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: crds.join('\n---\n') });
  await exposedFor(
    stage,
    'issued',
    /has not taken up the Ingress: it makes the Certificate twinlock-tls by ClusterIssuer/,
  );
  // What cert-manager's ingress-shim makes of the Ingress (pkg/controller/certificate-shim, buildCertificates).
  const [tls] = made?.spec?.tls ?? [];
  const certificate = (dnsNames: readonly string[] = []): object => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: tls?.secretName, namespace, labels: made?.metadata.labels },
    spec: {
      dnsNames,
      secretName: tls?.secretName,
      issuerRef: { name: 'letsencrypt', kind: 'ClusterIssuer', group: 'cert-manager.io' },
    },
  });
  const path = `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates/twinlock-tls`;
  const says = async (status: 'True' | 'False', reason: string, message: string): Promise<void> => {
    const { metadata } = await read<Object_>(stage, path);
    const lastTransitionTime = '2026-11-28T00:00:00Z';
    const ready = {
      type: 'Ready',
      status,
      reason,
      message,
      lastTransitionTime,
      observedGeneration: metadata.generation,
    };
    await stage.cluster.request('PATCH', `${path}/status`, {
      contentType: 'application/merge-patch+json',
      body: { status: { conditions: [ready] } },
    });
  };
  await stage.cluster.apply([certificate(tls?.hosts?.slice(0, 1))]);
  await exposedFor(stage, 'issued', /does not name web--.* yet$/);
  await stage.cluster.apply([certificate(tls?.hosts)]);
  await exposedFor(stage, 'issued', /is not ready: cert-manager says nothing of it yet$/);
  await says('False', 'DoesNotExist', 'Issuing certificate as Secret does not exist');
  await exposedFor(
    stage,
    'issued',
    /ClusterIssuer letsencrypt is not ready: Issuing certificate as Secret does not exist$/,
  );
  await says('True', 'Ready', 'Certificate is up to date and has not expired');
  const ready = await untilStatus(stage, 'issued', isReady);
  t.is(ready.url, `https://${namespace}.${domain}`);
  t.is(ready.copied, undefined);
});

test('an author cannot have the key of a certificate', async (t) => {
  const { stage } = t.context;
  const template = {
    spec: {
      containers: [{ name: 'web', image }],
      volumes: [{ name: 'tls', secret: { secretName: 'twinlock-tls' } }],
    },
  };
  const thief = { ...spec('given'), workloads: [{ name: 'web', template, port: 8080 }] };
  await stage.cluster.apply([environment('thief', thief)]);
  const status = await untilStatus(stage, 'thief', (seen) => condition(seen, 'Ready').reason === 'CertificateRefused');
  t.is(status.namespace, undefined);
});
