import test from 'ava';
import { renderPolicies } from '../../operator/admission/index.ts';
import { policyDrift, type Installed } from '../../operator/targets/canary/index.ts';

const rendered = renderPolicies({ systemNamespace: 'twinlock-system', mutating: true });
const installed = (objects: readonly Installed[]) => (kind: string, name: string) =>
  objects.find((object) => object.kind === kind && object.metadata.name === name);

test('what is installed as it was rendered does not differ, whatever labels a chart adds', (t) => {
  const labelled = rendered.map((object) => ({
    ...object,
    metadata: { ...object.metadata, labels: { chart: 'twinlock' } },
  }));
  t.deepEqual(policyDrift(rendered, installed(labelled)), []);
});

test('each policy and binding that is missing is named', (t) => {
  for (const gone of rendered) {
    const rest = rendered.filter((object) => object !== gone);
    t.deepEqual(policyDrift(rendered, installed(rest)), [`${gone.kind} ${gone.metadata.name} is missing`]);
  }
});

test('a policy that lets more pass is named', (t) => {
  const [first, ...rest] = rendered;
  const weaker = { ...first!, spec: { ...first!.spec, failurePolicy: 'Ignore' } };
  t.deepEqual(policyDrift(rendered, installed([weaker, ...rest])), [
    `${first!.kind} ${first!.metadata.name} was changed`,
  ]);
});

test('a policy that is being deleted counts as gone', (t) => {
  const [first, ...rest] = rendered;
  const going = { ...first!, metadata: { ...first!.metadata, deletionTimestamp: '2026-11-21T10:00:00Z' } };
  t.is(policyDrift(rendered, installed([going, ...rest])).length, 1);
});
