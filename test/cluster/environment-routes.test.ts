/** Environments behind a Gateway: the API as its project ships it, before and after it is installed, and what controllers say. */
import test from 'ava';
import { systemClock, type Clock, type KubeObject } from '../../operator/kube/index.ts';
import { gatewayCRDs, waitFor } from '../harness/index.ts';
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

let stage: Stage;

test.before(async () => {
  stage = await openEnvironments({ testFile: import.meta.filename });
  // A kind that was not served is asked for again after ten minutes: here after half a second.
  const clock: Clock = {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic(),
    setTimer: (ms, callback) => systemClock.setTimer(Math.min(ms, 500), callback),
  };
  const parentRefs = [{ namespace: 'edge', name: 'shared' }];
  await stage.cluster.apply([
    own('TwinClass', 'routed', { exposure: { domain: 'twins.example', gateway: { parentRefs } } }),
  ]);
  await stage.startProcess({}, { clock });
});
test.after.always(() => stage?.stop());

const spec: Json = { classRef: { name: 'routed' }, workloads: [{ name: 'web', image, port: 8080 }] };
interface Route extends Object_ {
  readonly spec: { readonly hostnames: readonly string[]; readonly parentRefs: readonly object[] };
}
const routesOf = (namespace: string): Promise<readonly Route[]> =>
  list(stage, `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes`);

/** Waits until `Exposed` says so, with the pods running. */
async function exposedFor(name: string, namespace: string, words: RegExp): Promise<void> {
  await waitFor(
    `${name} says ${String(words)}`,
    async (seen) => {
      await runPods(stage, namespace);
      const { status } = await read<KubeObject & { status: Parameters<typeof condition>[0] }>(
        stage,
        `/apis/twinlock.dev/v1alpha1/namespaces/shop-dev/twinenvironments/${name}`,
      );
      const { status: holds, reason, message } = condition(status, 'Exposed');
      seen(`${holds} ${reason}: ${message}`);
      return words.test(`${holds} ${reason}: ${message}`);
    },
    { timeout: 90_000 },
  );
}

/** What the controller of the Gateway writes. */
async function says(
  namespace: string,
  accepted: readonly [string, string, string],
  generation?: number,
): Promise<void> {
  const [route] = await routesOf(namespace);
  const said = (type: string, [status, reason, message]: readonly [string, string, string]) => ({
    type,
    status,
    reason,
    message,
    observedGeneration: generation ?? route?.metadata.generation,
    lastTransitionTime: '2026-11-28T00:00:00Z',
  });
  const conditions = [said('Accepted', accepted), said('ResolvedRefs', ['True', 'ResolvedRefs', ''])];
  const [parentRef] = route?.spec.parentRefs ?? [];
  const { status } = await stage.cluster.request(
    'PATCH',
    `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes/twinlock-boundary/status`,
    {
      contentType: 'application/merge-patch+json',
      body: { status: { parents: [{ parentRef, controllerName: 'edge.example/gateway', conditions }] } },
    },
  );
  if (status !== 200) throw new Error(`the status was answered with ${status}`);
}

test('without the Gateway API it is said, and others go on; with it, what its controller says', async (t) => {
  await stage.cluster.apply([environment('routed', spec)]);
  const { namespace = '' } = await untilStatus(stage, 'routed', (seen) => seen.namespace !== undefined);
  await exposedFor('routed', namespace, /^False NoGatewayAPI: .*install the Gateway API/);
  const asked = await stage.audit.next();
  t.deepEqual(
    asked.filter(({ verb, objectRef }) => verb === 'patch' && objectRef?.resource === 'httproutes'),
    [],
  );
  t.true(isReady(await bringUp(stage, 'other', { ...spec, classRef: { name: 'default' } })));

  const crds = await gatewayCRDs();
  await stage.cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: crds.join('\n---\n') });
  await exposedFor('routed', namespace, /^False RouteNotAccepted: .*Gateway edge\/shared: no controller has answered/);
  const [route, ...more] = await routesOf(namespace);
  t.deepEqual(more, []);
  t.deepEqual(
    route?.spec.hostnames,
    ['', 'web--'].map((part) => `${part}${namespace}.twins.example`),
  );
  await says(namespace, ['False', 'NotAllowedByListeners', 'the listener takes no routes of this namespace']);
  await exposedFor(
    'routed',
    namespace,
    /Accepted is False \(NotAllowedByListeners\): the listener takes no routes of this/,
  );
  await says(namespace, ['True', 'Accepted', ''], 0);
  await exposedFor('routed', namespace, /has not looked at its hosts of today yet/);
  await says(namespace, ['True', 'Accepted', '']);
  t.true(isReady(await untilStatus(stage, 'routed', isReady)));

  await stage.audit.next();
  await says(namespace, ['True', 'Accepted', 'again']);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const sent = (await stage.audit.next()).filter(({ objectRef }) => objectRef?.namespace === namespace);
  t.deepEqual(sent, [], 'a converged environment costs no request');

  await stage.cluster.request(
    'DELETE',
    `/apis/gateway.networking.k8s.io/v1/namespaces/${namespace}/httproutes/twinlock-boundary`,
  );
  await exposedFor('routed', namespace, /^False RouteNotAccepted: .*no controller has answered/);
  t.not((await routesOf(namespace))[0]?.metadata.uid, route?.metadata.uid);
  await stage.cluster.apply([environment('routed', { ...spec, classRef: { name: 'default' } })]);
  await waitFor('the route to go', async () => (await routesOf(namespace)).length === 0);
});
