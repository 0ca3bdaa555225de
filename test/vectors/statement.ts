/** A round as the controller would put it: one workload that changes, one that is new, an object and a job. */
import { digestOf } from '../../operator/canonical/index.ts';
import { changesOf, type StatementInput } from '../../operator/votes/statement/index.ts';
import { approvedSpec, specDigest } from '../../operator/workloads/index.ts';

const image = (digit: string): string => `registry.example/web@sha256:${digit.repeat(64)}`;
const deployment = (digit: string): Record<string, unknown> => ({
  replicas: 3,
  selector: { matchLabels: { app: 'web' } },
  template: {
    metadata: { labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', image: image(digit), env: [{ name: 'MODE', value: 'live' }] }] },
  },
});
const [before, after, worker] = [deployment('1'), deployment('2'), { template: { spec: { containers: [] } } }];
const covered = (spec: Readonly<Record<string, unknown>>): object => approvedSpec('Deployment', spec);
const [flags, newFlags] = [{ data: { 'checkout.on': 'false' } }, { data: { 'checkout.on': 'true' } }];

export const statementInput: StatementInput = {
  subjects: [{ container: 'web', repository: 'registry.example/web', digest: `sha256:${'2'.repeat(64)}` }],
  cluster: { name: 'prod-eu', uid: '5d3c7a52-8b1e-4c8b-9d63-0f2f3c1f7a10' },
  promotion: {
    namespace: 'shop',
    name: 'web-42',
    uid: '0b8f6f0e-6f0c-4d43-a6f5-0f6b6d0a9e55',
    specDigest: digestOf({ targetRef: { name: 'web' } }),
    requestedBy: 'oidc:bob@example.com',
  },
  targets: [
    {
      kind: 'Deployment',
      name: 'web',
      currentSpecDigest: specDigest('Deployment', before),
      desiredSpecDigest: specDigest('Deployment', after),
    },
    {
      kind: 'Deployment',
      name: 'worker',
      currentSpecDigest: 'none',
      desiredSpecDigest: specDigest('Deployment', worker),
    },
  ],
  objects: [{ kind: 'ConfigMap', name: 'flags', currentDigest: digestOf(flags), desiredDigest: digestOf(newFlags) }],
  jobs: [{ when: 'before', name: 'migrate', digest: digestOf({ image: image('3') }) }],
  changes: changesOf([
    { kind: 'Deployment', name: 'web', part: 'spec', current: covered(before), desired: covered(after) },
    { kind: 'Deployment', name: 'worker', part: 'spec', current: undefined, desired: covered(worker) },
    { kind: 'ConfigMap', name: 'flags', current: flags, desired: newFlags },
  ]),
  evidence: [
    { gate: 'environment', result: 'Passed', summary: '2 of 2 services are twins', digest: digestOf('environment') },
    { gate: 'leaks', result: 'Passed', summary: 'nothing was found', digest: digestOf('leaks') },
  ],
  policy: { name: 'default', digest: digestOf('policy'), quorum: [{ group: 'security', count: 1 }, { count: 2 }] },
  keyring: { name: 'default', digest: digestOf('keyring') },
  round: { nonce: '6f1c9f0f8d3a4e1f9b7c5a2d3f3f9c21', notAfter: '2026-11-28T10:00:00Z' },
};
