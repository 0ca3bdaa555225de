import { join } from 'node:path';
import test from 'ava';
import { parseFlags } from '../../operator/processes/flags.ts';
import { charts, helmTemplate, manifestsOf, one, rendered, smallest } from './render.ts';

const digest = `sha256:${'b'.repeat(64)}`;

test('the smallest values render both processes, no front door and an empty catalogue', async (t) => {
  const manifests = await rendered();
  one(manifests, 'Deployment', 'twinlock-environments');
  one(manifests, 'Deployment', 'twinlock-promotions');
  one(manifests, 'TwinClass', 'default');
  one(manifests, 'ApprovalPolicy', 'default');
  t.deepEqual(
    manifests.filter(({ kind, metadata }) => kind === 'VendorTwin' || metadata.name === 'twinlock-front-door'),
    [],
  );
});

const refused: readonly (readonly [why: string, values: Readonly<Record<string, string>>, message: RegExp])[] = [
  ['an image by tag', { image: 'registry.example/twinlock:latest' }, /\/image/],
  ['no image', { image: '' }, /\/image/],
  ['no image of the boundary', { 'boundary.image': '' }, /\/boundary\/image/],
  ['a twin by tag', { 'catalog.stripe.image': 'stripe/stripe-mock:latest' }, /\/catalog\/stripe/],
  ['a document of a twin that takes none', { 'catalog.stripe.document': 'a' }, /\/catalog\/stripe/],
  ['a vendor that is not in the catalogue', { 'catalog.paypal.image': `r.example/x@${digest}` }, /paypal/],
  ['a misspelt value', { 'frontDor.enabled': 'true' }, /frontDor/],
  ['a NodePort out of range', { 'frontDoor.nodePort': '80' }, /\/frontDoor\/nodePort/],
  ['a proxy that is no network', { 'frontDoor.trustedProxies[0]': '10.0.0.1 }' }, /\/frontDoor\/trustedProxies/],
  ['a log level that does not exist', { logLevel: 'verbose' }, /\/logLevel/],
  ['a domain that is none', { 'defaultClass.domain': 'Twins_example' }, /\/defaultClass\/domain/],
  ['a writer of pods without a user', { 'podWriters[0].annotations[0]': 'a/*' }, /\/podWriters/],
  ['a misspelt field of a writer', { 'podWriters[0].user': 'a', 'podWriters[0].annotation[0]': 'a/*' }, /\/podWriters/],
  ['sealed trust without a pinned keyring', { 'sealedTrust.enabled': 'true' }, /\/sealedTrust\/keyringDigest/],
  ['a pin that is no digest', { 'sealedTrust.keyringDigest': 'abc' }, /\/sealedTrust\/keyringDigest/],
  ['a negative number of replicas', { 'promotions.replicas': '-1' }, /\/promotions\/replicas/],
];

for (const [why, values, message] of refused) {
  test(`the schema refuses ${why}`, async (t) => {
    const { code, stderr } = await helmTemplate({ ...smallest, ...values });
    t.not(code, 0);
    t.regex(stderr, message);
  });
}

test('another namespace than twinlock-system is refused, and the message says which to take', async (t) => {
  const { code, stderr } = await helmTemplate(smallest, 'elsewhere');
  t.not(code, 0);
  t.regex(stderr, /--namespace twinlock-system/);
});

test('the network of the default class is what the values say', async (t) => {
  const values = {
    'defaultClass.network.ingress[0].namespace': 'edge',
    'defaultClass.network.dns[0].namespace': 'dns',
  };
  t.like(one(await rendered(values), 'TwinClass', 'default'), {
    spec: { network: { ingress: [{ namespace: 'edge' }], dns: [{ namespace: 'dns' }] } },
  });
});

test('more than one replica brings a PodDisruptionBudget, and every process waits for its lease', async (t) => {
  const manifests = await rendered({ 'promotions.replicas': '2' });
  one(manifests, 'PodDisruptionBudget', 'twinlock-promotions');
  t.false(
    manifests.some(({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name !== 'twinlock-promotions'),
  );
  for (const process of ['environments', 'promotions']) {
    const { template } = one(manifests, 'Deployment', `twinlock-${process}`)['spec'] as PodOwner;
    t.true(template.spec.containers[0]?.args?.includes('--leader-elect'));
  }
});

test('writers of pods reach the promotions process as the flag that it reads, and no other', async (t) => {
  const writers = [
    { user: 'system:ovn-node:*', annotations: ['k8s.ovn.org/*'] },
    { user: 'system:serviceaccount:kube-system:aws-load-balancer-controller', conditions: ['a "quoted" one'] },
    { user: 'system:serviceaccount:kube-system:vpa-updater', resizes: true },
  ];
  const manifests = await rendered(
    Object.fromEntries(
      writers.flatMap(({ user, annotations, conditions, resizes }, index) => [
        [`podWriters[${index}].user`, user],
        ...(resizes === undefined ? [] : [[`podWriters[${index}].resizes`, String(resizes)]]),
        ...(annotations ?? []).map((name) => [`podWriters[${index}].annotations[0]`, name]),
        ...(conditions ?? []).map((name) => [`podWriters[${index}].conditions[0]`, name]),
      ]),
    ),
  );
  const argsOf = (name: string): readonly string[] => {
    const { template } = one(manifests, 'Deployment', name)['spec'] as PodOwner;
    return template.spec.containers[0]?.args ?? [];
  };
  t.like(parseFlags(argsOf('twinlock-promotions')), { run: 'promotions', options: { podWriters: writers } });
  t.false(argsOf('twinlock-environments').some((arg) => arg.startsWith('--pod-writers')));
});

test('the production profile seals trust, and asks for the keyring to be pinned', async (t) => {
  const profile = ['-f', join(charts, 'twinlock', 'values-production.yaml')];
  const unpinned = await helmTemplate(smallest, undefined, undefined, profile);
  t.not(unpinned.code, 0);
  t.regex(unpinned.stderr, /keyringDigest/);
  const values = { ...smallest, 'sealedTrust.keyringDigest': digest };
  const argsOf = async (more: readonly string[]): Promise<readonly string[]> => {
    const { stdout } = await helmTemplate(values, undefined, undefined, more);
    const { template } = one(manifestsOf(stdout), 'Deployment', 'twinlock-promotions')['spec'] as PodOwner;
    return template.spec.containers[0]?.args ?? [];
  };
  t.like(parseFlags(await argsOf(profile)), {
    options: { sealedTrust: { keyring: 'default', digest, chain: 'trust' } },
  });
  t.like(parseFlags(await argsOf([])), { options: { sealedTrust: undefined } });
});

interface PodOwner {
  readonly template: {
    readonly spec: {
      readonly securityContext: {
        readonly runAsNonRoot?: boolean;
        readonly seccompProfile?: { readonly type: string };
      };
      readonly containers: readonly {
        readonly args?: readonly string[];
        readonly securityContext: {
          readonly allowPrivilegeEscalation?: boolean;
          readonly readOnlyRootFilesystem?: boolean;
          readonly capabilities?: { readonly drop: readonly string[] };
        };
        readonly resources: { readonly requests?: unknown; readonly limits?: { readonly memory?: string } };
      }[];
    };
  };
}

test('every pod is restricted, bounded in memory and cannot write its root', async (t) => {
  const manifests = await rendered({ 'frontDoor.enabled': 'true' });
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  t.is(deployments.length, 3);
  for (const deployment of deployments) {
    const { spec } = (deployment['spec'] as PodOwner).template;
    t.true(spec.securityContext.runAsNonRoot);
    t.is(spec.securityContext.seccompProfile?.type, 'RuntimeDefault');
    for (const { securityContext, resources } of spec.containers) {
      t.false(securityContext.allowPrivilegeEscalation);
      t.true(securityContext.readOnlyRootFilesystem);
      t.deepEqual(securityContext.capabilities?.drop, ['ALL']);
      t.truthy(resources.limits?.memory);
      t.truthy(resources.requests);
    }
  }
});
