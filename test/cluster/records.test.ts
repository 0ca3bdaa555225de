/** The chain of records as auditors meet it: signed heads, export, verification; each command is the one that the page shows. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { run, waitFor, type CommandResult } from '../harness/index.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import { images, Shop } from '../stage/shop.ts';
import { bind, user, type Json } from '../stage/stage.ts';

const root = join(import.meta.dirname, '../..');
const heads = '/api/v1/namespaces/twinlock-system/configmaps/twinlock-record-heads';
let stage: Stage;
test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
  await stage.startProcess();
});
test.after.always(() => stage?.stop());

async function headOf(namespace: string): Promise<{ readonly size: number; readonly note: string }> {
  const { data = {} } = (await stage.send('GET', heads)) as { readonly data?: Readonly<Record<string, string>> };
  const note = data[`${namespace}.web`] ?? '';
  return { size: Number(note.split('\n')[1] ?? 0), note };
}

async function signed(shop: Shop): Promise<void> {
  await waitFor('the last record is signed for', async (seen) => {
    const [head, records] = [await headOf(shop.namespace), await shop.records()];
    seen([head, records.length]);
    return head.size === records.length;
  });
}

/** A shop with a promotion that is over. */
async function promoted(namespace: string): Promise<Shop> {
  const shop = await (await new Shop(stage, namespace).open()).ready();
  await shop.environment('pr-42', images.second);
  await shop.promote('web-42', 'pr-42');
  await shop.cast('web-42', stage.people.alice);
  await shop.phase('web-42', 'Completed');
  await signed(shop);
  return shop;
}

/** Runs lines of a shell as bob, who may read records and nothing else; `twinlock` is the program. */
async function shell(folder: string, lines: string): Promise<CommandResult> {
  await mkdir(folder, { recursive: true });
  const program = `twinlock() { node ${join(root, 'operator/processes/main.ts')} "$@"; }`;
  return run('bash', ['-c', `${program}\ncd ${folder}\n${lines}`], {
    timeout: 60_000,
    env: { KUBECONFIG: stage.people.bob.kubeconfig, PATH: `${stage.folder}/bin:${process.env['PATH'] ?? ''}` },
    check: false,
  });
}

test.serial('each command of the audit page works as it stands, by somebody who may only read', async (t) => {
  t.timeout(120_000);
  const shop = await promoted('page');
  const page = await readFile(join(root, 'docs/audit.md'), 'utf8');
  const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
  t.is(blocks.length, 6);
  const folder = join(stage.folder, 'audit');
  await mkdir(folder, { recursive: true });
  // What the process would have logged of this chain.
  await writeFile(join(folder, 'promotions.log'), '{"level":"info","msg":"controller started"}\n');
  const answers: string[] = [];
  for (const block of blocks) {
    const lines = block
      .replaceAll('-n shop', `-n ${shop.namespace}`)
      .replaceAll('--namespace shop', `--namespace ${shop.namespace}`)
      .replaceAll('{.data.shop\\.web}', `{.data.${shop.namespace}\\.web}`)
      .replaceAll('~/.ssh/id_ed25519', stage.people.mallory.key)
      .replaceAll('examples/audit/', join(root, 'examples/audit/'));
    const { code, stdout, stderr } = await shell(folder, `set -e\n${lines}`);
    t.is(code, 0, `${block}${stdout}${stderr}`);
    answers.push(stdout);
  }
  for (const index of [0, 1, 2, 3])
    t.regex(answers[index] ?? '', /page\/web: 4 records\n {2}intact: yes\n {2}complete: yes/);
  t.regex(answers[1] ?? '', /^twinlock\.dev\/records\/v1\/[^/]+\/page\/web\n4\n/);
  t.regex(answers[2] ?? '', /witnessed by bank/);
  t.regex(answers[4] ?? '', /Good "vote\.v1@twinlock\.dev" signature for alice/);
  t.regex(answers[5] ?? '', /4 records of target web hold together, 1 votes verify/);
});

test.serial('a cut, a change and an unknown key each have their answer and their exit code', async (t) => {
  t.timeout(120_000);
  const shop = await promoted('answers');
  const folder = join(stage.folder, 'answers');
  const exported = await shell(folder, `twinlock records export --namespace ${shop.namespace} --target web > whole`);
  t.is(exported.code, 0, exported.stderr);
  t.is(exported.stderr, '');
  await shell(
    folder,
    `kubectl get configmap twinlock-record-heads -n twinlock-system -o jsonpath='{.data.keys}' > key`,
  );
  const told = async (lines: string): Promise<readonly [number | null, string]> => {
    const { code, stdout, stderr } = await shell(folder, lines);
    return [code, stdout + stderr];
  };
  const [cutCode, cut] = await told(`grep -v '"sequence":4' whole | twinlock records verify - --key key`);
  t.is(cutCode, 1, cut);
  t.regex(
    cut,
    /intact: yes\n {2}complete: no .*\n {2}FAULT record 4 was signed for and the last one is 3: record 4 was cut off/,
  );
  const [changedCode, changed] = await told(
    `sed 's/approved it/refused it/' whole | twinlock records verify - --key key`,
  );
  t.is(changedCode, 1, changed);
  t.regex(changed, /intact: no\n {2}complete: yes/);
  const [unknownCode, unknown] = await told('twinlock records verify whole');
  t.is(unknownCode, 2, unknown);
  t.regex(
    unknown,
    /complete: unknown[\s\S]*prove nothing until you know them from elsewhere[\s\S]*twinlock\.dev\/records/,
  );
  const [jsonCode, json] = await told('twinlock records verify whole --key key -o json');
  t.is(jsonCode, 0, json);
  t.like(JSON.parse(json), { problems: [], chains: [{ target: 'web', records: 4, intact: 'yes', complete: 'yes' }] });
  t.deepEqual(await told('twinlock records verify none'), [2, "ENOENT: no such file or directory, open 'none'\n"]);
  t.is((await told('echo | twinlock records verify -'))[0], 2);
  t.is((await told('twinlock records verify'))[0], 2);
  const [noneCode, none] = await told(`twinlock records export --namespace ${shop.namespace} --target other`);
  t.is(noneCode, 1);
  t.regex(none, /there is no record of target other/);
});

test.serial('who may not read the signed heads exports without, and is told', async (t) => {
  const shop = await promoted('bare');
  const { alice } = stage.people;
  await stage.cluster.apply([bind('twinlock-approver', user('dave'), shop.namespace)]);
  const kubeconfig = await stage.cluster.persona('dave');
  t.not(kubeconfig, alice.kubeconfig);
  const flags = `--namespace ${shop.namespace} --target web --kubeconfig ${kubeconfig}`;
  const { code, stdout, stderr } = await shell(join(stage.folder, 'bare'), `twinlock records export ${flags}`);
  t.is(code, 0, stderr);
  t.is(stdout.trim().split('\n').length, 4);
  t.regex(stderr, /configmaps "twinlock-record-heads" is forbidden[\s\S]*the export has no checkpoint/);
});

test.serial('the key is made once, cannot be exchanged, and is published', async (t) => {
  const secret = (await stage.send('GET', '/api/v1/namespaces/twinlock-system/secrets/twinlock-record-key')) as Json;
  t.is(secret['immutable'], true);
  const keys = async (): Promise<string> => {
    const { data } = (await stage.send('GET', heads)) as { readonly data: { readonly keys: string } };
    return data.keys;
  };
  const before = await keys();
  t.regex(before, /^twinlock\.dev\/records\/v1\/[0-9a-f-]{36}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}\n$/);
  const again = await stage.startProcess();
  const shop = await promoted('again');
  t.is((await headOf(shop.namespace)).size, 4);
  t.is(await keys(), before);
  await again.stop();
});

test.serial('records that were removed in the cluster are told, and what is left is not signed', async (t) => {
  t.timeout(120_000);
  const shop = await promoted('cut');
  const before = await headOf(shop.namespace);
  // As somebody who may delete admission policies would.
  const binding = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/twinlock-operator-only';
  const kept = await stage.send('GET', binding);
  await stage.send('DELETE', binding);
  await waitFor('the last record is deleted', async (seen) => {
    const answer = await stage.cluster.request('DELETE', path(shop.namespace, 'promotionrecords', 'web-000004'));
    seen(answer.body);
    return answer.status === 200;
  });
  const { metadata, ...rest } = kept as { readonly metadata: { readonly name: string } };
  await stage.cluster.apply([{ ...rest, metadata: { name: metadata.name } }]);
  const notes = await waitFor('it is told', async (seen) => {
    const events = await stage.send('GET', `/apis/events.k8s.io/v1/namespaces/${shop.namespace}/events`);
    const items = (events as { readonly items: readonly { readonly reason: string; readonly note: string }[] }).items;
    seen(items.map(({ reason }) => reason));
    return items.find(({ reason }) => reason === 'RecordsNotSigned')?.note;
  });
  // The controller that sees the promotion without an end writes one: another record, hence no better.
  t.regex(notes, /record 4 (was signed for and the last one is 3|is not the one that was signed for)/);
  t.is((await headOf(shop.namespace)).note, before.note);
  const page = await readFile(join(root, 'docs/audit.md'), 'utf8');
  const [, command = ''] = /`(kubectl patch configmap [^`]+)`/.exec(page) ?? [];
  const lines = command.replaceAll('shop.web', `${shop.namespace}.web`);
  const reader = await shell(join(stage.folder, 'cut'), lines);
  t.regex(reader.stderr, /forbidden/);
  const admin = await shell(join(stage.folder, 'cut'), `export KUBECONFIG=${stage.cluster.kubeconfig}\n${lines}`);
  t.is(admin.code, 0, admin.stderr);
  t.is((await headOf(shop.namespace)).size, 0);
});
