import { Stripe } from 'stripe';

/** Where payments go, and the vendor's own SDK for it. */
export interface Payments {
  /** 'Twin' when STRIPE_BASE_URL points the SDK elsewhere, else 'Real'. */
  readonly mode: 'Twin' | 'Real';
  readonly url: string;
  readonly sdk: Stripe | undefined;
}

/** A finished checkout: what the vendor (or its twin) answered. */
export interface Checkout {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
  readonly status: string;
  /** Headers of the answer; stripe-mock names itself there, Stripe does not. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Points the Stripe SDK to STRIPE_BASE_URL. Unset, the SDK keeps the vendor's own address: production needs no setting.
 *
 * @param env STRIPE_BASE_URL and STRIPE_API_KEY; without a key there is no SDK and checkouts are refused
 */
export function payments(env: Readonly<Record<string, string | undefined>>): Payments {
  const base = env['STRIPE_BASE_URL'];
  const key = env['STRIPE_API_KEY'];
  const url = new URL(base ?? 'https://api.stripe.com');
  const target =
    base === undefined
      ? {}
      : {
          protocol: url.protocol === 'http:' ? ('http' as const) : ('https' as const),
          host: url.hostname,
          port: url.port === '' ? (url.protocol === 'http:' ? 80 : 443) : Number(url.port),
        };
  return {
    mode: base === undefined ? 'Real' : 'Twin',
    url: base ?? url.origin,
    sdk:
      key === undefined
        ? undefined
        : new Stripe(key, { ...target, maxNetworkRetries: 3, timeout: 5000, telemetry: false }),
  };
}

/** Charges one cup of coffee. Throws what the SDK throws. */
export async function buy(sdk: Stripe, amount: number): Promise<Checkout> {
  const intent = await sdk.paymentIntents.create({
    amount,
    currency: 'eur',
    description: 'Coffee beans, 250 g',
  });
  return {
    id: intent.id,
    amount: intent.amount,
    currency: intent.currency,
    status: intent.status,
    headers: Object.fromEntries(
      Object.entries(intent.lastResponse.headers).map(([name, value]) => [name, String(value)]),
    ),
  };
}
