/** Records go when their time is over, and what says why something stands does not. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import type { RecordSpec } from '../../operator/records/index.ts';
import { chainFaults } from '../../operator/records/index.ts';
import { run, waitFor } from '../harness/index.ts';
import { SteppedClock } from '../stage/clock.ts';
import { startDying, type LastWrite } from '../stage/dying.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import { images, Shop } from '../stage/shop.ts';

const heads = '/api/v1/namespaces/twinlock-system/configmaps/twinlock-record-heads';
const day = 24 * 3_600_000;
let stage: Stage;
test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
});
test.after.always(() => stage?.stop());

/** A shop with three promotions that are over; the object of the first one is gone. */
async function promotedThrice(namespace: string): Promise<Shop> {
  const shop = await (await new Shop(stage, namespace).open()).ready();
  for (const [name, image] of [
    ['web-1', images.second],
    ['web-2', images.third],
    ['web-3', images.first],
  ] as const) {
    await shop.environment(name, image);
    await shop.promote(name, name);
    await shop.phase(name, 'AwaitingApproval');
    await shop.cast(name, stage.people.alice);
    await shop.phase(name, 'Completed');
  }
  await stage.send('DELETE', path(namespace, 'promotions', 'web-1'));
  return shop;
}

const keep = (namespace: string, keepFor: string | null): Promise<unknown> =>
  stage.send('PATCH', path(namespace, 'productiontargets', 'web'), {
    spec: { records: keepFor === null ? null : { keepFor } },
  });

const numbers = (records: readonly RecordSpec[]): string =>
  records.map(({ sequence, type }) => (type === 'Cut' ? `${sequence} Cut` : `${sequence}`)).join(', ');

async function until(shop: Shop, expected: string): Promise<readonly RecordSpec[]> {
  return waitFor(`the records are ${expected}`, async (seen) => {
    const records = await shop.records();
    seen(numbers(records));
    return numbers(records) === expected && records;
  });
}

test.serial('what is older than the target keeps goes by itself, and the rest verifies offline', async (t) => {
  t.timeout(240_000);
  const clock = new SteppedClock();
  const process = await stage.startProcess({}, clock.overrides);
  const shop = await promotedThrice('old');
  const page = await readFile(join(import.meta.dirname, '../../docs/audit.md'), 'utf8');
  const [, target = ''] = /```yaml\n([\s\S]*?)```/.exec(page) ?? [];
  await stage.send('PATCH', path('old', 'productiontargets', 'web'), parse(target));
  await shop.target(({ metadata, status }) => status?.observedGeneration === metadata.generation);
  t.is(numbers(await shop.records()), '1, 2, 3, 4, 5, 6, 7, 8, 9, 10', 'all of them are young');
  clock.pass(366 * day);
  const records = await until(shop, '1, 5, 6, 7, 8, 9, 10, 11 Cut');
  clock.back();
  t.deepEqual(chainFaults(records), []);
  t.is(records.at(-1)?.cut?.size, 4);

  const folder = join(stage.folder, 'retention');
  await mkdir(folder, { recursive: true });
  const shell = (lines: string) =>
    run(
      'bash',
      ['-c', `twinlock() { node ${join(import.meta.dirname, '../../operator/processes/main.ts')} "$@"; }\n${lines}`],
      {
        timeout: 60_000,
        env: {
          KUBECONFIG: stage.people.bob.kubeconfig,
          PATH: `${stage.folder}/bin:${globalThis.process.env['PATH'] ?? ''}`,
        },
        check: false,
        cwd: folder,
      },
    );
  const { stdout, stderr } = await shell(`
    kubectl get configmap twinlock-record-heads -n twinlock-system -o jsonpath='{.data.keys}' > cluster.key
    twinlock records export --namespace old --target web > web.jsonl
    twinlock records verify web.jsonl --key cluster.key
    kubectl get promotionrecords -n old -o json > records.json
    bash ${join(import.meta.dirname, '../../examples/audit/verify-chain.sh')} records.json web
    grep -v '"sequence":1,' web.jsonl > less.jsonl
    twinlock records verify less.jsonl --key cluster.key`);
  t.regex(stdout, /old\/web: 8 records\n {2}intact: yes\n {2}complete: yes/, stderr);
  t.regex(stdout, /8 records of target web hold together, 2 votes verify/);
  t.regex(stdout, /intact: no[\s\S]*record 1 is missing: the cut in record 11 kept it/);

  // Nothing that stands lost its reason: production is as it was, and changes as before.
  await shop.target(
    ({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true,
  );
  await shop.environment('web-4', images.second);
  await shop.promote('web-4', 'web-4');
  await shop.phase('web-4', 'AwaitingApproval');
  await shop.cast('web-4', stage.people.alice);
  await shop.phase('web-4', 'Completed');
  t.deepEqual(chainFaults(await shop.records()), []);
  await process.stop();
});

test.serial('killed after any write of a cut, what had to go goes, and nothing else', async (t) => {
  t.timeout(10 * 60_000);
  const clock = new SteppedClock();
  clock.pass(31 * day);
  const cut = async (namespace: string, last: LastWrite): Promise<readonly string[]> => {
    const first = await stage.startProcess();
    const shop = await promotedThrice(namespace);
    await waitFor('the last record is signed for', async () => {
      const { data } = (await stage.send('GET', heads)) as { readonly data?: Readonly<Record<string, string>> };
      return data?.[`${namespace}.web`]?.split('\n')[1] === '10';
    });
    await first.stop();
    const dying = await startDying(stage, last, {}, clock);
    const successor = dying.dead.then(async () => {
      await dying.stop();
      return stage.startProcess({}, clock.overrides);
    });
    await keep(namespace, '720h');
    const records = await until(shop, '1, 5, 6, 7, 8, 9, 10, 11 Cut');
    t.deepEqual(chainFaults(records), [], last.write);
    await shop.target(
      ({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true,
    );
    await keep(namespace, null);
    if (last.write === 'nothing') await dying.stop();
    else await (await successor).stop();
    return dying.writes.filter(({ write }) => !write.includes('status')).map(({ write }) => write);
  };
  const writes = await cut('cut-whole', { write: 'nothing', nth: 1 });
  t.log(writes.join(', '));
  t.is(writes.filter((write) => write === 'create promotionrecords').length, 1);
  t.is(writes.filter((write) => write === 'delete promotionrecords').length, 3);
  t.true(writes.includes('patch configmaps'));
  for (const [index, write] of writes.entries())
    await cut(`cut-${index}`, { write, nth: writes.slice(0, index + 1).filter((each) => each === write).length });
});
