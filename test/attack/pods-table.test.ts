/**
 * What the API server lets in and what `podDifference` says are one answer, for one change per field that the server's
 * own OpenAPI document knows, with no mutation and with all of them.
 */
import test, { type ExecutionContext } from 'ava';
import { podDifference } from '../../operator/admission/index.ts';
import { isNewest } from '../harness/index.ts';
import {
  CONTAINER_SAMPLES,
  CONTEXT_SAMPLES,
  ENV_SAMPLES,
  POD_CONTEXT_SAMPLES,
  POD_SAMPLES,
  PROJECTION_SAMPLES,
  SIDECAR_SAMPLES,
  VOLUME_SAMPLES,
  sampleOf,
  type PodLike,
  type Samples,
} from './pod-samples.ts';
import { Production } from '../stage/production.ts';
import { openAttack, type Live, type Stage } from '../stage/attack.ts';
import { deployment, images, messageOf, namespace } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';

const mutations = [
  { field: 'Env', names: ['ADDED_*'] },
  { field: 'Volumes', names: ['added*'] },
  ...['Labels', 'Annotations', 'ReadinessGates'].map((field) => ({ field, names: ['added.example/*'] })),
  ...['Probes', 'Resources', 'Scheduling', 'PodSecurityContext', 'DNS'].map((field) => ({ field })),
];

const container = (name: string, also: Json = {}): Json => ({
  name,
  image: images.first,
  env: [{ name: 'MODE', value: 'live' }],
  ports: [{ containerPort: 8080 }],
  resources: { limits: { cpu: '100m', memory: '64Mi' } },
  securityContext: { readOnlyRootFilesystem: true, runAsNonRoot: true },
  readinessProbe: { httpGet: { path: '/ready', port: 8080 } },
  volumeMounts: [{ name: 'config', mountPath: '/etc/app' }],
  ...also,
});
const template = {
  metadata: { labels: { app: 'web' }, annotations: { team: 'checkout' } },
  spec: {
    initContainers: [container('agent', { restartPolicy: 'Always', ports: [] })],
    containers: [container('web'), container('side', { ports: [] })],
    volumes: [
      { name: 'config', configMap: { name: 'config' } },
      { name: 'scratch', emptyDir: {} },
    ],
    securityContext: { runAsNonRoot: true, fsGroup: 2000, supplementalGroups: [3000] },
  },
};

/** One namespace without a lock, whose answers are what is compared, and two with one. */
const NAMES = { plain: 'table-plain', strict: 'table-strict', open: 'table-open' } as const;
type Where = 'strict' | 'open';

let stage: Stage;
let sent: PodLike;
let approved: Readonly<Record<Where, readonly Json[]>>;

test.before(async () => {
  stage = await openAttack();
  await stage.cluster.apply([
    ...Object.values(NAMES).flatMap((name) => [
      namespace(name),
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'other', namespace: name } },
    ]),
    { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'usual' }, value: 1000 },
    { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'sandboxed' }, handler: 'sandboxed' },
  ]);
  const web = deployment('web', { template });
  const shops = {
    strict: await Production.open(stage, NAMES.strict, [web]),
    open: await Production.open(stage, NAMES.open, [web], { entry: { mutations } }),
  };
  const entries = async (where: Where): Promise<readonly Json[]> =>
    (await shops[where].read(shops[where].own('workloadlocks', 'lock'))).spec['approved'] as readonly Json[];
  approved = { strict: await entries('strict'), open: await entries('open') };
  const [live] = (await shops.strict.pods(1)) as readonly [Live];
  // As its controller sends it: without what admission adds.
  const { labels, annotations } = live.metadata;
  sent = { metadata: { name: 'web-again', labels, annotations }, spec: template.spec as unknown as PodLike['spec'] };
});
test.after.always(async () => {
  await stage?.stop();
});

interface Verdict {
  /** What the API server would store, where nobody locks it; undefined when it takes no such pod. */
  readonly stored: unknown;
  readonly refusals: Readonly<Record<Where, string | undefined>>;
}

/** Sends the pod everywhere and checks that the server and the comparison agree. */
async function judge(t: ExecutionContext, what: string, pod: PodLike): Promise<Verdict> {
  const send = (where: keyof typeof NAMES) =>
    stage.manager('POST', `/api/v1/namespaces/${NAMES[where]}/pods?dryRun=All`, pod);
  const plain = await send('plain');
  if (plain.status >= 300) return { stored: undefined, refusals: { strict: messageOf(plain), open: messageOf(plain) } };
  const of = async (where: Where): Promise<string | undefined> => {
    const answer = await send(where);
    const said = podDifference(plain.body, approved[where]);
    const refused = answer.status < 300 ? undefined : messageOf(answer);
    t.is(said === undefined, refused === undefined, `${what}, ${where}: server ${refused}, comparison ${said}`);
    if (refused !== undefined)
      t.true(
        refused.includes(`'twinlock-pods'`) && words(refused) === words(said ?? ''),
        `${what}: ${refused}; not ${said}`,
      );
    return refused;
  };
  return { stored: plain.body, refusals: { strict: await of('strict'), open: await of('open') } };
}

const withSpec = (spec: Json): PodLike => ({ ...sent, spec: { ...sent.spec, ...spec } });
const inContainer =
  (lists: 'containers' | 'initContainers', index: number) =>
  (change: Json): PodLike =>
    withSpec({ [lists]: sent.spec[lists].map((one, at) => (at === index ? { ...one, ...change } : one)) });

interface Table {
  /** Name of the schema in the OpenAPI document. */
  readonly type: string;
  readonly samples: Samples;
  /** What the change of a field is put into. */
  readonly before: () => Json;
  readonly change: (fields: Json) => PodLike;
  /** Fields that may differ without a mutation, and why. */
  readonly strict: Readonly<Record<string, string>>;
  /** Fields that may differ with all mutations, beside those. */
  readonly open: readonly string[];
}

const web = inContainer('containers', 0);
const webBefore = (): Json => sent.spec.containers[0] as Json;
const token = { serviceAccountToken: { audience: 'cloud.example', path: 'token' } };
const containerRules = { strict: {}, open: ['resources'] } as const;
const TABLES: readonly (readonly [what: string, table: Table])[] = [
  [
    'the pod',
    {
      type: 'PodSpec',
      samples: POD_SAMPLES,
      before: () => sent.spec,
      change: withSpec,
      strict: {
        imagePullSecrets: "the service account's are filled in where the template has none",
        priorityClassName: "a cluster's default class is filled in where the template has none",
        resources: 'a LimitRange fills in what the template leaves out',
      },
      open: [
        'affinity',
        'nodeSelector',
        'schedulerName',
        'tolerations',
        'topologySpreadConstraints',
        'dnsConfig',
        'dnsPolicy',
        'hostAliases',
      ],
    },
  ],
  ['a container', { ...containerRules, type: 'Container', samples: CONTAINER_SAMPLES, before: webBefore, change: web }],
  [
    'the second container',
    {
      ...containerRules,
      type: 'Container',
      samples: CONTAINER_SAMPLES,
      before: () => sent.spec.containers[1] as Json,
      change: inContainer('containers', 1),
    },
  ],
  [
    'an init container',
    {
      ...containerRules,
      type: 'Container',
      samples: SIDECAR_SAMPLES,
      before: () => sent.spec.initContainers[0] as Json,
      change: inContainer('initContainers', 0),
    },
  ],
  [
    "the pod's security context",
    {
      type: 'PodSecurityContext',
      samples: POD_CONTEXT_SAMPLES,
      before: () => sent.spec['securityContext'] as Json,
      change: (fields) => withSpec({ securityContext: { ...(sent.spec['securityContext'] as Json), ...fields } }),
      strict: {},
      open: ['fsGroupChangePolicy'],
    },
  ],
  [
    "a container's security context",
    {
      type: 'SecurityContext',
      samples: CONTEXT_SAMPLES,
      before: () => webBefore()['securityContext'] as Json,
      change: (fields) => web({ securityContext: { ...(webBefore()['securityContext'] as Json), ...fields } }),
      strict: {},
      open: [],
    },
  ],
  [
    'a volume that is added and mounted',
    {
      type: 'Volume',
      samples: VOLUME_SAMPLES,
      before: () => ({}),
      change: (fields) => mounting({ name: 'added', ...fields }),
      strict: {},
      open: ['configMap', 'downwardAPI', 'emptyDir', 'projected'],
    },
  ],
  [
    'a source of an added projected volume',
    {
      type: 'VolumeProjection',
      samples: PROJECTION_SAMPLES,
      before: () => ({}),
      change: (fields) => mounting({ name: 'added', projected: { sources: [token, fields] } }),
      strict: {},
      // Off by default: a bundle or a certificate arrives as a source without content, which is refused.
      open: ['configMap', 'downwardAPI'],
    },
  ],
  [
    'a source of an added variable',
    {
      type: 'EnvVarSource',
      samples: ENV_SAMPLES,
      before: () => ({}),
      change: (fields) =>
        web({ env: [...(webBefore()['env'] as readonly Json[]), { name: 'ADDED_X', valueFrom: fields }] }),
      strict: {},
      open: ['fieldRef', 'resourceFieldRef'],
    },
  ],
];

function mounting(volume: Json): PodLike {
  const mounts = webBefore()['volumeMounts'] as readonly Json[];
  const { metadata, spec } = web({ volumeMounts: [...mounts, { name: 'added', mountPath: '/var/run/secrets/x' }] });
  return { metadata, spec: { ...spec, volumes: [...spec.volumes, volume] } };
}

test('the approved pod itself is let in everywhere', async (t) => {
  t.deepEqual((await judge(t, 'unchanged', sent)).refusals, { strict: undefined, open: undefined });
});

for (const [what, { type, samples, before, change, strict, open }] of TABLES)
  test(`denied: another value in any field of ${what}, unless a rule lets it; server and comparison agree`, async (t) => {
    const { body } = await stage.admin('GET', '/openapi/v3/api/v1');
    const { schemas } = (body as { readonly components: { readonly schemas: Json } }).components;
    const { properties } = schemas[`io.k8s.api.core.v1.${type}`] as { readonly properties: Json };
    const served = Object.entries(samples).filter(([field]) => isNewest || field in properties);
    t.deepEqual(
      served.map(([field]) => field).toSorted(),
      Object.keys(properties).toSorted(),
      `every field of ${type}, and no other`,
    );
    const unchanged = JSON.stringify(comparable((await judge(t, 'unchanged', sent)).stored));
    for (const [field, sample] of served) {
      const { fate, fields } = sampleOf(field, sample);
      const { stored, refusals } = await judge(t, `${what}: ${field}`, change(fields(before())));
      const same = JSON.stringify(comparable(stored)) === unchanged;
      const found = stored === undefined ? 'Refused' : same ? 'Dropped' : 'Stored';
      // What an older server refuses or drops reaches no pod.
      if (isNewest || found === 'Stored')
        t.is(found, fate, `${what}: ${field}, where nothing is locked: ${refusals.strict}`);
      if (found !== 'Stored') continue;
      t.is(refusals.strict === undefined, field in strict, `${what}: ${field}, no mutation: ${refusals.strict}`);
      const lets = field in strict || open.includes(field);
      t.is(refusals.open === undefined, lets, `${what}: ${field}, all mutations: ${refusals.open}`);
    }
  });

/** Keys of a map come in any order. */
function words(message: string): string {
  const [, said = message] = /approved content \((.*)\);/.exec(message) ?? [];
  return said
    .split(/[ ,()]+/)
    .toSorted()
    .join(' ');
}

/** Without what is another one in every answer. */
function comparable(stored: unknown): unknown {
  const text = JSON.stringify((stored as PodLike | undefined)?.spec ?? {});
  return JSON.parse(text.replaceAll(/kube-api-access-\w+/g, 'kube-api-access')) as unknown;
}
