import { get } from '../door.ts';
import { fill } from '../manifests.ts';
import { hold } from '../story.ts';
import type { Step, Story } from '../story.ts';

const image = (version: string): string => `registry.example/storefront@sha256:... # ${version}`;

/** Step 3. */
export const environments: Step = {
  title: '3. An agent makes two environments with twins; both are reached by host name through one front door',
  async run(story) {
    const { shell, images, folder } = story;
    await fill(folder, 'pr-42.yaml', 'storefront/deploy/pr-42.yaml', [[image('v2'), images.storefront.v2]]);
    await fill(folder, 'staging.yaml', 'storefront/deploy/staging.yaml', [[image('v1'), images.storefront.v1]]);
    await shell.run('agent', 'kubectl apply -f pr-42.yaml -f staging.yaml');
    await shell.run(
      'agent',
      'kubectl wait twinenvironment/pr-42 twinenvironment/staging -n shop-dev --for=condition=Ready --timeout=90s',
      { timeout: 100_000 },
    );
    await shell.run(
      'agent',
      'kubectl wait twinenvironment/pr-42 twinenvironment/staging -n shop-dev --for=condition=TwinsWired --timeout=30s',
    );
    await shell.run('agent', 'kubectl get twinenvironments -n shop-dev');
    await Promise.all([answers(story, 'pr-42', 'v2'), answers(story, 'staging', 'v1')]);
    await checkout(story, 'pr-42');
    await receipt(story);
    await wired(story, 'pr-42');
  },
};

interface EnvironmentStatus {
  readonly url: string;
  readonly namespace: string;
}

/** Status of an environment in shop-dev. */
export async function environmentStatus({ cluster }: Story, name: string): Promise<EnvironmentStatus> {
  const path = `/apis/twinlock.dev/v1alpha1/namespaces/shop-dev/twinenvironments/${name}`;
  const { body } = await cluster.request('GET', path);
  return (body as { status: EnvironmentStatus }).status;
}

/** @throws StoryError when the environment's URL does not show that version of the shop */
export async function answers(story: Story, name: string, version: string): Promise<void> {
  const { url } = await environmentStatus(story, name);
  const answer = await get(`${url}/version`);
  story.print(`  GET ${url}/version: ${answer.status} ${answer.body.trim()}`);
  hold(answer.status === 200 && answer.body.trim() === version, `${url} must show ${version}: ${answer.body}`);
}

async function checkout(story: Story, name: string): Promise<void> {
  const { url } = await environmentStatus(story, name);
  const answer = await get(`${url}/checkout`);
  hold(answer.status === 200, `a checkout must work: ${answer.status} ${answer.body}`);
  const { payment } = JSON.parse(answer.body) as {
    payment: { id: string; headers: Readonly<Record<string, string>> };
  };
  const proof = payment.headers['stripe-mock-version'];
  story.print(`  GET ${url}/checkout: ${answer.status} ${payment.id}, Stripe-Mock-Version: ${proof}`);
  hold(proof !== undefined, `the checkout must have reached stripe-mock: ${answer.body}`);
}

/** staging keeps what it is given: its object store is durable. */
async function receipt(story: Story): Promise<void> {
  const { url } = await environmentStatus(story, 'staging');
  const paid = await get(`${url}/checkout`);
  hold(paid.status === 200, `a checkout in staging must work: ${paid.status} ${paid.body}`);
  const { body } = await get(`${url}/receipts`);
  story.print(`  GET ${url}/receipts: ${body.replace(/\s+/g, ' ').trim()}`);
  hold(
    (JSON.parse(body) as { receipts: readonly string[] }).receipts.length > 0,
    `staging must keep receipts: ${body}`,
  );
}

/** What was rendered, what the pods run with and what the app says is one and the same URL. */
async function wired(story: Story, name: string): Promise<void> {
  const { url } = await environmentStatus(story, name);
  const page = `${url}/admin/services`;
  const answer = await get(page, { accept: 'application/json' });
  hold(answer.status === 200, `${page} must answer: ${answer.status} ${answer.body}`);
  const { services } = JSON.parse(answer.body) as { services: readonly ServiceOnPage[] };
  const stripe = services.find((service) => service.name === 'stripe');
  const variable = stripe?.variables.find(({ env }) => env === 'STRIPE_BASE_URL');
  const urls = [variable?.rendered, variable?.running, stripe?.reported?.url];
  story.print(`  GET ${page}`);
  story.print(`    stripe: ${stripe?.mode}, verified: ${stripe?.verified}`);
  story.print(`    rendered ${urls[0]}, running ${urls[1]}, reported ${urls[2]}`);
  hold(
    stripe?.mode === 'Twin' && stripe.verified && urls[0] !== undefined && urls.every((one) => one === urls[0]),
    `the three URLs of stripe must be one: ${answer.body}`,
  );
}

/** A service as `/admin/services` shows it. */
interface ServiceOnPage {
  readonly name: string;
  readonly mode: string;
  readonly verified: boolean;
  readonly variables: readonly { readonly env: string; readonly rendered?: string; readonly running?: string }[];
  readonly reported?: { readonly url?: string };
}
