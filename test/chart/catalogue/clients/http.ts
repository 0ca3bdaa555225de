// Whoever has an OpenAPI document or a recording has an SDK of its own; what these speak is HTTP.
const [variable = '', ...paths] = process.argv.slice(2);
const base = process.env[variable];
const answers = await Promise.all(
  paths.map(async (path) => {
    const answer = await fetch(`${base}${path}`);
    return { status: answer.status, body: (await answer.json()) as unknown };
  }),
);
console.log(JSON.stringify(answers));
