/**
 * Valid objects of every kind that together use every field; api.test.ts and the unit tests derive every other variant from
 * them and fail when a field is in none.
 */
import { apiVersion } from '../../operator/api/index.ts';

export interface Sample {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: unknown;
  readonly status?: unknown;
}

const digest = `sha256:${'a'.repeat(64)}`;
const image = `registry.example/shop/web@${digest}`;
const twin = `127.0.0.1:5001/stripe-mock@${digest}`;
const time = '2026-11-21T08:00:00Z';
const later = '2026-11-22T08:00:00.5+01:00';
const publicKey = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGVkMjU1MTkga2V5IGZvciBhIHRlc3QgMDAwMDAwMDAwMDA alice@laptop';
const armor = '-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----\n';

const object = (kind: string, name: string, rest: { spec: unknown; status?: unknown }): Sample => ({
  apiVersion,
  kind,
  metadata: { name },
  ...rest,
});

const conditions = [
  {
    type: 'Ready',
    status: 'True',
    observedGeneration: 1,
    lastTransitionTime: time,
    reason: 'AllReady',
    message: 'every part is ready',
  },
];
const common = { observedGeneration: 1, lastHandledReconcileAt: 'now', conditions };
const resources = {
  requests: { cpu: '25m', memory: '64Mi', 'ephemeral-storage': '1Gi' },
  limits: { cpu: 1, memory: 134_217_728, 'ephemeral-storage': '2Gi' },
};
const variable = { workload: 'web', container: 'web', env: 'STRIPE_API_BASE', value: 'http://stripe:12111' };

const environment = object('TwinEnvironment', 'pr-42', {
  spec: {
    classRef: { name: 'default' },
    lifecycle: 'Ephemeral',
    suspend: false,
    source: {
      revision: '0123456789abcdef0123456789abcdef01234567',
      pullRequest: {
        provider: 'GitHub',
        repository: 'shop/web',
        number: 42,
        headSHA: '0123456789abcdef0123456789abcdef01234567',
        url: 'https://forge.example/shop/web/pulls/42',
      },
    },
    services: [
      {
        name: 'stripe',
        mode: 'Twin',
        vendorTwinRef: { name: 'stripe', version: 'v1' },
        expose: 'Path',
        state: { persistence: 'Durable', size: '1Gi', storageClassName: 'standard' },
        resources,
      },
      {
        name: 'mail',
        image: twin,
        port: 1025,
        command: ['node', 'bin/maildev'],
        args: ['--quiet'],
        env: [{ name: 'MAX', value: '100' }],
        runAsUser: 1000,
        writablePaths: ['/tmp', '/home/node/.npm'],
      },
      {
        name: 'pubsub',
        image: twin,
        ports: [
          { name: 'grpc', port: 8085, protocol: 'H2C' },
          { name: 'raw', port: 8086, protocol: 'TCP' },
        ],
        adminPort: 8087,
        adminPaths: ['/reset'],
        expose: 'Host',
      },
      { name: 'search', externalURL: 'https://search-twin.example:9200/v1' },
      { name: 'posthog', mode: 'Real' },
    ],
    workloads: [
      {
        name: 'web',
        image,
        port: 8080,
        protocol: 'HTTP',
        args: ['serve'],
        env: [{ name: 'LOG_LEVEL', value: '' }],
        configMaps: [{ name: 'app', path: '/etc/app' }, { name: 'variables' }],
        replicas: 2,
        healthPath: '/healthz',
        expose: 'Host',
        bindings: [
          { service: 'stripe', env: 'STRIPE_API_BASE', source: 'URL' },
          { service: 'stripe', env: 'stripe.host', value: '{host}:{port}' },
          { env: 'BASE_URL', value: '{url}/app' },
        ],
        runtimeConfig: { path: '/config.js', format: 'Script' },
        servicesEndpoint: { path: '/admin/services' },
      },
      {
        name: 'worker',
        template: {
          metadata: { labels: { team: 'checkout' } },
          spec: {
            containers: [{ name: 'main', image: 'registry.example/shop/worker:1' }],
            initContainers: [{ name: 'migrate', image }],
          },
        },
        images: [{ container: 'main', image }],
        expose: 'None',
        needs: ['migrate', 'mail'],
      },
      {
        name: 'db',
        kind: 'StatefulSet',
        image,
        port: 5432,
        protocol: 'TCP',
        expose: 'None',
        state: { path: '/var/lib/db', persistence: 'Durable', size: '2Gi', storageClassName: 'standard' },
      },
      { name: 'migrate', kind: 'Job', image, args: ['migrate'], needs: ['db'] },
    ],
    boundary: {
      auth: 'Token',
      shareLinks: [
        { name: 'qa', tokenDigest: `sha256:${'b'.repeat(64)}` },
        { name: 'demo', tokenDigest: `sha256:${'c'.repeat(64)}`, notAfter: '2026-12-01T00:00:00Z' },
      ],
      noindex: true,
    },
    secrets: ['shop-test-db'],
    configMaps: ['flags'],
    ownConfigMaps: [
      { name: 'app', data: [{ name: 'app.yaml', value: 'mode: test' }] },
      { name: 'variables', data: [{ name: 'MODE', value: '' }] },
    ],
    network: {
      egress: [
        { cidr: '203.0.113.0/24', ports: [{ protocol: 'TCP', port: 443 }] },
        { namespace: 'shared-tools' },
        { cidr: '2001:db8::/32' },
      ],
    },
    ttl: { inactivity: '8h', max: '72h0m0s' },
    sleep: {
      inactivity: '1h',
      schedule: { sleep: '20:00', wake: '07:00', days: ['MO', 'FR'], timeZone: 'Europe/Berlin' },
      except: ['mail', 'db'],
    },
  },
  status: {
    ...common,
    phase: 'Ready',
    namespace: 'pr-42-3f9c21',
    url: 'http://pr-42-3f9c21.twins.localhost:30080',
    observedRevision: '0123456789abcdef0123456789abcdef01234567',
    services: [
      {
        name: 'stripe',
        mode: 'Twin',
        vendorTwin: 'stripe',
        version: 'v1',
        entry: { version: 'v1', image, port: 12_111 },
        outdated: true,
        url: 'http://stripe:12111',
        exposedURL: 'http://stripe--pr-42-3f9c21.twins.localhost:30080',
        rendered: [variable],
        running: [variable],
        reported: { mode: 'twin', url: 'http://stripe:12111' },
        verified: true,
        ready: true,
        reason: 'NotReady',
      },
    ],
    workloads: [
      {
        name: 'web',
        images: [{ container: 'web', image }],
        templateDigest: digest,
        ready: true,
        url: 'http://web--pr-42-3f9c21.twins.localhost:30080',
      },
    ],
    reached: digest,
    copied: [
      { kind: 'Secret', name: 'shop-test-db' },
      { kind: 'ConfigMap', name: 'flags' },
    ],
    queue: { position: 1 },
    expiresAt: later,
    lastActivityAt: time,
    inventory: [{ group: 'apps', kind: 'Deployment', namespace: 'pr-42-3f9c21', name: 'web', uid: '1f3a' }],
    blockedBy: [{ group: '', kind: 'Pod', namespace: 'pr-42-3f9c21', name: 'web-1', message: 'has a finalizer' }],
    lastHandledExtendAt: 'now',
    lastHandledWakeAt: 'now',
    lastHandledRenewTwinsAt: 'now',
  },
});

const quota = {
  pods: 30,
  services: 50,
  persistentvolumeclaims: 10,
  'requests.cpu': '2',
  'requests.memory': '4Gi',
  'requests.storage': '20Gi',
  'limits.cpu': '8',
  'limits.memory': '8Gi',
  'limits.ephemeral-storage': '8Gi',
};
const amounts = { cpu: '100m', memory: '128Mi', 'ephemeral-storage': '256Mi' };
const destinations = [
  { cidr: '203.0.113.0/24', ports: [{ protocol: 'UDP', port: 53 }] },
  { namespace: 'shared-tools' },
];

const twinClass = object('TwinClass', 'sample', {
  spec: {
    default: true,
    namespaceSelector: { matchLabels: { 'twinlock.dev/environments': 'true', team: '' } },
    maxEnvironments: 5,
    maxPerNamespace: 2,
    ttl: { default: '8h', max: '24h' },
    sleep: {
      inactivity: '1h',
      schedule: { sleep: '20:00', wake: '07:00', days: ['MO', 'FR'], timeZone: 'Europe/Berlin' },
    },
    allowedImages: ['registry.example/shop/', '127.0.0.1:5001/'],
    podSecurity: 'restricted',
    quota,
    limitRange: { defaultRequest: amounts, default: amounts, max: amounts },
    network: {
      dns: destinations,
      ingress: [{ namespace: 'edge' }, { cidr: '203.0.113.0/24' }],
      egress: destinations,
      requestable: destinations,
    },
    exposure: {
      domain: 'twins.example',
      scheme: 'https',
      port: 8443,
      maxBodySize: '64Mi',
      ingress: {
        className: 'nginx',
        annotations: [{ name: 'nginx.ingress.kubernetes.io/proxy-body-size', value: '0' }],
      },
      tls: { secretRef: { namespace: 'edge', name: 'twins-example' } },
    },
    access: [
      { group: 'developers', role: 'Viewer' },
      { group: 'oidc:seniors', role: 'Debugger' },
    ],
    copySecrets: ['shop-test-db', 'team-*', '*'],
    copyConfigMaps: ['flags'],
    imagePullSecrets: ['registry'],
  },
});

const issuedClass = object('TwinClass', 'issued', {
  spec: { exposure: { scheme: 'https', ingress: {}, tls: { clusterIssuer: 'letsencrypt' } } },
});

const askingClass = object('TwinClass', 'asking', {
  spec: {
    exposure: {
      auth: {
        forwardURL: 'http://oauth2-proxy.auth.svc:4180/',
        identityHeaders: ['X-Auth-Request-User', 'X-Auth-Request-Email'],
        cookies: ['_oauth2_proxy*'],
        headers: ['Authorization'],
        egress: destinations,
      },
    },
  },
});

const routedClass = object('TwinClass', 'routed', {
  spec: {
    exposure: { gateway: { parentRefs: [{ namespace: 'edge', name: 'shared', sectionName: 'https', port: 443 }] } },
  },
});

const vendorTwin = object('VendorTwin', 'stripe', {
  spec: {
    vendor: 'Stripe, Inc.',
    versions: [
      {
        version: 'v1',
        image: twin,
        port: 12111,
        adminPort: 12112,
        adminPaths: ['/_internal/config', '/__admin'],
        args: ['-http-port', '12111'],
        env: [{ name: 'MODE', value: 'twin' }],
        command: ['/bin/stripe-mock'],
        runAsUser: 65532,
        writablePaths: ['/tmp'],
        readiness: { path: '/healthz' },
        statePath: '/var/lib/twin',
        resources,
        bindings: [
          { env: 'STRIPE_API_BASE', source: 'URL' },
          { env: 'stripe.url', value: '{url}/v1' },
          { env: 'STRIPE_API_KEY', source: 'DummyKey' },
        ],
        dummyKey: 'sk_test_twin',
        liveKeyPatterns: ['^[sr]k_live_[A-Za-z0-9]+$'],
        license: 'MIT',
        coverage: [
          { path: '/v1/customers', tier: 'Semantic' },
          { path: '/', tier: 'Shape' },
        ],
      },
      { version: '2026-11-01', image: twin, port: 12111, readiness: { tcp: true } },
      {
        version: 'v3',
        image: twin,
        ports: [
          { name: 'grpc', port: 8085, protocol: 'H2C' },
          { name: 'rest', port: 8086, protocol: 'HTTP' },
        ],
        readiness: { path: '/healthz' },
      },
    ],
  },
});

const workload = { kind: 'Deployment', name: 'web' };

const podWriters = [
  { user: 'system:serviceaccount:kube-system:multus', annotations: ['k8s.v1.cni.cncf.io/network-status'] },
  { user: 'system:serviceaccount:kube-system:vpa-updater', resizes: true },
  { user: 'system:ovn-node:*', annotations: ['k8s.ovn.org/*'], conditions: ['example.com/reached'] },
];

const mutations = [
  { by: 'identity webhook', container: 'web', field: 'Env', names: ['AWS_ROLE_ARN', 'OTEL_*'] },
  { field: 'Probes' },
];

const configMap = { kind: 'ConfigMap', name: 'web' };
const configMapContent = { ...configMap, digest, content: { data: { MODE: 'live' } } };

/** What people signed of an object, and what they are asked about. */
const trust = {
  accepted: { version: 1, digest, record: 'trust-000001' },
  pending: {
    version: 2,
    digest,
    notAfter: later,
    statements: { approve: '{}\n', reject: '{}\n' },
    votes: ['vote.twinlock.dev/alice-3f9c21: alice approved'],
    why: ['1 more vote of any principal (1 of 2)'],
  },
};

const productionTarget = object('ProductionTarget', 'web', {
  spec: {
    workloads: [workload],
    objects: [configMap],
    routing: 'Listed',
    apply: 'External',
    applyDeadline: '30m',
    approvalPolicyRef: { name: 'default' },
    keyringRef: { name: 'default' },
    allowedFrom: [{ namespace: 'shop-dev' }],
    injected: [{ container: 'istio-proxy', imagePrefix: 'docker.io/istio/proxyv2' }],
    mode: 'Enforce',
    mutations,
    podWriters,
    rotators: [{ namespace: 'cert-manager', name: 'cert-manager' }],
    holds: [
      {
        name: 'freeze',
        owner: 'release-captain',
        reason: 'Black Friday',
        until: '2026-12-01T08:00:00Z',
        scope: 'Rollouts',
      },
    ],
    minReplicas: 1,
    liveAccess: 'Deny',
    records: { keepFor: '8760h' },
    rollback: {
      automatic: true,
      progressDeadline: '10m',
      settle: '30s',
      serviceAccounts: [{ namespace: 'flux-system', name: 'kustomize-controller' }],
    },
  },
  status: {
    ...common,
    enforcement: 'Active',
    trust,
    warnings: ['Deployment/web keeps no old revision'],
    current: [{ ...workload, specDigest: digest, images: [{ container: 'web', image }], promotion: 'web-42' }],
    objects: [
      { ...configMap, digest, fallback: 'Content', promotion: 'web-42' },
      { kind: 'Ingress', name: 'web', fallback: 'Absent' },
    ],
  },
});

const jobSpec = {
  backoffLimit: 0,
  template: {
    metadata: { labels: { app: 'job' } },
    spec: {
      restartPolicy: 'Never',
      containers: [{ name: 'run', image }],
      initContainers: [{ name: 'wait', image }],
    },
  },
};

const promotion = object('Promotion', 'web-42', {
  spec: {
    environmentRef: { namespace: 'shop-dev', name: 'pr-42' },
    targetRef: { name: 'web' },
    workloads: [{ from: 'web', to: workload }],
    images: [{ container: 'web', image }],
    objects: [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: {
          name: 'web',
          namespace: 'shop',
          labels: { tier: 'front' },
          annotations: { 'team.example/chat': '#web' },
        },
        spec: {
          replicas: 3,
          selector: { matchLabels: { app: 'web' } },
          template: {
            metadata: { labels: { app: 'web' } },
            spec: {
              containers: [{ name: 'web', image, resources: { limits: { memory: '256Mi' } } }],
              initContainers: [{ name: 'migrate', image: `registry.example:5000/shop/web:1@${digest}` }],
            },
          },
        },
      },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'web' }, data: { MODE: 'live' } },
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'nightly' },
        spec: { schedule: '0 3 * * *', jobTemplate: { spec: jobSpec } },
      },
    ],
    jobs: {
      before: [{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate' }, spec: jobSpec }],
      after: [{ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'smoke' }, spec: jobSpec }],
    },
    removes: [
      { kind: 'Ingress', name: 'web' },
      { kind: 'Deployment', name: 'worker' },
    ],
    reason: 'release 42',
    overrides: [{ gate: 'year-end', reason: 'INC-7' }],
    emergency: { reason: 'INC-7' },
    expiresAfter: '72h',
    supersedes: 'Older',
  },
  status: {
    ...common,
    phase: 'AwaitingApproval',
    gates: [
      {
        name: 'environment',
        type: 'Environment',
        result: 'Passed',
        finishedAt: time,
        evidenceDigest: digest,
        summary: 'ready and wired',
      },
    ],
    plan: {
      changes: [{ path: 'Deployment/web spec.template.spec.containers[name=web].image', from: 'a', to: 'b' }],
      notExercised: ['Deployment/web spec.minReadySeconds'],
      omitted: 0,
    },
    approval: {
      round: { nonce: '3f9c21', openedAt: time, notAfter: later, record: 'web-000002' },
      statements: { approve: '{\n}\n', reject: '{\n}\n' },
      votes: [
        {
          annotation: 'vote.twinlock.dev/alice-3f9c21',
          principal: 'alice',
          decision: 'approve',
          keyFingerprint: 'SHA256:abc',
          valid: true,
          reason: 'Counted',
          message: 'counts',
          firstSeen: time,
          armor,
        },
      ],
      quorum: [{ group: 'owners', need: 1, have: 0 }],
      missing: ['1 vote of any principal'],
    },
    rollout: {
      startedAt: time,
      appliedAt: time,
      drainsUntil: time,
      finishedAt: later,
      workloads: [{ ...workload, state: 'Applied', message: 'waits for pods' }],
      objects: [{ ...configMap, state: 'Applied', message: 'stands as signed' }],
    },
    why: ['1 vote of any principal: kubectl annotate ...'],
    record: 'web-000003',
  },
});

const approvalPolicy = object('ApprovalPolicy', 'default', {
  spec: {
    default: true,
    gates: [
      { name: 'environment', type: 'Environment' },
      {
        name: 'year-end',
        type: 'Window',
        window: {
          kind: 'Freeze',
          start: '2026-12-21T00:00:00',
          duration: '336h',
          timeZone: 'Europe/Berlin',
          rrule: 'FREQ=YEARLY;COUNT=5',
          override: { quorum: [{ group: 'owners', count: 1 }] },
        },
      },
    ],
    quorum: [{ count: 2 }, { group: 'owners', count: 1 }],
    separation: { requester: true },
    requireTouch: false,
    requireUserVerification: false,
    notExercised: 'Deny',
    evidenceMaxAge: '168h',
    emergency: { quorum: [{ group: 'owners', count: 1 }], skipGates: ['year-end'] },
  },
  status: { observedGeneration: 1, trust, conditions },
});

const approverKeyring = object('ApproverKeyring', 'default', {
  spec: {
    principals: [
      {
        name: 'alice',
        groups: ['owners'],
        kubernetesUsers: ['alice', 'system:serviceaccount:ci:alice'],
        emails: ['alice@shop.example'],
        keys: [
          {
            publicKey,
            notBefore: time,
            notAfter: later,
            revokedAt: later,
            reason: 'laptop lost',
            requireTouch: true,
          },
        ],
      },
    ],
    changeQuorum: [{ count: 1 }, { group: 'owners', count: 1 }],
  },
  status: {
    observedGeneration: 1,
    trust,
    warnings: ['key SHA256:... of principal alice is not valid after 2026-11-20T00:00:00Z: enrol a new one'],
    conditions,
  },
});

const spec = {
  selector: { matchLabels: { app: 'web' } },
  template: { spec: { containers: [{ name: 'web', image }] } },
};

const gateRun = object('GateRun', 'soak-abcdefgh', {
  spec: {
    promotion: { namespace: 'shop', name: 'web-42', uid: 'promotion-uid' },
    environment: { namespace: 'shop-dev', name: 'pr-42', uid: 'environment-uid' },
    gate: { name: 'soak', type: 'Soak', soak: { for: '30m' } },
    artifacts: [{ workload: 'web', container: 'web', image }],
    number: 1,
  },
  status: {
    phase: 'Completed',
    startedAt: time,
    finishedAt: later,
    attempts: 2,
    observations: { soak: { state: 'Healthy', since: time, message: 'workload web: 0 of 1 pods are ready' } },
    report: ['attempt 1 ended: workload web: 0 of 1 pods are ready'],
    evidenceDigest: digest,
  },
});

const workloadLock = object('WorkloadLock', 'lock', {
  spec: {
    liveAccess: 'Deny',
    podWriters,
    approved: [
      {
        ...workload,
        role: 'Current',
        digest,
        target: 'web',
        minReplicas: 1,
        injected: [{ container: 'istio-proxy', imagePrefix: 'docker.io/istio/proxyv2' }],
        mutations,
        rollbackUsers: ['system:serviceaccount:flux-system:kustomize-controller'],
        rotators: ['system:serviceaccount:cert-manager:cert-manager'],
        closed: 'Late',
        record: 'web-000001',
        spec,
      },
      { ...workload, role: 'Fallback', digest, target: 'web', record: 'web-000001', spec },
    ],
    routing: 'Listed',
    objects: [
      {
        ...configMapContent,
        role: 'Current',
        target: 'web',
        rollbackUsers: ['system:serviceaccount:flux-system:kustomize-controller'],
        closed: 'TakenBack',
        record: 'web-000001',
      },
      { ...configMap, role: 'Fallback', target: 'web', record: 'web-000001' },
    ],
    frozen: [
      { kind: 'ConfigMap', name: 'config', promotions: ['5f0c'] },
      { kind: 'Secret', name: 'tls', rotators: ['system:serviceaccount:cert-manager:cert-manager'], opening: '77aa' },
    ],
    jobs: [
      {
        kind: 'Job',
        name: 'web-42-migrate',
        digest,
        target: 'web',
        injected: [{ container: 'istio-proxy', imagePrefix: 'docker.io/istio/proxyv2' }],
        mutations,
        record: 'web-000002',
        spec: jobSpec,
      },
    ],
  },
});

const target = { namespace: 'shop', name: 'web', uid: '5f0c' };
const change = { ...workload, from: digest, to: digest, revision: '4' };
const content = { ...workload, digest, spec };
const vote = { principal: 'alice', decision: 'approve', keyFingerprint: 'SHA256:abc', firstSeen: time, armor };

const records: readonly Sample[] = [
  object('PromotionRecord', 'web-000001', {
    spec: {
      acceptedBy: 'trust-000002',
      type: 'Adopted',
      target,
      sequence: 1,
      digest,
      time,
      message: 'taken over as found',
      currentSpecs: [content],
    },
  }),
  object('PromotionRecord', 'web-000002', {
    spec: {
      type: 'Round',
      target,
      sequence: 2,
      previous: { name: 'web-000001', digest },
      digest,
      time,
      promotion: {
        namespace: 'shop',
        name: 'web-42',
        uid: '77aa',
        specDigest: digest,
        requestedBy: 'ci',
        reason: 'Release 42.',
      },
      round: { nonce: '3f9c21', openedAt: time, notAfter: later, because: ['the target changed'] },
      artifacts: [{ ...workload, container: 'web', image }],
      statements: { approve: '{\n}\n', reject: '{\n}\n' },
      policy: { name: 'default', digest },
      keyring: {
        name: 'default',
        digest,
        entries: [
          {
            principal: 'alice',
            groups: ['owners'],
            kubernetesUsers: ['alice'],
            publicKey,
            notBefore: time,
            notAfter: later,
            revokedAt: later,
            requireTouch: true,
          },
        ],
      },
      gates: [
        {
          name: 'environment',
          type: 'Environment',
          result: 'Passed',
          finishedAt: time,
          evidenceDigest: digest,
          summary: 'ready',
        },
      ],
      currentSpecs: [content],
      desiredSpecs: [content],
      currentObjects: [configMapContent],
      desiredObjects: [configMapContent],
      jobs: [{ when: 'before', name: 'migrate', job: 'web-42-migrate', digest, spec: jobSpec }],
    },
  }),
  object('PromotionRecord', 'web-000003', {
    spec: {
      type: 'Outcome',
      target,
      sequence: 3,
      previous: { name: 'web-000002', digest },
      digest,
      time,
      promotion: { namespace: 'shop', name: 'web-42', uid: '77aa' },
      round: { nonce: '3f9c21', openedAt: time, notAfter: later, record: 'web-000002' },
      votes: [vote],
      allowedSigners: 'alice namespaces="vote.v1@twinlock.dev" ssh-ed25519 AAAA\n',
      outcome: {
        result: 'Completed',
        reason: 'Verified',
        message: 'all pods run it',
        changes: [
          change,
          { kind: 'Deployment', name: 'worker', from: digest, uid: '8d1f', replicas: 2, suspend: false },
        ],
      },
    },
  }),
  object('PromotionRecord', 'web-000004', {
    spec: {
      type: 'Tampered',
      target,
      sequence: 4,
      previous: { name: 'web-000003', digest },
      digest,
      time,
      tampered: [
        { kind: 'Pod', name: 'web-5f0c-x', from: digest, to: digest, message: 'containers differ: web (image)' },
      ],
    },
  }),
  object('PromotionRecord', 'web-000005', {
    spec: {
      type: 'Part',
      target,
      sequence: 5,
      previous: { name: 'web-000004', digest },
      digest,
      time,
      part: { index: 1, digest, text: '{"currentSpecs":[]}' },
    },
  }),
  object('PromotionRecord', 'web-000006', {
    spec: {
      type: 'Adopted',
      target,
      sequence: 6,
      previous: { name: 'web-000005', digest },
      digest,
      time,
      parts: [{ fields: ['currentSpecs'], digest, records: ['web-000005'] }],
    },
  }),
  object('PromotionRecord', 'web-000007', {
    spec: {
      type: 'Trust',
      target,
      sequence: 7,
      previous: { name: 'web-000006', digest },
      digest,
      time,
      trust: {
        kind: 'ProductionTarget',
        namespace: 'shop',
        name: 'web',
        version: 2,
        from: digest,
        digest,
        notAfter: later,
        pinned: false,
      },
      accepted: { workloads: [workload] },
    },
  }),
  object('PromotionRecord', 'web-000008', {
    spec: {
      type: 'Job',
      target,
      sequence: 8,
      previous: { name: 'web-000007', digest },
      digest,
      time,
      promotion: { namespace: 'shop', name: 'web-42', uid: '77aa' },
      job: { name: 'migrate', job: 'web-42-migrate', uid: '9c3e', result: 'Succeeded', message: 'it is complete' },
    },
  }),
  object('PromotionRecord', 'web-000009', {
    spec: {
      type: 'Cut',
      target,
      sequence: 9,
      previous: { name: 'web-000008', digest },
      digest,
      time,
      cut: {
        size: 7,
        digest,
        keepFor: '8760h',
        kept: [{ sequence: 1, digest }],
        going: [{ sequence: 2, digest }],
      },
    },
  }),
];

export const samples: readonly Sample[] = [
  environment,
  twinClass,
  issuedClass,
  askingClass,
  routedClass,
  vendorTwin,
  productionTarget,
  promotion,
  approvalPolicy,
  approverKeyring,
  workloadLock,
  gateRun,
  ...records,
];

/** The first YAML of the documentation, with its placeholders filled in. */
export const smallest: readonly Sample[] = [
  object('ApproverKeyring', 'smallest', { spec: { principals: [{ name: 'alice', keys: [{ publicKey }] }] } }),
  object('ProductionTarget', 'smallest', { spec: { workloads: [workload] } }),
  object('TwinEnvironment', 'smallest', {
    spec: { workloads: [{ name: 'web', image, port: 8080 }], services: [{ name: 'stripe' }] },
  }),
  object('Promotion', 'smallest', {
    spec: { environmentRef: { namespace: 'shop-dev', name: 'pr-42' }, targetRef: { name: 'web' } },
  }),
];
