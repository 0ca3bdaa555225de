import test from 'ava';
import * as fc from 'fast-check';
import { sign } from 'node:crypto';
import { parsePublicKey } from '../../operator/votes/index.ts';
import { countOne, saidBy } from '../vectors/one-vote.ts';
import {
  armor,
  armored,
  dearmored,
  ecdsaBlob,
  ecdsaKey,
  ed25519Key,
  rsaKey,
  securityKey,
  securityKeySignature,
  string,
  toSign,
  workshop,
} from '../vectors/ssh.ts';

const { stockVerifies, remove } = workshop();
test.after.always(remove);

const statements = { approve: '{\n  "decision": "approve"\n}\n', reject: '{\n  "decision": "reject"\n}\n' };
const data = toSign(statements.approve);
const [ed, ec, rsa, skEd, skEc] = [
  ed25519Key(),
  ecdsaKey(),
  rsaKey(3072),
  securityKey('ed25519'),
  securityKey('ecdsa'),
];
const vote = (key: typeof ed, algorithm: string, raw: Buffer): string =>
  armored({ publicKey: key.blob, signature: Buffer.concat([string(algorithm), string(raw)]) });
const votes = {
  ed25519: { key: ed, armored: vote(ed, 'ssh-ed25519', sign(null, data, ed.privateKey)) },
  ecdsa: { key: ec, armored: vote(ec, ec.type, ecdsaBlob(data, ec.privateKey)) },
  rsa: { key: rsa, armored: vote(rsa, 'rsa-sha2-512', sign('sha512', data, rsa.privateKey)) },
  'sk-ed25519': { key: skEd, armored: securityKeySignature(skEd, statements.approve) },
  'sk-ecdsa': { key: skEc, armored: securityKeySignature(skEc, statements.approve) },
};
const verdict = (key: string, text: string, approve = statements.approve): string =>
  saidBy({ armor: text, statements: { ...statements, approve }, key });
const flipped = (bytes: Buffer, at: number, by: number): Buffer => {
  const changed = Buffer.from(bytes);
  const index = at % bytes.length;
  changed.writeUInt8((changed[index] ?? 0) ^ by, index);
  return changed;
};
const place = fc.nat(1_000_000);
const mask = fc.integer({ min: 1, max: 255 });

for (const [name, { key, armored: good }] of Object.entries(votes)) {
  test(`no changed byte of a ${name} signature is a vote`, (t) => {
    t.is(verdict(key.line, good), 'approve');
    const bytes = dearmored(good);
    fc.assert(
      fc.property(
        place,
        mask,
        (at, by) => !['approve', 'reject'].includes(verdict(key.line, armor(flipped(bytes, at, by)))),
      ),
      { numRuns: 1000 },
    );
  });

  test(`no changed character of a ${name} armor is a vote`, (t) => {
    const bytes = Buffer.from(good.trimEnd(), 'latin1');
    t.notThrows(() =>
      fc.assert(
        fc.property(place, mask, (at, by) => {
          const changed = flipped(bytes, at, by).toString('latin1');
          // The one thing that is not armor at all: a final line break may be there or not.
          return verdict(key.line, changed) !== 'approve' && verdict(key.line, `${changed}\n`) !== 'approve';
        }),
        { numRuns: 1000 },
      ),
    );
  });

  test(`no changed byte of the statement is approved by a ${name} signature`, (t) => {
    const bytes = Buffer.from(statements.approve);
    t.notThrows(() =>
      fc.assert(
        fc.property(
          place,
          mask,
          (at, by) => verdict(key.line, good, flipped(bytes, at, by).toString('latin1')) === 'WrongStatement',
        ),
        { numRuns: 300 },
      ),
    );
  });

  test(`no changed byte of a ${name} key verifies its vote`, (t) => {
    t.notThrows(() =>
      fc.assert(
        fc.property(place, mask, (at, by) => {
          const line = `${key.type} ${flipped(key.blob, at, by).toString('base64')}`;
          return verdict(line, good) !== 'approve';
        }),
        { numRuns: 300 },
      ),
    );
  });
}

test('what we accept, stock ssh-keygen accepts; what only it accepts is another armor of a good signature', (t) => {
  const kinds = Object.values(votes);
  const seen = { both: 0, neither: 0, lenient: 0 };
  fc.assert(
    fc.property(fc.nat(kinds.length - 1), edits(), (kind, edit) => {
      const { key, armored: good } = kinds[kind] ?? votes.ed25519;
      const changed = edit(good);
      const ours = verdict(key.line, changed);
      const stock = stockVerifies(changed, statements.approve, `alice ${key.line}\n`);
      if (ours === 'approve') seen.both++;
      else if (stock) seen.lenient++;
      else seen.neither++;
      return ours === 'approve' ? stock : !stock || ['BadArmor', 'TooLarge', 'TouchMissing'].includes(ours);
    }),
    { numRuns: 250, seed: 20_261_121 },
  );
  t.log(seen);
  t.true(seen.both > 0 && seen.neither > 0 && seen.lenient > 0, 'every case was met');
});

test('hostile text is a refusal, never a throw', (t) => {
  const framed = fc
    .string({ unit: 'binary', maxLength: 300 })
    .map((body) => `-----BEGIN SSH SIGNATURE-----\n${body}\n-----END SSH SIGNATURE-----`);
  const structured = fc
    .tuple(fc.constantFrom('SSHSIG', 'SSHSIQ', ''), fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 6 }))
    .map(([magic, fields]) => armor(Buffer.concat([Buffer.from(magic), Buffer.of(0, 0, 0, 1), ...fields.map(string)])));
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), framed, structured), (text) => {
        const [vote] = countOne({ armor: text, statements, key: ed.line }).votes;
        return vote?.valid === false && vote.message !== '';
      }),
      { numRuns: 3000 },
    ),
  );
});

test('hostile keys are a refusal, never a throw', (t) => {
  const types = fc.constantFrom(...Object.values(votes).map(({ key }) => key.type), 'ssh-dss', '__proto__');
  const blobs = fc.array(fc.uint8Array({ maxLength: 500 }), { maxLength: 4 });
  t.notThrows(() =>
    fc.assert(
      fc.property(types, blobs, fc.string({ unit: 'binary' }), (type, fields, comment) => {
        const blob = Buffer.concat([string(type), ...fields.map(string)]);
        const parsed = parsePublicKey(`${type} ${blob.toString('base64')} ${comment}`);
        // The only keys that random fields can be: 32 bytes that are a point's y.
        return !parsed.ok || type.includes('ed25519');
      }),
      { numRuns: 3000 },
    ),
  );
  t.notThrows(() => fc.assert(fc.property(fc.string({ unit: 'binary' }), (line) => !parsePublicKey(line).ok)));
});

test('the message of a refusal holds nothing of the input', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 4 }), (text) => {
        const hostile = armored({ publicKey: ed.blob, signature: string(text), hash: text });
        const [vote] = countOne({ armor: hostile, statements, key: ed.line }).votes;
        const { valid = true, message = '' } = vote ?? {};
        return !valid && /^[\x20-\x7e]+$/.test(message) && !(text.length > 12 && message.includes(text));
      }),
    ),
  );
});

/** Changes that stock tools could meet: nothing, spacing, wrapping, a changed bit, a cut. */
function edits(): fc.Arbitrary<(good: string) => string> {
  return fc.oneof(
    fc.constant((good: string) => good),
    fc.constant((good: string) => good.trimEnd()),
    fc.constant((good: string) => good.replaceAll('\n', '\r\n')),
    fc.integer({ min: 20, max: 200 }).map((width) => (good: string) => armor(dearmored(good), width)),
    place.map((at) => (good: string) => `${good.slice(0, at % good.length)} ${good.slice(at % good.length)}`),
    place.map((at) => (good: string) => good.slice(0, at % good.length)),
    fc.tuple(place, mask).map(
      ([at, by]) =>
        (good: string) =>
          armor(flipped(dearmored(good), at, by)),
    ),
    fc.tuple(place, mask).map(
      ([at, by]) =>
        (good: string) =>
          flipped(Buffer.from(good), at, by).toString('latin1'),
    ),
    fc.constant((good: string) => armor(Buffer.concat([dearmored(good), Buffer.of(0)]))),
  );
}
