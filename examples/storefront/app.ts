import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { page } from './page.ts';
import { receipts } from './receipts.ts';
import { buy, payments } from './stripe.ts';

const price = 990;

/** What one service of the shop says about itself; Twinlock compares it with what it rendered. */
interface ServiceReport {
  readonly name: string;
  readonly mode: string;
  readonly url: string;
}

/**
 * The whole shop.
 *
 * @param version shown on the page and in `X-Storefront-Version`
 * @param env where the services are, see {@link payments} and {@link receipts}
 */
export function storefront(version: string, env: Readonly<Record<string, string | undefined>>): RequestListener {
  const stripe = payments(env);
  const store = receipts(env);
  const services: readonly ServiceReport[] = [
    { name: 'stripe', mode: stripe.mode, url: stripe.url },
    ...(store ? [{ name: 'gcs', mode: 'Twin', url: store.url }] : []),
  ];

  const checkout = async (response: ServerResponse): Promise<void> => {
    if (stripe.sdk === undefined) {
      json(response, 503, { error: 'STRIPE_API_KEY is not set: this shop cannot take payments' });
      return;
    }
    try {
      const payment = await buy(stripe.sdk, price);
      await store?.save(payment.id, { amount: payment.amount, currency: payment.currency });
      json(response, 200, { version, payments: stripe.mode, payment });
    } catch (error) {
      // The SDK's message may quote the key; its type does not.
      const reason = error instanceof Error ? error.constructor.name : 'unknown error';
      json(response, 502, { error: `the payment did not go through: ${reason}` });
    }
  };

  const routes: Readonly<Record<string, (response: ServerResponse) => void | Promise<void>>> = {
    '/': (response) => send(response, 200, 'text/html; charset=utf-8', page(version, stripe.mode)),
    '/checkout': checkout,
    '/receipts': async (response) => json(response, 200, { receipts: (await store?.list()) ?? [] }),
    '/healthz': (response) => send(response, 200, 'text/plain', 'ok\n'),
    '/version': (response) => send(response, 200, 'text/plain', `${version}\n`),
    '/internal/services': (response) => json(response, 200, { services }),
  };

  return (request: IncomingMessage, response: ServerResponse): void => {
    response.setHeader('X-Storefront-Version', version);
    const route = routes[new URL(request.url ?? '/', 'http://shop').pathname];
    if (route === undefined) {
      send(response, 404, 'text/plain', 'not found\n');
      return;
    }
    Promise.resolve(route(response)).catch((error: unknown) => {
      json(response, 500, { error: error instanceof Error ? error.message : 'unknown error' });
    });
  };
}

function json(response: ServerResponse, status: number, body: object): void {
  send(response, status, 'application/json', `${JSON.stringify(body, undefined, 2)}\n`);
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { 'content-type': type }).end(body);
}
