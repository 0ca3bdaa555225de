import test from 'ava';
import { childType, DriftView, slimClaim, slimWorkload } from '../../operator/environments/gather/cache/index.ts';
import { HASH_ANNOTATION } from '../../operator/environments/naming/index.ts';
import type { WorkloadChild } from '../../operator/environments/decide/live.ts';
import type { Cached, KubeObject } from '../../operator/kube/index.ts';

const ours = { manager: 'twinlock-environments', operation: 'Apply', fieldsV1: { 'f:spec': { 'f:template': {} } } };

const entries: readonly [title: string, entry: object, edited: boolean][] = [
  ['kubectl set image', { manager: 'kubectl-set', fieldsV1: { 'f:spec': { 'f:template': {} } } }, true],
  ['kubectl scale', { manager: 'kubectl', subresource: 'scale', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }, true],
  ['rules of a kind without a spec', { manager: 'kubectl-edit', fieldsV1: { 'f:subjects': {} } }, true],
  [
    'the controller',
    { manager: 'kube-controller-manager', fieldsV1: { 'f:metadata': { 'f:annotations': {} } } },
    false,
  ],
  ['its status', { manager: 'k-c-m', subresource: 'status', fieldsV1: { 'f:status': {} } }, false],
  ['an entry that says nothing', { manager: 'x' }, false],
];
for (const [title, entry, edited] of entries) {
  test(`edited by others: ${title} ${edited ? 'counts' : 'does not count'}`, (t) => {
    t.is(deployment('web', [ours, entry]).edited, edited);
    t.false('managedFields' in deployment('web', [ours, entry]).metadata);
  });
}

test('a claim that was bound is not edited; one whose size is somebody else’s is', (t) => {
  t.false(claim({ 'f:volumeName': {} }));
  t.true(claim({ 'f:volumeName': {}, 'f:resources': {} }));
});

test('a child that others edited is sent again once, one that nobody edited is not', (t) => {
  let held = deployment('web', [ours, { manager: 'kubectl-set', fieldsV1: { 'f:spec': { 'f:template': {} } } }]);
  const cache = {
    lookup: <T extends KubeObject>(): Cached<T> => ({ object: held as unknown as T }),
    absorb: (): void => undefined,
  };
  const drift = new DriftView(cache);
  const type = childType('Deployment');
  if (type === undefined) return t.fail();
  const hash = (): string | undefined => drift.lookup(type, held)?.object?.metadata.annotations?.[HASH_ANNOTATION];
  t.is(hash(), undefined);
  // The others may still own what they added; what the server answered is what stays.
  drift.absorb<KubeObject>(type, held);
  t.is(hash(), 'h');
  held = { ...held, digest: 'other' };
  t.is(hash(), undefined);
  held = deployment('api', [ours]);
  return t.is(hash(), 'h');
});

function claim(fields: object): boolean {
  return slimClaim(raw('data', [{ manager: 'kube-controller-manager', fieldsV1: { 'f:spec': fields } }])).edited;
}

function raw(name: string, managedFields: readonly object[]): KubeObject {
  const metadata = { name, namespace: 'a', annotations: { [HASH_ANNOTATION]: 'h' }, managedFields };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: {} } as KubeObject;
}

function deployment(name: string, managedFields: readonly object[]): WorkloadChild {
  return slimWorkload(raw(name, managedFields));
}
