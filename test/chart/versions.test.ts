/** The chart goes by what the API server has. */
import test from 'ava';
import { parseAllDocuments } from 'yaml';
import { renderPolicies } from '../../operator/admission/index.ts';
import { helmTemplate, MUTATING, smallest, type Manifest } from './render.ts';

async function policies(apiVersions: readonly string[]): Promise<readonly Manifest[]> {
  const { stdout } = await helmTemplate(smallest, 'twinlock-system', apiVersions);
  return parseAllDocuments(stdout)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null)
    .filter(({ kind }) => /AdmissionPolicy(Binding)?$/.test(kind));
}
const named = (all: readonly { readonly kind: string; readonly metadata: { readonly name: string } }[]) =>
  all.map(({ kind, metadata }) => `${kind}/${metadata.name}`).toSorted();

for (const [when, apiVersions] of [
  ['where MutatingAdmissionPolicies are stable', [MUTATING]],
  ['where they are missing', []],
] as const) {
  test(`${when}, the chart has the policies that the operator looks for`, async (t) => {
    const expected = renderPolicies({ systemNamespace: 'twinlock-system', mutating: apiVersions.length > 0 });
    const found = await policies(apiVersions);
    t.deepEqual(named(found), named(expected));
    for (const { kind, metadata, spec } of expected)
      t.deepEqual(found.find((each) => each.kind === kind && each.metadata.name === metadata.name)?.['spec'], spec);
  });
}

test('only what is written for the client differs', (t) => {
  const [newer, older] = [true, false].map((mutating) => renderPolicies({ systemNamespace: 'x', mutating }));
  const same = new Set((newer ?? []).map((policy) => JSON.stringify(policy)));
  t.deepEqual(named((older ?? []).filter((policy) => !same.has(JSON.stringify(policy)))), [
    'ValidatingAdmissionPolicy/twinlock-cron-jobs',
    'ValidatingAdmissionPolicy/twinlock-workloads',
  ]);
});
