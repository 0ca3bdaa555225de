/**
 * Each twin of the catalogue does what its entry says: its program runs with the entry's command, arguments and variables,
 * and the vendor's own SDK finds it by nothing but the variables that the entry gives to an environment.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { run } from '../../harness/index.ts';
import { entry } from './entries.ts';
import { programs } from './programs.ts';
import { start, type Running } from './twin.ts';

type Vendor = keyof typeof programs;

async function twin(vendor: Vendor, document?: string): Promise<Running> {
  return start(vendor, await entry(vendor, document), await programs[vendor]());
}

/** What a client prints that has these variables and no others. */
async function spoken({ variables }: Running, client: string, args: readonly string[] = []): Promise<unknown> {
  const script = join(import.meta.dirname, 'clients', `${client}.ts`);
  const only = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const { stdout } = await run('env', ['-i', ...only, process.execPath, script, ...args], { timeout: 60_000 });
  return JSON.parse(stdout) as unknown;
}

test.serial('Stripe: its SDK creates a customer at stripe-mock', async (t) => {
  await using stripe = await twin('stripe');
  const { object, id } = (await spoken(stripe, 'stripe')) as { object: string; id: string };
  t.is(object, 'customer');
  t.regex(id, /^cus_/);
});

test.serial('Google Cloud Storage: its SDK keeps and lists an object in fake-gcs-server', async (t) => {
  await using gcs = await twin('gcs');
  t.deepEqual(await spoken(gcs, 'gcs'), { content: 'a receipt', files: ['one.txt'] });
});

test.serial('S3: its SDK keeps and lists an object in versitygw, and hears of one that is not there', async (t) => {
  await using s3 = await twin('s3');
  t.deepEqual(await spoken(s3, 's3'), {
    content: 'a receipt',
    metadata: { order: '17' },
    keys: ['2026/one.txt'],
    missing: 'NoSuchKey',
  });
});

test.serial('SMTP: nodemailer sends to maildev, which shows the mail on its second port', async (t) => {
  await using smtp = await twin('smtp');
  t.deepEqual(await spoken(smtp, 'smtp'), { accepted: ['buyer@shop.example'] });
  const mails = (await (await fetch(`http://${smtp.at(1080)}/email`)).json()) as readonly { subject: string }[];
  t.deepEqual(
    mails.map(({ subject }) => subject),
    ['Thanks'],
  );
  t.regex(await (await fetch(`http://${smtp.at(1080)}/`)).text(), /<title>MailDev/);
});

test.serial('NATS: its SDK asks and is answered, and there is JetStream', async (t) => {
  await using nats = await twin('nats');
  t.deepEqual(await spoken(nats, 'nats'), { answer: 'seen 17', jetstream: true });
});

test.serial('PostgreSQL: its SDK connects by the variables of libpq, and by a URL', async (t) => {
  await using postgres = await twin('postgres');
  const first = { id: 1, user: 'twin' };
  t.deepEqual(await spoken(postgres, 'postgres'), [[first], [first, { id: 2, user: 'twin' }]]);
});

test.serial('Redis: its SDK sets and gets', async (t) => {
  await using redis = await twin('redis');
  t.deepEqual(await spoken(redis, 'redis'), { cart: '17', kept: true });
});

test.serial(
  "LLM: OpenAI's SDK has an answer at once and in a stream, and another where the values give fixtures",
  async (t) => {
    const answer = 'This is the answer of a twin.';
    {
      await using llm = await twin('llm');
      t.deepEqual(await spoken(llm, 'llm'), { answer, streamed: answer });
    }
    const own = { fixtures: [{ match: { userMessage: 'order' }, response: { content: 'On its way.' } }] };
    await using llm = await twin('llm', escaped(own));
    t.deepEqual(await spoken(llm, 'llm'), { answer: 'On its way.', streamed: 'On its way.' });
  },
);

const shop = {
  openapi: '3.0.3',
  info: { title: 'Shop', version: '1' },
  paths: {
    '/orders/{id}': {
      get: {
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'integer' } }],
        responses: {
          200: { description: 'An order.', content: { 'application/json': { example: { id: 17, state: 'paid' } } } },
        },
      },
    },
  },
};

test.serial(
  'any OpenAPI document: Prism answers with its examples and refuses what it does not allow; its text or its URL',
  async (t) => {
    const asked = ['OPENAPI_BASE_URL', '/orders/17', '/refunds/1'];
    const answers = (told: unknown) => {
      const [order, refund] = told as readonly { status: number; body: object }[];
      t.deepEqual(order, { status: 200, body: { id: 17, state: 'paid' } });
      t.is(refund?.status, 404);
    };
    {
      await using openapi = await twin('openapi', escaped(shop));
      answers(await spoken(openapi, 'http', asked));
    }
    const server = createServer((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(shop));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      await using openapi = await twin('openapi', `http://127.0.0.1:${port}/openapi.json`);
      answers(await spoken(openapi, 'http', asked));
    } finally {
      server.close();
    }
  },
);

test.serial('anything recorded: Mockoon answers as its data file says', async (t) => {
  const response = { uuid: 'c1', body: '{"rate":1.08}', statusCode: 200, default: true };
  const recorded = {
    uuid: 'a1',
    lastMigration: 33,
    name: 'rates',
    port: 3000,
    routes: [{ uuid: 'b1', type: 'http', method: 'get', endpoint: 'rates/eur', responses: [response] }],
    rootChildren: [{ type: 'route', uuid: 'b1' }],
  };
  await using twinned = await twin('recorded', escaped(recorded));
  t.deepEqual(await spoken(twinned, 'http', ['RECORDED_BASE_URL', '/rates/eur']), [
    { status: 200, body: { rate: 1.08 } },
  ]);
});

test.serial("PostHog: its SDK's events arrive, and its flags are answered", async (t) => {
  await using posthog = await twin('posthog');
  t.deepEqual(await spoken(posthog, 'posthog'), { flags: {}, errors: [] });
  const headers = { authorization: 'Bearer twin' };
  const answer = await fetch(`http://${posthog.at(3000)}/mockoon-admin/logs`, { headers });
  const logs = (await answer.json()) as readonly Logged[];
  t.true(logs.some(({ request }) => request.urlPath.startsWith('/flags')));
  const events = logs.filter(({ request }) => request.urlPath.startsWith('/batch'));
  t.deepEqual(
    events.map(({ response }) => response.statusCode),
    [200],
  );
});

interface Logged {
  readonly request: { readonly urlPath: string };
  readonly response: { readonly statusCode: number };
}

/** As `helm --set` takes text. */
function escaped(document: object): string {
  return JSON.stringify(document).replace(/[,{}\\]/g, String.raw`\$&`);
}
