import { connect } from '@nats-io/transport-node';

const connection = await connect({ servers: process.env['NATS_URL'] ?? '' });
connection.subscribe('orders.*', {
  callback: (_error, message) => {
    message.respond(`seen ${message.string()}`);
  },
});
const answer = await connection.request('orders.new', '17');
const { jetstream } = connection.info ?? {};
console.log(JSON.stringify({ answer: answer.string(), jetstream }));
await connection.close();
