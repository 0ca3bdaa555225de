import { Client } from 'pg';

const { DATABASE_URL = '' } = process.env;
const answers = [];
// By the variables that its own library reads, then by the one that most frameworks read.
for (const client of [new Client(), new Client(DATABASE_URL)]) {
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS orders (id int PRIMARY KEY)');
  await client.query('INSERT INTO orders SELECT count(*) + 1 FROM orders');
  const { rows } = await client.query('SELECT id, current_user AS "user" FROM orders ORDER BY id');
  answers.push(rows);
  await client.end();
}
console.log(JSON.stringify(answers));
