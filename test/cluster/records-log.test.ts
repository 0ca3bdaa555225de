/** What of production's literal variables leaves the namespace: the process runs as its own program, with all it can log. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import test from 'ava';
import { parseKeyLine, readExport, verifyExport } from '../../operator/records/index.ts';
import { freePorts, waitFor } from '../harness/index.ts';
import { messageOf } from '../stage/objects.ts';
import { openPromotions, path, type Stage } from '../stage/promotions.ts';
import { images, Shop } from '../stage/shop.ts';
import type { Json } from '../stage/stage.ts';

let stage: Stage;
test.before(async () => {
  stage = await openPromotions({ testFile: import.meta.filename });
});
test.after.always(() => stage?.stop());

/** Values of variables, each of which stands for a password that somebody wrote into a manifest. */
const values = { adopted: 'hunter2-adopted', promoted: 'hunter2-promoted', forced: 'hunter2-forced' };
const container = (image: string, value: string): Json => ({ name: 'web', image, env: [{ name: 'PASSWORD', value }] });
const template = (image: string, value: string): Json => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [container(image, value)] },
});

/** Starts the program, and gives every line that it writes. */
function startProgram(health: number): { readonly lines: readonly string[]; readonly stop: () => Promise<unknown> } {
  const program = new URL('../../operator/processes/main.ts', import.meta.url).pathname;
  const flags = [
    `--kubeconfig=${stage.accounts.promotions}`,
    `--health-address=127.0.0.1:${health}`,
    '--log-level=trace',
  ];
  const child = spawn(process.execPath, [program, 'promotions', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return {
    lines,
    stop: async () => {
      child.kill('SIGTERM');
      return exited;
    },
  };
}

test('values of literal variables are in no line of the log and in no event, from adoption to tampering', async (t) => {
  t.timeout(120_000);
  const [health = 0] = await freePorts(1);
  const program = startProgram(health);
  stage.endsWith(program.stop);
  const shop = await new Shop(stage, 'masked').open({
    deployment: { template: template(images.first, values.adopted) },
  });
  await shop.ready();
  await shop.environment('pr-42', images.second);
  const object = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: { app: 'web' } }, template: template(images.second, values.promoted) },
  };
  await shop.promote('web-42', 'pr-42', { spec: { objects: [object] } });
  const { status } = await shop.phase('web-42', 'AwaitingApproval');
  t.true(JSON.stringify(status?.plan).includes(values.promoted), 'who approves sees what changes');
  await shop.cast('web-42', stage.people.alice);
  await shop.phase('web-42', 'Completed');

  // As a break-glass would: the policy is taken off, and production changed beside every approval.
  const binding = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings';
  await stage.send('DELETE', `${binding}/twinlock-workloads`);
  const at = '/apis/apps/v1/namespaces/masked/deployments/web';
  await waitFor('production is changed', async (seen) => {
    const body = { spec: { template: { spec: { containers: [container(images.evil, values.forced)] } } } };
    const answer = await stage.cluster.request('PATCH', at, { body, contentType: 'application/merge-patch+json' });
    seen(messageOf(answer));
    return answer.status === 200;
  });
  await waitFor('it is on record', async (seen) => {
    const types = (await shop.records()).map(({ type }) => type);
    seen(types);
    return types.includes('Tampered');
  });

  const records = await stage.send('GET', path('masked', 'promotionrecords'));
  for (const value of [values.adopted, values.promoted]) t.true(JSON.stringify(records).includes(value));
  const logged = await waitFor('the log has the last record', async () => {
    const text = program.lines.join('\n');
    return text.includes('"type":"Tampered"') && text;
  });
  t.true(logged.includes('"masked":true') && logged.includes('PASSWORD'), 'records are mirrored');
  const { data } = (await stage.send('GET', '/api/v1/namespaces/twinlock-system/configmaps/twinlock-record-heads')) as {
    readonly data: { readonly keys: string };
  };
  const keys = [parseKeyLine(data.keys)].filter((key) => key !== undefined);
  const verdict = await waitFor('the log has the signed head', async (seen) => {
    const found = readExport(program.lines.join('\n'));
    const { chains, problems } = verifyExport(found, { keys, witnesses: [], countersignatures: [] });
    seen(chains);
    return chains[0]?.complete === 'yes' && { ...chains[0], problems };
  });
  t.like(verdict, { target: 'web', intact: 'unknown', problems: [], faults: [] }, 'masked, and linked to the end');
  const events = JSON.stringify(await stage.send('GET', '/apis/events.k8s.io/v1/namespaces/masked/events'));
  t.true(events.includes('"reason":"Completed"'));
  for (const value of Object.values(values)) {
    t.false(logged.includes(value), `the log has ${value}`);
    t.false(events.includes(value), `an event has ${value}`);
  }
});
