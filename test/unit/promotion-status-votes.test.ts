import test from 'ava';
import {
  decide,
  environment,
  images,
  keys,
  promotion,
  run,
  statusOf,
  voted,
  world,
  type Scene,
  crowd,
} from './promotion-world.ts';

const armor = '-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----';
const junk = (count: number, value = (index: number) => `${armor}${index}`): Readonly<Record<string, string>> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`vote.twinlock.dev/junk-${index}`, value(index)]));

function carrying(given: Scene, annotations: Readonly<Record<string, string>>): Scene {
  const { metadata } = given.promotion;
  const all = { ...metadata.annotations, ...annotations };
  return { ...given, promotion: { ...given.promotion, metadata: { ...metadata, annotations: all } } };
}
const votesOf = (given: Scene) => statusOf(given).approval?.votes ?? [];
const withStatus = (given: Scene): Scene => ({
  ...given,
  promotion: { ...given.promotion, status: statusOf(given) },
});

/** What admission asks: an armor that status has, letter by letter, may be taken away. */
const removable = (given: Scene): boolean => {
  const kept = votesOf(given).map((vote) => vote.armor);
  return Object.entries(given.promotion.metadata.annotations ?? {})
    .filter(([name]) => name.startsWith('vote.twinlock.dev/'))
    .every(([, value]) => kept.includes(value) || kept.includes(value.replace(/\n$/, '')));
};

/** Every phase in which nobody counts, and one in which votes are counted. */
const phases: readonly (readonly [string, Scene])[] = [
  ['Pending', world({ target: undefined })],
  ['Pending', world({ siblings: crowd })],
  ['Gating', world({ environment: undefined })],
  ['Expired', world({ promotion: promotion('web-42', { createdAt: '2026-11-01T09:00:00Z' }) })],
  ['AwaitingApproval', run(world()).world],
  ['Completed', run(voted(run(world()).world, keys.alice)).world],
  ['Superseded', run(world({ environment: environment(images.first) })).world],
];
for (const [index, [phase, given]] of phases.entries())
  test(`whatever says that it is a signature is in status as it is, so that it can be taken away: ${phase} (${index})`, (t) => {
    const flooded = carrying(given, junk(31));
    const strange = carrying(flooded, { 'vote.twinlock.dev/strange': `BEGIN SSH SIGNATURE \u00e9\t\u001b[2J` });
    t.is(decide(strange).verdict.phase, phase as never);
    t.true(removable(strange));
    const junked = votesOf(strange).filter(({ annotation }) => annotation?.includes('junk'));
    t.is(junked.length, 31);
    t.true(junked.every(({ valid }) => !valid));
    t.true(removable(withStatus(strange)), 'and it stays so when it is looked at again');
  });

test('what was only carried goes when nobody carries it any more, what was counted stays', (t) => {
  const flooded = withStatus(carrying(world({ environment: undefined }), junk(5)));
  const { metadata } = flooded.promotion;
  const bare = { ...flooded, promotion: { ...flooded.promotion, metadata: { ...metadata, annotations: {} } } };
  t.is(votesOf(bare).length, 0);
});

test('noise pushes out neither a vote that counts nor one that is carried', (t) => {
  let open = voted(run(world()).world, keys.alice);
  const [first] = votesOf(open);
  // Seen once, and taken away since: sixty-four of them fill all the room there is.
  const old = Array.from({ length: 64 }, (_, index) => ({
    valid: false,
    reason: 'WrongStatement',
    firstSeen: '2026-11-21T09:00:00Z',
    armor: `${armor}old${index}`,
  }));
  const gating = { ...open, environment: undefined, policy: { missing: 'it is away' } };
  open = {
    ...gating,
    promotion: { ...gating.promotion, status: { approval: { votes: [...old, { ...first! }] } } },
  };
  const crowded = carrying(open, junk(31));
  const votes = votesOf(crowded);
  t.is(votes.length, 64);
  t.true(votes[0]?.valid);
  t.true(removable(crowded));
});

test('a private key that was pasted is not copied into status', (t) => {
  const pem = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----';
  const given = carrying(world({ environment: undefined }), { 'vote.twinlock.dev/oops': pem });
  t.notRegex(JSON.stringify(votesOf(given)), /b3BlbnNzaC1rZXk/);
  t.regex(JSON.stringify(votesOf(given)), /sha256:/);
});

test('a reject that is taken away while nobody counts is counted later, whatever noise came before and after it', (t) => {
  const asked = run(world()).world;
  const away = withStatus({ ...asked, policy: { missing: 'it is away' } });
  const bare = (given: Scene): Scene => {
    const { metadata } = given.promotion;
    const annotations = { 'twinlock.dev/requested-by': 'dev' };
    return withStatus({ ...given, promotion: { ...given.promotion, metadata: { ...metadata, annotations } } });
  };
  const noise = (given: Scene, from: number): Scene =>
    bare(
      withStatus(
        carrying(
          given,
          junk(31, (index) => `${armor}${from + index}`),
        ),
      ),
    );
  const rejected = voted(noise(away, 0), keys.bob, 'reject');
  let later = bare(withStatus(rejected));
  t.true(removable(rejected) && votesOf(later).length > 31, 'it can be taken away, and stays');
  for (const from of [100, 200, 300]) later = noise(later, from);
  t.is(run({ ...later, policy: world().policy }).decision.verdict.phase, 'Rejected');
});
