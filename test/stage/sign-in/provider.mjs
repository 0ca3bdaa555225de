/** oidc-provider as it is published, with one client and whoever signs in: `node provider.mjs <port> <redirect URI> <secret>`. */
import { Provider } from 'oidc-provider';

const [port, redirect, secret] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{ client_id: 'twinlock', client_secret: secret, redirect_uris: [redirect] }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['preferred_username'] },
  cookies: { keys: ['a key of the tests'] },
  findAccount: (_context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, preferred_username: id, email: `${id}@shop.example`, email_verified: true }),
  }),
});
provider.listen(Number(port), '127.0.0.1');
