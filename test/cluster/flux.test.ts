/** Production that Git brings: the page's examples judged by the CRDs of Flux and Argo CD, and applied by Flux itself. */
import test from 'ava';
import { isOfKustomize, shownObjects } from '../chart/docs.ts';
import { peerCRDs, waitFor, type CommandResult } from '../harness/index.ts';
import { openPromotions, type Stage } from '../stage/promotions.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  const crds = await peerCRDs();
  await stage.cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: crds.join('\n---\n') });
  const namespaces = ['shop', 'flux-system', 'argocd'];
  await stage.cluster.apply(namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
});
test.after.always(() => stage?.stop());

const dryRun = (object: object): Promise<CommandResult> =>
  stage.cluster.kubectl(['apply', '--server-side', '--dry-run=server', '--validate=strict', '-f', '-'], {
    input: JSON.stringify(object),
    check: false,
  });

test.serial('each example of the page is taken by the CRDs of Flux and Argo CD, to the last field', async (t) => {
  t.timeout(120_000);
  const examples = (await shownObjects()).filter(
    (each) => each.page === 'docs/gitops.md' && !isOfKustomize(each.object),
  );
  const judged = new Set<string>();
  for (const { object } of examples) {
    await waitFor(`${object.kind} ${object.metadata.name} is taken`, async (seen) => {
      const { code, stderr } = await dryRun(object);
      seen(stderr);
      // A kind that was just defined is not served at once.
      if (/no matches for kind|ServiceUnavailable|NotFound/.test(stderr)) return false;
      t.is(code, 0, `${object.kind} ${object.metadata.name}: ${stderr}`);
      return true;
    });
    judged.add(object.apiVersion);
    const { spec } = object as { readonly spec?: Json };
    if (spec === undefined) continue;
    const { code, stderr } = await dryRun({ ...object, spec: { ...spec, nosuchfield: true } });
    t.not(code, 0, `${object.kind}: any field is taken`);
    t.regex(stderr, /nosuchfield/);
  }
  for (const group of ['kustomize.toolkit.fluxcd.io/v1', 'argoproj.io/v1alpha1', 'twinlock.dev/v1alpha1'])
    t.true(judged.has(group), group);
});
