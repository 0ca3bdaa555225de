import test from 'ava';
import { allowed, denied } from './assert.ts';
import { must } from '../stage/production.ts';
import { openAttack, type Send, type Stage } from '../stage/attack.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
/** Installs webhooks for everybody, as a platform's tool may. */
let installer: Send;
test.before(async () => {
  stage = await openAttack();
  const rbac = 'rbac.authorization.k8s.io';
  const resources = ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'];
  await stage.cluster.apply([
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRole',
      metadata: { name: 'installer' },
      rules: [{ apiGroups: ['admissionregistration.k8s.io'], resources, verbs: ['*'] }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: 'ClusterRoleBinding',
      metadata: { name: 'installer' },
      roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'installer' },
      subjects: [{ apiGroup: rbac, kind: 'User', name: 'installer' }],
    },
  ]);
  const as = await stage.cluster.persona('installer');
  installer = (method, path, body) =>
    stage.cluster.request(method, path, {
      as,
      body,
      ...(method === 'PATCH' && { contentType: 'application/json-patch+json' }),
    });
});
test.after.always(async () => {
  await stage?.stop();
});

const base = '/apis/admissionregistration.k8s.io/v1';
const kinds = { mutatingwebhookconfigurations: 'Mutating', validatingwebhookconfigurations: 'Validating' } as const;
const caBundle = (text: string): string => Buffer.from(text).toString('base64');
const certificate = (await import('../harness/pki.ts')).newAuthority;

function configuration(kind: string, name: string, rule: Json, more: Json = {}, bundle?: string): Json {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: `${kind}WebhookConfiguration`,
    metadata: { name },
    webhooks: [
      {
        name: `${name}.example.com`,
        clientConfig: {
          service: { namespace: 'default', name: 'webhook' },
          ...(bundle !== undefined && { caBundle: bundle }),
        },
        rules: [{ apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], ...rule }],
        // Never asked: nothing here may stand in the way of what other tests do.
        objectSelector: { matchLabels: { nobody: 'has-this' } },
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        failurePolicy: 'Ignore',
        ...more,
      },
    ],
  };
}

const matching: Readonly<Record<string, Json>> = {
  'a kind of ours': { apiGroups: ['twinlock.dev'], resources: ['workloadlocks'] },
  'all our kinds': { apiGroups: ['twinlock.dev'], resources: ['*'] },
  'all our kinds and their status': { apiGroups: ['twinlock.dev'], resources: ['*/*'] },
  'a status of ours': { apiGroups: ['twinlock.dev'], resources: ['promotions/status'] },
  'every status': { apiGroups: ['*'], resources: ['*/status'] },
  'our kind in every group': { apiGroups: ['*'], resources: ['promotionrecords'] },
  everything: { apiGroups: ['*'], resources: ['*'] },
  'everything below': { apiGroups: ['*'], resources: ['*/*'] },
  'ours beside others': { apiGroups: ['apps', 'twinlock.dev'], resources: ['deployments', 'productiontargets'] },
};

test('denied: webhooks that match a kind of Twinlock, by name or by a wildcard; allowed: by an admin', async (t) => {
  for (const [plural, kind] of Object.entries(kinds)) {
    for (const [what, rule] of Object.entries(matching)) {
      const object = configuration(kind, 'mine', rule);
      denied(
        t,
        await installer('POST', `${base}/${plural}?dryRun=All`, object),
        'guard-webhooks',
        /verb upgrade/,
        what,
      );
      allowed(t, await stage.admin('POST', `${base}/${plural}?dryRun=All`, object));
    }
  }
});

test('allowed: webhooks for other groups, as meshes, certificate managers and scanners install them', async (t) => {
  const others: readonly Json[] = [
    { apiGroups: [''], resources: ['pods'] },
    { apiGroups: ['apps', 'batch'], resources: ['*'] },
    { apiGroups: ['*'], resources: ['pods', 'deployments', 'deployments/scale'] },
    { apiGroups: ['cert-manager.io'], resources: ['*/*'] },
  ];
  for (const [plural, kind] of Object.entries(kinds)) {
    for (const rule of others)
      allowed(t, await installer('POST', `${base}/${plural}?dryRun=All`, configuration(kind, 'mine', rule)));
  }
});

test('denied: a webhook that is there turned to what matches ours, or one that matches led elsewhere; allowed: its certificate renewed', async (t) => {
  const [first, second] = await Promise.all(['a', 'b'].map((name) => certificate(name)));
  for (const [plural, kind] of Object.entries(kinds)) {
    const [narrow, wide] = [`narrow-${kind.toLowerCase()}`, `wide-${kind.toLowerCase()}`];
    await must(
      installer('POST', `${base}/${plural}`, configuration(kind, narrow, { apiGroups: [''], resources: ['pods'] })),
    );
    const turned = [
      { op: 'replace', path: '/webhooks/0/rules/0/apiGroups', value: ['*'] },
      { op: 'replace', path: '/webhooks/0/rules/0/resources', value: ['*'] },
    ];
    denied(t, await installer('PATCH', `${base}/${plural}/${narrow}`, turned), 'guard-webhooks');
    await must(
      stage.admin(
        'POST',
        `${base}/${plural}`,
        configuration(kind, wide, { apiGroups: ['*'], resources: ['*'] }, {}, caBundle(String(first?.certificate))),
      ),
    );
    const change = (path: string, value: unknown) =>
      installer('PATCH', `${base}/${plural}/${wide}`, [{ op: 'add', path: `/webhooks/0/${path}`, value }]);
    denied(t, await change('clientConfig/service/name', 'other'), 'guard-webhooks');
    denied(t, await change('objectSelector', {}), 'guard-webhooks');
    denied(t, await change('failurePolicy', 'Fail'), 'guard-webhooks');
    denied(t, await change('namespaceSelector', { matchLabels: { a: 'b' } }), 'guard-webhooks');
    allowed(t, await change('clientConfig/caBundle', caBundle(String(second?.certificate))));
    allowed(
      t,
      await installer('PATCH', `${base}/${plural}/${wide}`, [
        { op: 'add', path: '/metadata/labels', value: { a: 'b' } },
      ]),
    );
    allowed(t, await installer('DELETE', `${base}/${plural}/${wide}`));
  }
});
