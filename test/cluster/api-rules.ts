/** For every rule over several fields, a sample changed so that it breaks this rule, and the words of the refusal. */
import type { Path } from './api-fields.ts';

export interface Breach {
  /** Name of the sample. */
  readonly sample: string;
  readonly kind: string;
  readonly changes: readonly (readonly [Path, unknown])[];
  /** Field that the refusal names. */
  readonly field: string;
  readonly message: string;
}

const digest = `sha256:${'a'.repeat(64)}`;
const image = `registry.example/shop/web@${digest}`;
const key = 'ssh-ed25519 AAAAC3Nz';

const breaches =
  (kind: string, sample: string) =>
  (field: string, message: string, ...changes: readonly (readonly [Path, unknown])[]): Breach => ({
    kind,
    sample,
    field,
    message,
    changes,
  });

const environment = breaches('TwinEnvironment', 'pr-42');
const web = (field: string): Path => ['spec', 'workloads', 0, field];
const worker = (...path: Path): Path => ['spec', 'workloads', 1, ...path];
const database = (field: string): Path => ['spec', 'workloads', 2, field];
const job = (field: string): Path => ['spec', 'workloads', 3, field];
const stripe = (field: string): Path => ['spec', 'services', 0, field];
const mail = (field: string): Path => ['spec', 'services', 1, field];
const pubsub = (...path: Path): Path => ['spec', 'services', 2, ...path];
const search = (field: string): Path => ['spec', 'services', 3, field];

const record = (sample: string) => breaches('PromotionRecord', sample);
const target = breaches('ProductionTarget', 'web');
const approvalPolicy = breaches('ApprovalPolicy', 'default');
const twinClass = breaches('TwinClass', 'sample');
const askingClass = breaches('TwinClass', 'asking');
const vendorTwin = breaches('VendorTwin', 'stripe');
const writer =
  'write a user, or what users of nodes start with, e.g. system:ovn-node:*; a service account by its whole name';
const destination = 'write exactly one of cidr and namespace';
const network = 'write a network whose address and length exist, such as 203.0.113.0/24';

const adminPath =
  "write a path such as /_internal/config: letters, digits and '-', '.', '_', '~', '@', ':', '!', '$', no slash at the end; to keep everything inside, write expose: None";
const shared =
  "adminPort must differ from the vendor's ports: a shared port would expose the admin API; name its paths in adminPaths instead";
const inside = 'what is not HTTP is reached inside the environment only: write expose: None';

export const breachedRules: readonly Breach[] = [
  environment('spec.workloads[0]', 'write exactly one of image and template', [web('image'), undefined]),
  environment('spec.workloads[1]', 'write exactly one of image and template', [worker('image'), image]),
  environment(
    'spec.workloads[1]',
    'write args, env and what it takes of ConfigMaps in the template, or use image instead of template',
    [worker('args'), ['run']],
  ),
  environment('spec.workloads[0].configMaps', 'give each ConfigMap a directory of its own', [
    [...web('configMaps'), 1, 'path'],
    '/etc/app',
  ]),
  environment('spec.workloads[0].configMaps[0].path', 'write the path without . and ..', [
    [...web('configMaps'), 0, 'path'],
    '/etc/../app',
  ]),
  environment('spec.workloads', 'a workload names a ConfigMap that is not in ownConfigMaps: write it there', [
    [...web('configMaps'), 1, 'name'],
    'flags',
  ]),
  environment('spec.ownConfigMaps', 'a ConfigMap of configMaps is in ownConfigMaps too: copy it, or write it', [
    ['spec', 'configMaps'],
    ['app'],
  ]),
  environment(
    'spec.ownConfigMaps[0].name',
    'choose another name: Kubernetes puts kube-root-ca.crt into every namespace',
    [['spec', 'ownConfigMaps', 0, 'name'], 'kube-root-ca.crt'],
    [[...web('configMaps'), 0, 'name'], 'kube-root-ca.crt'],
  ),
  environment(
    'spec.workloads[0].runtimeConfig',
    'runtimeConfig is served where the workload is reached from outside: write port and expose: Host',
    [web('expose'), 'None'],
  ),
  environment(
    'spec.workloads[3].runtimeConfig',
    'runtimeConfig is served where the workload is reached from outside: write port and expose: Host',
    [job('runtimeConfig'), { path: '/config.json' }],
  ),
  environment('spec.sleep', 'sleep.except names what is neither in workloads nor in services: add it there', [
    ['spec', 'sleep', 'except'],
    ['nobody'],
  ]),
  ...[environment, twinClass].flatMap((breach) => [
    breach('spec.sleep.inactivity', 'an environment that sleeps sooner never becomes ready: write 1m at least', [
      ['spec', 'sleep', 'inactivity'],
      '59s',
    ]),
    breach('spec.sleep.schedule.wake', 'sleep and wake are the same time: write another one for wake', [
      ['spec', 'sleep', 'schedule', 'wake'],
      '20:00',
    ]),
    breach('spec.sleep.schedule.days', 'days are those on which it wakes: write wake, or leave days out', [
      ['spec', 'sleep', 'schedule', 'wake'],
      undefined,
    ]),
  ]),
  environment('spec.workloads[3].port', 'a Job runs to its end and is never reached: leave port out', [
    job('port'),
    8080,
  ]),
  environment('spec.workloads[3].replicas', 'a Job runs once, in one pod: leave replicas out', [job('replicas'), 2]),
  environment('spec.workloads[3].needs', 'a workload needs itself: take it out', [job('needs'), ['migrate']]),
  environment(
    'spec.workloads',
    'a workload needs something that is neither in workloads nor in services: add it there',
    [job('needs'), ['nobody']],
  ),
  environment(
    'spec.workloads[2].state',
    'state belongs to one pod that keeps its name: write kind: StatefulSet and replicas: 1',
    [database('replicas'), 2],
  ),
  environment(
    'spec.workloads[2].state',
    'state belongs to one pod that keeps its name: write kind: StatefulSet and replicas: 1',
    [database('kind'), 'Deployment'],
  ),
  environment('spec.workloads[2].state.path', 'write the path without . and ..', [
    [...database('state'), 'path'],
    '/var/../etc',
  ]),
  environment(
    'spec.workloads[2].name',
    'a StatefulSet has a name of at most 52 characters, since Kubernetes puts more behind it: shorten it',
    [database('name'), 'd'.repeat(53)],
    [job('needs'), undefined],
  ),
  environment('spec.workloads[0]', 'images belongs to template; write the digest in image', [
    web('images'),
    [{ container: 'web', image }],
  ]),
  environment('spec.workloads[1]', 'write the image of every container of the template by digest, there or in images', [
    worker('images'),
    undefined,
  ]),
  environment(
    'spec.workloads[1]',
    'write the image of every container of the template by digest, there or in images',
    [worker('images'), undefined],
    [worker('template', 'spec', 'containers', 0, 'image'), undefined],
  ),
  environment('spec.workloads[1].images', 'images names a container that the template does not have', [
    worker('images', 0, 'container'),
    'sidecar',
  ]),
  environment(
    'spec.workloads[1]',
    'write the image of every init container of the template by digest, there or in images',
    [worker('template', 'spec', 'initContainers', 0, 'image'), 'registry.example/shop/web:1'],
  ),
  environment('spec.workloads[1]', 'write the port on which the workload answers HTTP, or expose: None', [
    worker('expose'),
    undefined,
  ]),
  environment('spec.workloads[1]', 'healthPath and servicesEndpoint need the port on which the workload answers HTTP', [
    worker('healthPath'),
    '/healthz',
  ]),
  environment('spec.workloads[0]', 'a variable of bindings is in env too: write it once', [
    web('env'),
    [{ name: 'STRIPE_API_BASE', value: 'x' }],
  ]),
  environment(
    'spec.workloads[0].bindings[0].env',
    'TWINLOCK_URL and TWINLOCK_ENVIRONMENT are always set: bind another variable',
    [['spec', 'workloads', 0, 'bindings', 0, 'env'], 'TWINLOCK_URL'],
  ),
  environment('spec.workloads[0].bindings[2]', 'name the service whose key the variable gets', [
    ['spec', 'workloads', 0, 'bindings', 2, 'value'],
    'Bearer {key}',
  ]),
  vendorTwin(
    'spec.versions[0].bindings[0].env',
    'TWINLOCK_URL and TWINLOCK_ENVIRONMENT are always set: bind another variable',
    [['spec', 'versions', 0, 'bindings', 0, 'env'], 'TWINLOCK_ENVIRONMENT'],
  ),
  environment('spec.workloads[0].bindings[0]', 'write source or value, not both', [
    ['spec', 'workloads', 0, 'bindings', 0, 'value'],
    '{url}/v1',
  ]),
  environment('spec.services[1]', 'write at most one of vendorTwinRef, image and externalURL', [
    mail('externalURL'),
    'https://mail.example',
  ]),
  environment(
    'spec.services[0]',
    'write port or ports with image, and none of them with a twin of the catalogue, which has its own',
    [stripe('port'), 1],
  ),
  environment('spec.services[2]', 'write one of port and ports', [pubsub('port'), 1]),
  environment('spec.services[2].ports', 'write each port once', [pubsub('ports', 1, 'port'), 8085]),
  environment(
    'spec.services[2].ports[0].name',
    "write a name such as grpc: lower-case letters, digits and single '-', starting with a letter",
    [pubsub('ports', 0, 'name'), 'a--b'],
  ),
  environment('spec.services[2].adminPort', shared, [pubsub('adminPort'), 8086]),
  environment('spec.services[2].ports', 'the port admin is that of adminPort: choose another name', [
    pubsub('ports', 0, 'name'),
    'admin',
  ]),
  environment('spec.services[2].expose', inside, [pubsub('ports', 0, 'protocol'), 'TCP']),
  environment('spec.services[2].adminPaths[0]', adminPath, [pubsub('adminPaths'), ['/a/../b']]),
  environment(
    'spec.workloads[0].expose',
    inside,
    [web('protocol'), 'TCP'],
    [web('healthPath'), undefined],
    [web('runtimeConfig'), undefined],
    [web('servicesEndpoint'), undefined],
  ),
  environment('spec.workloads[0]', 'healthPath and servicesEndpoint need the port on which the workload answers HTTP', [
    web('protocol'),
    'H2C',
  ]),
  environment(
    'spec.services[0]',
    'args, env, adminPort and adminPaths belong to image; a twin of the catalogue has its own: change the VendorTwin',
    [stripe('adminPaths'), ['/x']],
  ),
  environment(
    'spec.services[0]',
    'command, runAsUser and writablePaths belong to image; a twin of the catalogue has its own: change the VendorTwin',
    [stripe('runAsUser'), 1000],
  ),
  environment('spec.services[1].writablePaths[0]', 'write the path without . and ..', [
    mail('writablePaths'),
    ['/var/../etc'],
  ]),
  environment('spec.services[3]', 'state and resources belong to a twin that runs here: remove them, or externalURL', [
    search('state'),
    {},
  ]),
  environment('spec.services[1]', 'Durable state needs a statePath: make the image a VendorTwin', [
    mail('state'),
    { persistence: 'Durable' },
  ]),
  environment(
    'spec.workloads[0].name',
    "choose a name that does not start with 'twinlock-': those are Twinlock's own",
    [web('name'), 'twinlock-boundary'],
  ),
  environment('spec.workloads', 'a binding names a service that is not in services: add it there', [
    ['spec', 'services'],
    undefined,
  ]),
  environment(
    'spec.workloads',
    'a workload and a service have the same name: rename one, since both become a Service in one namespace',
    [worker('name'), 'mail'],
  ),
  environment('spec.boundary', 'shareLinks belong to auth: Token: without it nobody asks for their tokens', [
    ['spec', 'boundary', 'auth'],
    'Forward',
  ]),
  environment('spec.network.egress[0].cidr', network, [['spec', 'network', 'egress', 0, 'cidr'], '203.0.113.0/33']),
  environment('spec.network.egress[0]', destination, [['spec', 'network', 'egress', 0, 'namespace'], 'other']),
  environment('spec.ttl', 'inactivity is longer than max: shorten it, or raise max', [
    ['spec', 'ttl', 'max'],
    '7h59m59s',
  ]),
  environment('metadata.name', "choose a name of at most 63 characters without '.': it becomes part of host names", [
    ['metadata', 'name'],
    'pr.42',
  ]),
  ...['*', 'system:*', 'system:ovn*', 'system:serviceaccount:kube-system:*'].map((user) =>
    target('spec.podWriters[0].user', writer, [['spec', 'podWriters', 0, 'user'], user]),
  ),
  twinClass('spec.namespaceSelector.matchLabels', 'write labels as Kubernetes has them, e.g. team: checkout', [
    ['spec', 'namespaceSelector', 'matchLabels'],
    { 'a b': 'c' },
  ]),
  twinClass('spec.namespaceSelector.matchLabels', 'write labels as Kubernetes has them, e.g. team: checkout', [
    ['spec', 'namespaceSelector', 'matchLabels'],
    { a: '-' },
  ]),
  ...['system:unauthenticated', 'system:anonymous'].map((group) =>
    twinClass('spec.access[0].group', 'name a group of people who sign in', [['spec', 'access', 0, 'group'], group]),
  ),
  twinClass('spec.ttl', 'default is longer than max: shorten it, or raise max', [['spec', 'ttl', 'default'], '1000h']),
  twinClass('spec.network.ingress[0]', destination, [['spec', 'network', 'ingress', 0, 'cidr'], '203.0.113.0/24']),
  twinClass('spec.network.requestable[1]', destination, [
    ['spec', 'network', 'requestable', 1, 'namespace'],
    undefined,
  ]),
  ...['cert-manager.io/cluster-issuer', 'cert-manager.io/issuer'].map((name) =>
    twinClass(
      'spec.exposure.ingress.annotations[0].name',
      'write tls.clusterIssuer, so that environments wait for their certificates',
      [['spec', 'exposure', 'ingress', 'annotations', 0, 'name'], name],
    ),
  ),
  ...['twinlock.dev/applied-hash', 'kubectl.kubernetes.io/last-applied-configuration'].map((name) =>
    twinClass(
      'spec.exposure.ingress.annotations[0].name',
      "choose another one: those of twinlock.dev and kubectl are not the Ingress controller's",
      [['spec', 'exposure', 'ingress', 'annotations', 0, 'name'], name],
    ),
  ),
  twinClass(
    'spec.exposure.tls.secretRef.namespace',
    "keep the certificate in a namespace of its own: who may read it would read Twinlock's keys in twinlock-system too",
    [['spec', 'exposure', 'tls', 'secretRef', 'namespace'], 'twinlock-system'],
  ),
  twinClass('spec.exposure.tls', 'write exactly one of secretRef and clusterIssuer', [
    ['spec', 'exposure', 'tls', 'clusterIssuer'],
    'letsencrypt',
  ]),
  twinClass(
    'spec.exposure.tls',
    'tls is that of the Ingresses: write ingress too; what else stands in front ends TLS by itself',
    [['spec', 'exposure', 'ingress'], undefined],
  ),
  twinClass('spec.exposure.gateway', 'write one of ingress and gateway', [
    ['spec', 'exposure', 'gateway'],
    { parentRefs: [{ namespace: 'edge', name: 'shared' }] },
  ]),
  twinClass('spec.exposure.scheme', 'with tls the URLs begin with https: write scheme: https', [
    ['spec', 'exposure', 'scheme'],
    'http',
  ]),
  askingClass(
    'spec.exposure.auth',
    'write what the endpoint knows people by, cookies or headers: an app that hears them can go to other environments with them',
    [['spec', 'exposure', 'auth', 'cookies'], undefined],
    [['spec', 'exposure', 'auth', 'headers'], undefined],
  ),
  askingClass(
    'spec.exposure.auth.egress',
    'write where the endpoint is (egress), since forwardURL names no Service, such as http://oauth2-proxy.auth.svc:4180/',
    [['spec', 'exposure', 'auth', 'forwardURL'], 'https://auth.example/'],
    [['spec', 'exposure', 'auth', 'egress'], undefined],
  ),
  ...['identityHeaders', 'headers'].flatMap((list) =>
    ['Host', 'X-Forwarded-Uri'].map((name) =>
      askingClass(
        `spec.exposure.auth.${list}[0]`,
        'choose another one: that header says how a request is sent, and not by whom',
        [['spec', 'exposure', 'auth', list], [name]],
      ),
    ),
  ),
  vendorTwin('spec.versions[0].adminPort', shared, [['spec', 'versions', 0, 'adminPort'], 12111]),
  vendorTwin('spec.versions[0].adminPaths[1]', adminPath, [
    ['spec', 'versions', 0, 'adminPaths'],
    ['/a', '/b%2f'],
  ]),
  vendorTwin('spec.versions[1]', 'write exactly one of port and ports', [['spec', 'versions', 1, 'port'], undefined]),
  vendorTwin(
    'spec.versions[2].readiness',
    'a readiness path needs a port with protocol HTTP: write tcp: true, or the port',
    [['spec', 'versions', 2, 'ports', 1, 'protocol'], 'TCP'],
  ),
  vendorTwin(
    'spec.versions[0]',
    'a binding has source DummyKey, or {key} in its value: write the dummyKey that it puts into the variable',
    [['spec', 'versions', 0, 'dummyKey'], undefined],
  ),
  vendorTwin('spec.versions[0].writablePaths', 'statePath is writable by itself: leave it out of writablePaths', [
    ['spec', 'versions', 0, 'writablePaths'],
    ['/var/lib/twin'],
  ]),
  vendorTwin('spec.versions[1].readiness', 'write either a path or tcp: true', [
    ['spec', 'versions', 1, 'readiness', 'tcp'],
    false,
  ]),
  vendorTwin('spec.versions[0].liveKeyPatterns[0]', 'write a regular expression such as ^sk_live_, without (?...)', [
    ['spec', 'versions', 0, 'liveKeyPatterns'],
    ['('],
  ]),
  target('spec.records.keepFor', 'records are evidence: keep them for 720h at least', [
    ['spec', 'records', 'keepFor'],
    '719h59m59s',
  ]),
  breaches('ProductionTarget', 'web')(
    'metadata.name',
    'choose a name of at most 63 characters: it becomes the value of a label',
    [['metadata', 'name'], 'w'.repeat(64)],
  ),
  breaches('Promotion', 'web-42')(
    'metadata.name',
    'choose a name of at most 63 characters: it becomes the value of a label',
    [['metadata', 'name'], 'w'.repeat(64)],
  ),
  breaches('Promotion', 'web-42')(
    'spec.removes',
    'a workload is either promoted or removed: take it out of workloads or of removes',
    [['spec', 'removes', 1, 'name'], 'web'],
  ),
  breaches('Promotion', 'web-42')(
    'spec.objects[2]',
    'a workload that makes Jobs has a spec with a jobTemplate: write all of it',
    [['spec', 'objects', 2, 'spec', 'jobTemplate'], undefined],
  ),
  breaches('Promotion', 'web-42')('spec.jobs', 'write each Job once: what runs before and after has two names', [
    ['spec', 'jobs', 'after', 0, 'metadata', 'name'],
    'migrate',
  ]),
  breaches('Promotion', 'web-42')('spec.jobs.before', 'write each Job once', [
    ['spec', 'jobs', 'before', 1],
    {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'migrate' },
      spec: { template: { spec: { containers: [{ name: 'run', image }] } } },
    },
  ]),
  breaches('Promotion', 'web-42')('spec.objects', 'write each object once', [
    ['spec', 'objects', 2],
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { template: { spec: { containers: [{ name: 'other', image }] } } },
    },
  ]),
  breaches('Promotion', 'web-42')('spec.objects[0]', 'a workload has a spec with a template: write all of it', [
    ['spec', 'objects', 0, 'spec'],
    { replicas: 3 },
  ]),
  breaches('ProductionTarget', 'web')('spec.objects[0].kind', 'list workloads in spec.workloads; what makes pods', [
    ['spec', 'objects', 0, 'kind'],
    'Secret',
  ]),
  breaches('Promotion', 'web-42')('spec.objects[1].kind', 'what makes pods, Secrets, roles and kinds of Twinlock are', [
    ['spec', 'objects', 1, 'kind'],
    'Secret',
  ]),
  breaches('Promotion', 'web-42')('spec.objects[1]', 'write the API version of the kind: ', [
    ['spec', 'objects', 1, 'apiVersion'],
    'apps/v1',
  ]),
  ...[
    'deployment.kubernetes.io/revision',
    'deprecated.deployment.rollback.to',
    'kubectl.kubernetes.io/last-applied-configuration',
    'twinlock.dev/changed-by',
    'vote.twinlock.dev/alice',
  ].map((name) =>
    breaches('Promotion', 'web-42')(
      'spec.objects[0].metadata.annotations',
      'leave out what others keep there: deployment.kubernetes.io/, deprecated.deployment.rollback.to, last-applied-configuration and twinlock.dev/',
      [['spec', 'objects', 0, 'metadata', 'annotations'], { [name]: '1' }],
    ),
  ),
  approvalPolicy('spec.gates[0]', 'write window for a gate of type Window, and for no other', [
    ['spec', 'gates', 0, 'type'],
    'Window',
  ]),
  approvalPolicy('spec.gates[1]', 'write window for a gate of type Window, and for no other', [
    ['spec', 'gates', 1, 'type'],
    'Environment',
  ]),
  approvalPolicy('spec.gates[1].window.rrule', 'a rule ends by UNTIL or by COUNT: write one of them', [
    ['spec', 'gates', 1, 'window', 'rrule'],
    'FREQ=DAILY;COUNT=2;UNTIL=20271231T230000Z',
  ]),
  approvalPolicy(
    'spec.emergency.skipGates',
    'write names of gates of this policy that are not of type Environment: that one is never skipped',
    [['spec', 'emergency', 'skipGates'], ['environment']],
  ),
  approvalPolicy('spec.quorum', 'write each group once, and at most one entry without a group', [
    ['spec', 'quorum'],
    [{ count: 1 }, { count: 2 }],
  ]),
  breaches('ApproverKeyring', 'default')(
    'spec.changeQuorum',
    'write each group once, and at most one entry without a group',
    [
      ['spec', 'changeQuorum'],
      [{ count: 1 }, { count: 2 }],
    ],
  ),
  breaches('ApproverKeyring', 'default')(
    'spec.principals[0].keys[0].notAfter',
    'write a notAfter that is later than notBefore',
    [['spec', 'principals', 0, 'keys', 0, 'notAfter'], '2026-11-21T08:30:00+01:00'],
  ),
  breaches('ApproverKeyring', 'default')(
    'spec.principals[0].keys[0].publicKey',
    'write an OpenSSH public key in one line, as in the .pub file, of one of the types',
    [['spec', 'principals', 0, 'keys', 0, 'publicKey'], key.replace('ed25519', 'dss')],
  ),
  ...[target, breaches('WorkloadLock', 'lock')].flatMap((breach, index) => {
    const at: Path = index === 0 ? ['spec', 'mutations'] : ['spec', 'approved', 0, 'mutations'];
    const shown = index === 0 ? 'spec.mutations' : 'spec.approved[0].mutations';
    return [
      breach(
        `${shown}[1].names`,
        'write names for Env, Volumes, Labels, Annotations, ReadinessGates, and for no other field',
        [[...at, 1, 'names'], ['x']],
      ),
      breach(`${shown}[0].names`, 'write names, or what they start with: a lone * would let everything in', [
        [...at, 0, 'names'],
        ['*'],
      ]),
    ];
  }),
  breaches('ApproverKeyring', 'default')(
    'spec.principals[0].keys[0].publicKey',
    'this RSA key has fewer than 3072 bits',
    [['spec', 'principals', 0, 'keys', 0, 'publicKey'], `ssh-rsa ${'A'.repeat(372)} alice@work, from a long comment`],
  ),
  breaches('WorkloadLock', 'lock')('metadata.name', 'name it lock: admission reads no other', [
    ['metadata', 'name'],
    'another',
  ]),
  breaches('GateRun', 'soak-abcdefgh')('spec.gate', 'write soak for a gate of type Soak, and for no other', [
    ['spec', 'gate', 'soak'],
    undefined,
  ]),
  record('web-000001')('metadata.name', 'name it <target>-<sequence in 6 digits>: the name settles races', [
    ['metadata', 'name'],
    'web-000002',
  ]),
  record('web-000001')('metadata.name', 'name it <target>-<sequence in 6 digits>: the name settles races', [
    ['metadata', 'name'],
    'web-x-000001',
  ]),
  record('web-000001')('spec.previous', 'name the previous record, except in the first one of a chain', [
    ['spec', 'previous'],
    { name: 'web-000000', digest },
  ]),
  record('web-000001')('spec', 'Adopted has currentSpecs: what was found', [['spec', 'currentSpecs'], undefined]),
  record('web-000008')('spec', 'a Job, and nothing else, has a job', [['spec', 'job'], undefined]),
  record('web-000002')('spec', 'a Round has promotion, round, statements and desiredSpecs', [
    ['spec', 'statements'],
    undefined,
  ]),
  record('web-000003')('spec', 'an Outcome has outcome, and no other record has', [['spec', 'outcome'], undefined]),
  record('web-000004')('spec', 'Tampered has tampered: what was found, and no other record has', [
    ['spec', 'tampered'],
    undefined,
  ]),
  record('web-000007')('spec', 'Trust has trust: what counts from here on, and no other record has', [
    ['spec', 'trust'],
    undefined,
  ]),
  record('web-000009')('spec', 'a Cut has cut, and no other record has', [['spec', 'cut'], undefined]),
  record('web-000009')('spec.cut', 'a Cut is of records before it', [['spec', 'cut', 'size'], 9]),
  record('web-000005')('spec', 'a Part has part, and no other record has', [['spec', 'part'], undefined]),
];
