import { Stripe } from 'stripe';

const { STRIPE_API_KEY = '', STRIPE_BASE_URL = '' } = process.env;
const { hostname, port } = new URL(STRIPE_BASE_URL);
const stripe = new Stripe(STRIPE_API_KEY, { protocol: 'http', host: hostname, port, maxNetworkRetries: 0 });
const customer = await stripe.customers.create({ email: 'buyer@shop.example' });
console.log(JSON.stringify({ object: customer.object, id: customer.id }));
