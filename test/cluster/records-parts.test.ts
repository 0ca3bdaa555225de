/** Records that are too large for one object, on a real API server. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { digestOf } from '../../operator/canonical/index.ts';
import {
  chainFaults,
  nameOf,
  readExport,
  sealRecords,
  verifyExport,
  writeExport,
} from '../../operator/records/index.ts';
import type { RecordEntry, RecordSpec } from '../../operator/records/index.ts';
import { run } from '../harness/index.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import { images, Shop } from '../stage/shop.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
});
test.after.always(() => stage?.stop());

/** A template whose spec takes more than one record holds. */
const value = 'é"'.repeat(70_000);
const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: images.first, env: [{ name: 'LICENSE', value }] }] },
};

test.serial(
  'a workload too large for one record is taken over, promoted and undone, and nothing of it is lost',
  async (t) => {
    t.timeout(120_000);
    const process = await stage.startProcess();
    const shop = await (await new Shop(stage, 'large').open({ deployment: { template } })).ready();
    const names = async (): Promise<readonly string[]> =>
      (await shop.records()).map(({ type, outcome }) => outcome?.result ?? type);
    t.deepEqual(await names(), ['Part', 'Part', 'Adopted']);
    const lock = (await stage.send('GET', path('large', 'workloadlocks', 'lock'))) as unknown as {
      readonly spec: { readonly approved: readonly { readonly record: string }[] };
    };
    t.is(lock.spec.approved[0]?.record, 'web-000003', 'the lock names the record behind its parts');
    await shop.environment('pr-42', images.second);
    await shop.promote('web-42', 'pr-42');
    await shop.phase('web-42', 'AwaitingApproval');
    // A successor puts it together from what is stored.
    await process.stop();
    await stage.startProcess();
    await shop.cast('web-42', stage.people.alice);
    await shop.phase('web-42', 'Completed', 40_000);
    t.is(await shop.image(), images.second);
    const records = await shop.records();
    t.deepEqual(
      (await names()).filter((name) => name !== 'Part'),
      ['Adopted', 'Round', 'Approved', 'Completed'],
    );
    for (const record of records) t.true(Buffer.byteLength(JSON.stringify(record)) < 1_000_000, nameOf(record));
    t.deepEqual(chainFaults(records), []);
    const found = readExport(writeExport({ records, checkpoint: undefined, keys: [] }).join('\n'));
    const { chains } = verifyExport(found, { keys: [], witnesses: [], countersignatures: [] });
    t.like(chains[0], { intact: 'yes', records: records.length, faults: [] });

    const file = join(stage.folder, 'large.json');
    await writeFile(file, JSON.stringify(await stage.send('GET', path('large', 'promotionrecords'))));
    const script = join(import.meta.dirname, '../../examples/audit/verify-chain.sh');
    const { stdout, code } = await run('bash', [script, file, 'web'], { timeout: 60_000, check: false });
    t.is(code, 0, stdout);

    await stage.cluster.kubectl(['rollout', 'undo', 'deployment/web', '-n', 'large'], {
      as: stage.people.bob.kubeconfig,
    });
    await shop.phase('web-42', 'RolledBack', 40_000);
    t.is(await shop.image('web'), images.first);
  },
);

const target = { namespace: 'bound', name: 'web', uid: 'u' };
const time = '2026-11-21T10:00:00Z';
const adopted = (spec: Json): RecordEntry => ({
  type: 'Adopted',
  time,
  currentSpecs: [{ kind: 'Deployment', name: 'web', digest: digestOf(spec), spec }],
});
const MAX = 400_000;
const frame = JSON.stringify({ currentSpecs: adopted({ note: '' }).currentSpecs }).length;

/** The API server keeps the list of all fields beside an object: one of many small fields is larger than it looks. */
const fields = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`field-${index}`, 'x']));

for (const [what, spec, types] of [
  ['at the bound', { note: 'x'.repeat(MAX - frame) }, ['Adopted']],
  ['a character beyond the bound', { note: 'x'.repeat(MAX - frame + 1) }, ['Part', 'Part', 'Adopted']],
  ['of quotes, which are escaped twice in a part', { note: '"'.repeat(MAX) }, ['Part', 'Part', 'Part', 'Adopted']],
  ['of many small fields', fields, ['Adopted']],
] as const)
  test.serial(`the API server takes a record ${what}, beside the largest statements and votes`, async (t) => {
    const namespace = `bound-${types.length}-${what.length}`;
    await stage.send('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
    const statement = 'y'.repeat(130_000);
    const entry: RecordEntry = {
      ...adopted(spec),
      statements: { approve: statement, reject: statement },
      allowedSigners: 'z'.repeat(139_000),
    };
    const sealed: readonly RecordSpec[] = sealRecords({ ...target, namespace }, [], entry);
    t.deepEqual(
      sealed.map(({ type }) => type),
      [...types],
    );
    for (const record of sealed)
      await stage.send(
        'POST',
        path(namespace, 'promotionrecords'),
        {
          apiVersion: 'twinlock.dev/v1alpha1',
          kind: 'PromotionRecord',
          metadata: { name: nameOf(record) },
          spec: record,
        },
        stage.accounts.promotions,
      );
    const list = (await stage.send('GET', path(namespace, 'promotionrecords'))) as unknown as {
      readonly items: readonly { readonly spec: RecordSpec }[];
    };
    t.deepEqual(
      list.items.map(({ spec: stored }) => stored),
      [...sealed],
    );
  });
