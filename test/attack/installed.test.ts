import test from 'ava';
import { renderPolicies, type PolicyObject } from '../../operator/admission/index.ts';
import { CONTAINER_FIELDS } from '../../operator/admission/container-fields.ts';
import { POD_FIELDS } from '../../operator/admission/pod-fields.ts';
import { hasMutatingPolicies, isNewest, waitFor } from '../harness/index.ts';
import { allowed, denied } from './assert.ts';
import { Production } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { images, template, type Approved } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openAttack();
});
test.after.always(async () => {
  await stage?.stop();
});

const rendered = renderPolicies({ systemNamespace: 'twinlock-system', mutating: hasMutatingPolicies });
const pathOf = ({ kind, metadata: { name } }: PolicyObject): string => {
  const plural = `${kind.toLowerCase().replace(/y$/, 'ie')}s`;
  return `/apis/admissionregistration.k8s.io/v1/${plural}/${name}`;
};

test('what is installed is what was rendered, to the letter: the API server adds no defaults', async (t) => {
  for (const policy of rendered) {
    const { body } = await stage.admin('GET', pathOf(policy));
    t.deepEqual((body as PolicyObject).spec, policy.spec, `${policy.kind} ${policy.metadata.name}`);
  }
});

test('the API server finds no type error in any expression', async (t) => {
  for (const policy of rendered.filter(({ kind }) => kind === 'ValidatingAdmissionPolicy')) {
    const { typeChecking } = await waitFor(`${policy.metadata.name} is type checked`, async (seen) => {
      const { body } = await stage.admin('GET', pathOf(policy));
      seen(body);
      const { status } = body as {
        readonly status?: { readonly typeChecking?: { readonly expressionWarnings?: unknown } };
      };
      return status?.typeChecking && { typeChecking: status.typeChecking };
    });
    t.deepEqual(typeChecking, {}, policy.metadata.name);
  }
});

/**
 * Every field of Kubernetes 1.36 has been looked at: those of the tables need more than equality, all others are
 * compared as they are. A field that a later version adds is compared too, so nothing slips through; what is to be
 * decided then is whether the API server or a controller fills it in on pods but not on templates.
 */
const SEEN: Readonly<Record<string, { readonly table: object; readonly equal: string }>> = {
  PodSpec: {
    table: POD_FIELDS,
    equal: `activeDeadlineSeconds automountServiceAccountToken ephemeralContainers hostIPC hostNetwork hostPID hostUsers
      hostnameOverride nodeName os resourceClaims restartPolicy runtimeClassName schedulingGates schedulingGroup
      setHostnameAsFQDN shareProcessNamespace terminationGracePeriodSeconds`,
  },
  Container: {
    table: CONTAINER_FIELDS,
    equal: `args command envFrom image lifecycle name resizePolicy restartPolicy restartPolicyRules securityContext stdin
      stdinOnce terminationMessagePath terminationMessagePolicy tty volumeDevices workingDir`,
  },
};

test('no field of pods and containers is unknown to the rules', async (t) => {
  const { body } = await stage.admin('GET', '/openapi/v3/api/v1');
  const { schemas } = (body as { readonly components: { readonly schemas: Json } }).components;
  for (const [type, { table, equal }] of Object.entries(SEEN)) {
    const schema = schemas[`io.k8s.api.core.v1.${type}`] as { readonly properties: Json };
    const known = [...Object.keys(table), ...equal.split(/\s+/)];
    const served = Object.keys(schema.properties).toSorted();
    // An older server does not have all of them.
    const expected = isNewest ? known : known.filter((name) => served.includes(name));
    t.deepEqual(expected.toSorted(), served, type);
  }
});

test('allowed and denied as ever under the largest lock, within the cost that the API server grants', async (t) => {
  const shop = await Production.open(stage, 'largest');
  const live = await shop.read(shop.apps('Deployment', 'web'));
  const [pod] = await shop.pods(1);
  const env = Array.from({ length: 40 }, (_, i) => ({ name: `VARIABLE_${i}`, value: 'x'.repeat(80) }));
  const crowd = Array.from({ length: 3 }, (_, i) => ({ name: `c${i}`, image: images.second, env }));
  // The same labels as the real one, so that every step looks at every entry.
  const strangers: Approved[] = Array.from({ length: 62 }, (_, i) => ({
    kind: 'Deployment',
    name: `other-${i}`,
    role: 'Current',
    spec: { ...live.spec, template: template('web', { containers: crowd }) },
  }));
  await shop.approve([...strangers, { kind: 'Deployment', name: 'web', role: 'Current', spec: live.spec }]);
  const again = await shop.again('app=web');
  t.not(again[0]?.metadata.uid, pod?.metadata.uid);
  allowed(t, await stage.agent('PATCH', shop.apps('Deployment', 'web'), { metadata: { labels: { a: 'b' } } }));
  const path = shop.apps('Deployment', 'web');
  denied(t, await stage.agent('PATCH', path, { spec: { minReadySeconds: 9 } }), 'workloads', /does not match/);
});

test('allowed and denied within the same cost when every entry has mutations, and the pod uses them', async (t) => {
  const shop = await Production.open(stage, 'largest-mutated');
  const live = await shop.read(shop.apps('Deployment', 'web'));
  const [pod] = (await shop.pods(1)) as readonly [Live];
  const fields = ['Env', 'Volumes', 'Labels', 'Annotations', 'ReadinessGates'];
  const names = Array.from({ length: 8 }, (_, i) => `added-${i}.example/*`);
  const mutations: readonly Json[] = [
    ...fields.flatMap((field) => [
      { field, names },
      { field, names: ['ADDED_*', 'added*'] },
    ]),
    ...['Probes', 'Resources', 'Scheduling', 'PodSecurityContext', 'DNS'].map((field) => ({ field })),
  ];
  // The same labels, fields and volumes as the real one, with another image.
  const spec = JSON.parse(JSON.stringify(live.spec).replaceAll(images.first, images.second)) as Json;
  const strangers = Array.from({ length: 62 }, (_, i): Approved => ({
    kind: 'Deployment',
    name: `other-${i}`,
    role: 'Current',
    spec,
    mutations,
  }));
  const own = (['Current', 'Fallback'] as const).map((role): Approved => ({
    kind: 'Deployment',
    name: 'web',
    role,
    spec: live.spec,
    mutations,
  }));
  await shop.approve([...strangers, ...own]);
  const added = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`added.example/${i}`, 'x']));
  const { containers, volumes } = pod.spec as {
    readonly containers: readonly Json[];
    readonly volumes: readonly Json[];
  };
  const { env = [], volumeMounts = [], ...web } = containers[0] as Readonly<Record<string, readonly Json[]>>;
  const sent = (variable: string): Json => ({
    metadata: { name: 'web-again', labels: { ...(pod.metadata['labels'] as Json), ...added }, annotations: added },
    spec: {
      containers: [
        {
          ...web,
          env: [...env, ...Array.from({ length: 40 }, (_, i) => ({ name: `${variable}_${i}`, value: 'x' }))],
          volumeMounts: [
            ...volumeMounts,
            ...Array.from({ length: 6 }, (_, i) => ({ name: `added-${i}`, mountPath: `/var/run/secrets/${i}` })),
          ],
        },
      ],
      volumes: [...volumes, ...Array.from({ length: 6 }, (_, i) => ({ name: `added-${i}`, emptyDir: {} }))],
    },
  });
  const path = `${shop.core('pods')}?dryRun=All`;
  await shop.until('the new lock is seen', async () => (await stage.manager('POST', path, sent('ADDED'))).status < 300);
  allowed(t, await stage.manager('POST', path, sent('ADDED')));
  denied(t, await stage.manager('POST', path, sent('OTHER')), 'pods', /containers differ: web \(env 40 of them\)/);
});
