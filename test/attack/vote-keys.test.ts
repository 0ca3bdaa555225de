import { sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { images } from '../stage/shop.ts';
import { path } from '../stage/promotions.ts';
import {
  armor,
  armored,
  dearmored,
  ecdsaBlob,
  ecdsaKey,
  ed25519Key,
  madeKey,
  mpint,
  rsaKey,
  securityKey,
  securityKeySignature,
  string,
  toSign,
} from '../vectors/ssh.ts';
import { denied } from './assert.ts';
import { Hall, principal, promotionOf, verdict, type Place } from '../stage/hall.ts';
import { messageOf } from '../stage/objects.ts';
import type { Json } from '../stage/stage.ts';
import { request } from '../stage/requester.ts';

let hall: Hall;
test.before(async () => {
  hall = await Hall.open(import.meta.filename);
});
test.after.always(async () => {
  await hall?.close();
});

const past = '2026-01-01T00:00:00Z';
const future = '2096-01-01T00:00:00Z';
/** Order of P-256's group (SEC 2, section 2.4.2). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** A place whose keyring has carol with this key, and bob, who is honest. */
async function beside(namespace: string, line: string, key: Json = {}): Promise<Place> {
  const principals = [principal({ name: 'carol', line }, key), principal(hall.voters.bob)];
  return hall.waiting(namespace, { principals });
}

test.serial("denied: the requester's own vote, carried by another under another name (the requester)", async (t) => {
  const { alice, bob } = hall.voters;
  const place = await hall.waiting('requester', { as: hall.stage.people.alice });
  t.is(verdict(await place.cast('bob', alice.sign(await place.statement()))), 'false Requester');
  await place.untouched(t);
  await place.vote(bob);
  await place.passes(t);
});

test.serial('denied: a key that the requester has under another name in the keyring (the requester)', async (t) => {
  const { bob, carol } = hall.voters;
  const principals = [{ ...principal(carol), kubernetesUsers: ['carol', 'alice'] }, principal(bob)];
  const place = await hall.waiting('second-self', { as: hall.stage.people.alice, principals });
  t.is(verdict(await place.vote(carol)), 'false Requester');
  await place.untouched(t);
  await place.vote(bob);
  await place.passes(t);
});

test.serial('denied: a forged requested-by, at creation and later (the requester)', async (t) => {
  const { alice, bob } = hall.voters;
  const place = await hall.production('forged');
  await place.shop.environment('pr-42', images.second);
  const as = hall.stage.people.alice.kubeconfig;
  const annotations = { 'twinlock.dev/requested-by': 'dev' };
  const promotion = { ...promotionOf(place, 'web-42'), metadata: { name: 'web-42', annotations } };
  await hall.stage.send('POST', path(place.shop.namespace, 'promotions'), promotion, as);
  const later = await hall.stage.cluster.request('PATCH', place.promotionPath(), {
    body: { metadata: { annotations } },
    contentType: 'application/merge-patch+json',
    as,
  });
  denied(t, later, 'requested-by');
  t.regex(await place.statement(), /"requestedBy": "alice"/);
  t.is(verdict(await place.vote(alice)), 'false Requester');
  await place.untouched(t);
  await place.vote(bob);
  await place.passes(t);
});

test.serial(
  "denied: carol's key under alice's name counts for carol only, however often (one rogue approver)",
  async (t) => {
    const { alice, carol } = hall.voters;
    const place = await hall.waiting('another-key', { policy: { quorum: [{ count: 2 }] } });
    const statement = await place.statement();
    const asAlice = await place.cast('alice', carol.sign(statement, { hash: 'sha256' }));
    t.is(asAlice.principal, 'carol');
    t.is(verdict(await place.cast('bob', carol.sign(statement, { hash: 'sha512' }))), 'true Duplicate');
    t.is(await place.have(), 1);
    await place.untouched(t);
    await place.cast('carol', alice.sign(statement));
    await place.passes(t);
  },
);

test.serial("denied: alice's key inside the armor of mallory's signature (an unlisted approver)", async (t) => {
  const [enrolled, own] = [ed25519Key(), ed25519Key()];
  const place = await beside('embedded-key', enrolled.line);
  const statement = await place.statement();
  const by = (key: typeof own): Buffer =>
    Buffer.concat([string('ssh-ed25519'), string(sign(null, toSign(statement), key.privateKey))]);
  const forged = armored({ publicKey: enrolled.blob, signature: by(own) });
  t.is(verdict(await place.cast('forged', forged)), 'false WrongStatement');
  t.is(verdict(await place.cast('own', armored({ publicKey: own.blob, signature: by(own) }))), 'false NotEnrolled');
  await place.untouched(t);
  t.is(
    verdict(await place.cast('good', armored({ publicKey: enrolled.blob, signature: by(enrolled) }))),
    'true Counted',
  );
  await place.passes(t);
});

for (const [what, key, reason] of [
  ['an expired key', { notAfter: past }, 'KeyExpired'],
  ['a key that is not valid yet', { notBefore: future }, 'KeyNotYetValid'],
  ['a revoked key', { revokedAt: past, reason: 'lost' }, 'KeyRevoked'],
] as const)
  test.serial(`denied: ${what} (its holder, or who found it)`, async (t) => {
    const { bob, carol } = hall.voters;
    const place = await beside(reason.toLowerCase(), carol.line, key);
    t.is(verdict(await place.vote(carol)), `false ${reason}`);
    await place.untouched(t);
    await place.vote(bob);
    await place.passes(t);
  });

test.serial(
  'denied: a revoked key that is enrolled once more, for its owner or for another (who found it)',
  async (t) => {
    const { alice, bob, carol } = hall.voters;
    const twice = [{ publicKey: carol.line.trim(), revokedAt: past }, { publicKey: `${carol.line.trim()} again` }];
    const principals = [{ name: 'carol', keys: twice }, principal(alice), principal(bob)];
    const place = await hall.waiting('re-enrolled', { principals });
    t.is(verdict(await place.vote(carol)), 'false KeyRevoked');
    const nonce = await place.nonce();
    await place.setPrincipals([
      principal(carol, { revokedAt: past }),
      { ...principal(carol), name: 'dana' },
      principal(bob),
    ]);
    await place.nextRound(nonce);
    t.is(verdict(await place.vote(carol)), 'false AmbiguousKey');
    await place.untouched(t);
    await place.vote(bob);
    await place.passes(t);
  },
);

test.serial(
  'denied: a vote that had counted, once its key is revoked (a rogue approver); the others stay',
  async (t) => {
    const { alice, bob, carol } = hall.voters;
    const place = await hall.waiting('revoked-later', { policy: { quorum: [{ count: 2 }] } });
    const nonce = await place.nonce();
    await place.vote(alice);
    await place.setPrincipals([principal(alice, { revokedAt: past }), principal(bob), principal(carol)]);
    await place.shop.promotion('web-42', ({ status }) => status?.approval?.votes?.[0]?.reason === 'KeyRevoked');
    await place.vote(bob);
    t.is(await place.have(), 1);
    await place.untouched(t);
    t.is(await place.nonce(), nonce, 'a revocation voids the votes of one key, not those of others');
    await place.vote(carol);
    await place.passes(t);
  },
);

test.serial('denied: ssh-rsa with SHA-1, a SHA-1 hash, an RSA key too short (old tools)', async (t) => {
  const key = rsaKey(3072);
  const short = hall.workshop.makeKey('rsa', '-b', '2048');
  const principals = [principal({ name: 'carol', line: key.line })];
  const place = await hall.waiting('old-tools', { principals });
  await t.throwsAsync(place.setPrincipals([...principals, principal({ name: 'short', line: short.line })]), {
    message: /fewer than 3072 bits/,
  });
  const statement = await place.statement();
  const rsa = (algorithm: string, digest: string, hash = 'sha512'): string => {
    const raw = sign(digest, toSign(statement, hash), key.privateKey);
    return armored({ publicKey: key.blob, signature: Buffer.concat([string(algorithm), string(raw)]), hash });
  };
  t.is(verdict(await place.cast('sha1', rsa('ssh-rsa', 'sha1'))), 'false UnsupportedAlgorithm');
  t.is(verdict(await place.cast('sha1-hash', rsa('rsa-sha2-512', 'sha512', 'sha1'))), 'false UnsupportedHash');
  t.is(verdict(await place.cast('short', short.sign(statement))), 'false NotEnrolled');
  await place.untouched(t);
  t.is(verdict(await place.cast('good', rsa('rsa-sha2-512', 'sha512'))), 'true Counted');
  await place.passes(t);
});

test.serial('denied: a signature made for git over the same bytes (a bot that signs commits)', async (t) => {
  const { bob } = hall.voters;
  const place = await hall.waiting('for-git');
  const statement = await place.statement();
  t.is(verdict(await place.cast('bob', bob.sign(statement, { namespace: 'git' }))), 'false WrongNamespace');
  await place.untouched(t);
  await place.cast('bob-again', bob.sign(statement));
  await place.passes(t);
});

test.serial('denied: a small-order key, under which anybody could sign (who got it enrolled)', async (t) => {
  const encodings = JSON.parse(
    readFileSync(new URL('../vectors/small-order.json', import.meta.url), 'utf8'),
  ) as string[];
  const { bob } = hall.voters;
  const keys = encodings.map((hex) => madeKey('ssh-ed25519', ed25519Key().privateKey, Buffer.from(hex, 'hex')));
  const weak = keys.map(({ line }, index) => principal({ name: `weak-${index}`, line }));
  const place = await hall.waiting('small-order', { principals: [...weak, principal(bob)] });
  // R is the key, s is 0: it holds for some or for all messages.
  for (const [index, { blob }] of keys.entries()) {
    const forgery = Buffer.concat([Buffer.from(encodings[index] ?? '', 'hex'), Buffer.alloc(32)]);
    const signature = Buffer.concat([string('ssh-ed25519'), string(forgery)]);
    await place.carry(`weak-${index}`, armored({ publicKey: blob, signature }));
  }
  for (const index of keys.keys()) {
    const judged = await place.judged(`weak-${index}`);
    t.is(verdict(judged), 'false WeakKey');
    t.true(judged.message?.includes(`of weak-${index} is in the keyring and cannot be used`));
  }
  t.is(await place.have(), 0);
  await place.untouched(t);
  await place.vote(bob);
  await place.passes(t);
});

test.serial('denied: a malleated ECDSA signature counts a second time (one rogue approver)', async (t) => {
  const { bob } = hall.voters;
  const key = ecdsaKey();
  const principals = [principal({ name: 'carol', line: key.line }), principal(bob)];
  const place = await hall.waiting('malleated', { principals, policy: { quorum: [{ count: 2 }] } });
  const statement = await place.statement();
  const raw = sign('sha256', toSign(statement), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  const s = BigInt(`0x${raw.subarray(32).toString('hex')}`);
  const other = Buffer.from((P256_ORDER - s).toString(16).padStart(64, '0'), 'hex');
  const vote = (second: Uint8Array): string => {
    const pair = Buffer.concat([mpint(raw.subarray(0, 32)), mpint(second)]);
    return armored({ publicKey: key.blob, signature: Buffer.concat([string(key.type), string(pair)]) });
  };
  t.is(verdict(await place.cast('one', vote(raw.subarray(32)))), 'true Counted');
  const twin = await place.cast('two', vote(other));
  const fresh = Buffer.concat([string(key.type), string(ecdsaBlob(toSign(statement), key.privateKey))]);
  const third = await place.cast('three', armored({ publicKey: key.blob, signature: fresh }));
  t.deepEqual(
    [verdict(twin), verdict(third)],
    ['true Duplicate', 'true Duplicate'],
    'a valid signature, yet one voice',
  );
  t.is(await place.have(), 1);
  await place.untouched(t);
  await place.vote(bob);
  await place.passes(t);
});

test.serial('denied: a security key that nobody touched, also with its touch forged (malware beside it)', async (t) => {
  const key = securityKey('ed25519');
  const place = await beside('no-touch', key.line);
  const statement = await place.statement();
  const untouched = securityKeySignature(key, statement, { flags: 0 });
  t.is(verdict(await place.cast('no-touch', untouched)), 'false TouchMissing');
  const forged = dearmored(untouched);
  forged.writeUInt8(1, forged.length - 5);
  t.is(verdict(await place.cast('forged', armor(forged))), 'false WrongStatement');
  await place.untouched(t);
  t.is(verdict(await place.cast('touched', securityKeySignature(key, statement))), 'true Counted');
  await place.passes(t);
});

test.serial('denied: a key in software where the policy asks for a touch (an agent on a laptop)', async (t) => {
  const key = securityKey('ecdsa');
  const principals = [principal({ name: 'carol', line: key.line }), principal(hall.voters.bob)];
  const place = await hall.waiting('in-software', { principals, policy: { requireTouch: true } });
  t.is(verdict(await place.vote(hall.voters.bob)), 'false TouchMissing');
  await place.untouched(t);
  await place.cast('touched', securityKeySignature(key, await place.statement()));
  await place.passes(t);
});

test.serial('denied: truncated, oversized and padded armor (a bad paste, a flood)', async (t) => {
  const { bob } = hall.voters;
  const place = await hall.waiting('bad-armor');
  const good = bob.sign(await place.statement());
  const bytes = dearmored(good);
  const whole = /paste the whole armor/;
  denied(t, await place.carry('cut', good.slice(0, -40)), 'votes', whole);
  denied(t, await place.carry('windows', good.replaceAll('\n', '\r\n')), 'votes', /tr -d '\\r'/);
  t.is(verdict(await place.cast('uneven', `${good.slice(0, 60)}\n${good.slice(60)}`)), 'false BadArmor');
  t.is(verdict(await place.cast('cut-inside', armor(bytes.subarray(0, -10)))), 'false BadEncoding');
  t.is(verdict(await place.cast('padded', armor(Buffer.concat([bytes, Buffer.of(0)])))), 'false BadEncoding');
  denied(t, await place.carry('largest', 'x'.repeat(6144)), 'votes', whole);
  denied(t, await place.carry('oversized', `${good}${' '.repeat(6144)}`), 'votes', /at most 6144 bytes/);
  await place.untouched(t);
  await place.cast('good', good);
  await place.passes(t);
});

test.serial(
  'denied: names that read as others: bidi, escapes, homoglyphs (a requester, a vote, the keyring)',
  async (t) => {
    const { alice } = hall.voters;
    // An invisible hyphen and a terminal's "clear the screen" (C1 CSI): what an identity provider might hand on.
    const name = 'ali\u00adce\u009b2J';
    const place = await hall.production('lookalike');
    await place.shop.environment('pr-42', images.second);
    const made = await request(hall.stage.cluster, 'POST', path(place.shop.namespace, 'promotions'), {
      body: promotionOf(place, 'web-42'),
      headers: {
        'Impersonate-User': name,
        'Impersonate-Group': 'system:masters',
      },
    });
    t.is(made.status, 201, messageOf(made));
    const statement = await place.statement();
    t.regex(statement, /^[\n\x20-\x7e]+$/);
    t.true(statement.includes(String.raw`"requestedBy": "ali\u00adce\u009b2J"`));
    denied(t, await place.carry('escapes', '\u001b]0;approved\u0007\u202eeman'), 'votes', /paste the whole armor/);
    const { status } = await place.shop.promotion('web-42', () => true);
    // Neither raw nor as JSON escapes it: only what was made harmless before, which has its backslash escaped.
    const unsafe = /[^\x20-\x7e]|(?<!\\)\\u[0-9a-f]{4}/;
    t.notRegex(JSON.stringify(status), unsafe);
    t.notRegex(JSON.stringify(await place.shop.records()), unsafe);
    for (const bad of [
      { name: 'al\u202eice' },
      { name: '\u0430lice' },
      { name: 'bob', kubernetesUsers: ['bo\u001bb'] },
    ]) {
      const answer = await hall.stage.cluster.request(
        'PATCH',
        '/apis/twinlock.dev/v1alpha1/approverkeyrings/lookalike',
        {
          body: { spec: { principals: [{ ...principal(alice), ...bad }] } },
          contentType: 'application/merge-patch+json',
        },
      );
      t.is(answer.status, 422, messageOf(answer));
    }
    await place.untouched(t);
    // The lookalike is somebody else than alice, as every approver can read.
    t.is(verdict(await place.vote(alice)), 'true Counted');
    await place.passes(t);
  },
);
