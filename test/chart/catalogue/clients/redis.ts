import { createClient } from '@redis/client';

const redis = createClient({ url: process.env['REDIS_URL'] ?? '' });
await redis.connect();
await redis.set('cart', '17', { expiration: { type: 'EX', value: 60 } });
console.log(JSON.stringify({ cart: await redis.get('cart'), kept: (await redis.ttl('cart')) > 0 }));
redis.destroy();
