import { PostHog } from 'posthog-node';

const { POSTHOG_API_KEY = '', POSTHOG_HOST = '' } = process.env;
const posthog = new PostHog(POSTHOG_API_KEY, { host: POSTHOG_HOST });
const errors: string[] = [];
posthog.on('error', (error: Error) => errors.push(error.message));
posthog.capture({ distinctId: 'buyer-17', event: 'order paid' });
const flags = await posthog.getAllFlags('buyer-17');
await posthog.shutdown();
console.log(JSON.stringify({ flags, errors }));
