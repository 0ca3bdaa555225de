/** The cases of OpenSSH's regress/sshsig.sh, each with our keyring beside its allowed-signers file. */
import type { KeyringSpec, VoteReason } from '../../operator/votes/index.ts';
import type { SignOptions, VerifyOptions } from './regress.ts';

export const DATA = 'the statement\n';
const WRONG_DATA = DATA + DATA;

/** What a case has at hand: the key of its type, another one that signs nothing, and the one that signs certificates. */
export interface Lines {
  readonly key: string;
  readonly wrong: string;
  readonly authority: string;
}

export interface Case {
  readonly title: string;
  /** What sshsig.sh prints when OpenSSH fails the case. */
  readonly mirrors: readonly string[];
  readonly sign?: SignOptions;
  /** The text that is voted on, when it is not what was signed. */
  readonly data?: string;
  /** Lines of an allowed-signers file, for stock ssh-keygen, and how it is asked. */
  readonly signers: (lines: Lines) => readonly string[];
  readonly verify?: VerifyOptions & { readonly revokes?: (lines: Lines) => readonly string[] };
  readonly stock: 'good' | 'bad';
  /** The same in our keyring. */
  readonly keyring: (lines: Lines) => KeyringSpec;
  readonly reason: VoteReason;
}

export const one = (publicKey: string, rest: object = {}, name = 'alice'): KeyringSpec => ({
  principals: [{ name, groups: [name], keys: [{ publicKey, ...rest }] }],
});
const plain = ({ key }: Lines): readonly string[] => [`alice ${key}`];
const enrolled = ({ key }: Lines): KeyringSpec => one(key);
const time = (year: number): string => `${year}-01-01T00:00:00Z`;
const window = (from: number, to: number): object => ({ notBefore: time(from), notAfter: time(to) });
const options = (from: number, to: number): string => `valid-after="${from}0101Z",valid-before="${to}0101Z"`;

/** A key that is valid in the eighties, looked at in some year. */
function lifespan(year: number | undefined, stock: Case['stock'], reason: VoteReason, mirrors: string[]): Case {
  return {
    title: `a key valid from 1980 to 1990, ${year === undefined ? 'today' : `in ${year}`}`,
    mirrors,
    signers: ({ key }) => [`alice ${options(1980, 1990)} ${key}`],
    ...(year === undefined ? {} : { verify: { at: `${year}0101` } }),
    stock,
    keyring: ({ key }) => one(key, window(1980, 1990)),
    reason,
  };
}

/** A key that is there twice, from 1980 to 1990 and from 1985 to 2000. OpenSSH takes either entry; here both must allow it. */
function twice(year: number, stock: Case['stock'], reason: VoteReason, span: string): Case {
  return {
    title: `a key with two lifespans, in ${year}`,
    mirrors: [`${span === 'outside of validity' ? 'succeeded' : 'failed'} verify for $t verify-time ${span}`].concat(
      `${span === 'outside of validity' ? 'succeeded' : 'failed'} find-principals for $t verify-time ${span}`,
    ),
    signers: ({ key }) => [`alice ${options(1980, 1990)} ${key}`, `alice ${options(1985, 2000)} ${key}`],
    verify: { at: `${year}0101` },
    stock,
    keyring: ({ key }) => ({
      principals: [
        {
          name: 'alice',
          groups: ['alice'],
          keys: [
            { publicKey: key, ...window(1980, 1990) },
            { publicKey: key, ...window(1985, 2000) },
          ],
        },
      ],
    }),
    reason,
  };
}

/** A signature with a certificate: whatever is enrolled, it counts for nobody. */
function certificate(title: string, mirrors: readonly string[], signers: Case['signers'], more: Partial<Case>): Case {
  const base = { stock: 'bad', keyring: ({ authority }: Lines) => one(authority), reason: 'NotEnrolled' } as const;
  return { ...base, title: `a certificate: ${title}`, mirrors, sign: { certificate: true }, signers, ...more };
}

const authority =
  (option = '', principal = 'alice') =>
  (lines: Lines): readonly string[] => [`${principal} cert-authority${option} ${lines.authority}`];
const inEighties = `,${options(1980, 1990)}`;

export const cases: readonly Case[] = [
  ...[undefined, 'sha256', 'sha512'].map((hash): Case => ({
    title: `signed with ${hash ?? 'the default hash'}`,
    mirrors: [
      'sign using $t / $h failed',
      'failed signature for $t / $h key',
      'failed to find valid principals in allowed_signers',
    ],
    ...(hash === undefined ? {} : { sign: { hash } }),
    signers: plain,
    stock: 'good',
    keyring: enrolled,
    reason: 'Counted',
  })),
  {
    title: 'signed by an agent',
    mirrors: [
      'ssh-add failed',
      'ssh-agent based sign using $pubkey failed',
      'failed to check valid signature for $t key',
    ],
    sign: { agent: true },
    signers: plain,
    stock: 'good',
    keyring: enrolled,
    reason: 'Counted',
  },
  {
    title: 'a key for this namespace and another',
    mirrors: [
      'failed signature for $t key w/ limited namespace',
      'failed finding principal when namespaces are configured',
    ],
    signers: ({ key }) => [`alice namespaces="vote.v1@twinlock.dev,whatever" ${key}`],
    stock: 'good',
    keyring: enrolled,
    reason: 'Counted',
  },
  {
    title: 'an option that nobody knows in front of the key',
    mirrors: ['accepted signature for $t key with bad signers option'],
    signers: ({ key }) => [`alice octopus ${key}`],
    stock: 'bad',
    keyring: ({ key }) => one(`octopus ${key}`),
    reason: 'NotEnrolled',
  },
  {
    title: 'another key is enrolled',
    mirrors: [
      'accepted signature for $t key with wrong key trusted',
      'succeeded finding principal with invalid signers file',
    ],
    signers: ({ wrong }) => [`alice ${wrong}`],
    stock: 'bad',
    keyring: ({ wrong }) => one(wrong),
    reason: 'NotEnrolled',
  },
  {
    title: 'another text',
    mirrors: [
      'passed signature for wrong data with $t key',
      'succeeded checking signature for $t key with invalid data',
    ],
    data: WRONG_DATA,
    signers: plain,
    stock: 'bad',
    keyring: enrolled,
    reason: 'WrongStatement',
  },
  {
    title: 'another principal',
    mirrors: ['accepted signature for $t key with wrong principal'],
    signers: ({ key }) => [`josef.k@example.com ${key}`],
    stock: 'bad',
    keyring: ({ key }) => one(key, {}, 'josef.k@example.com'),
    reason: 'NoWeight',
  },
  {
    title: 'another namespace',
    mirrors: [
      'accepted signature for $t key with wrong namespace',
      'accepted signature for $t key with excluded namespace',
    ],
    sign: { namespace: 'COWS_COWS_COWS' },
    signers: plain,
    stock: 'bad',
    keyring: enrolled,
    reason: 'WrongNamespace',
  },
  lifespan(1985, 'good', 'Counted', [
    'failed signature for $t key with valid expiry interval',
    'failed find-principals for $t key with valid expiry interval',
  ]),
  lifespan(1979, 'bad', 'KeyNotYetValid', [
    'failed signature for $t not-yet-valid key',
    'failed find-principals for $t not-yet-valid key',
  ]),
  lifespan(1991, 'bad', 'KeyExpired', ['failed signature for $t with expired key']),
  lifespan(1999, 'bad', 'KeyExpired', ['failed find-principals for $t with expired key']),
  lifespan(undefined, 'bad', 'KeyExpired', ['failed signature for $t with expired key']),
  {
    title: 'a revoked key',
    mirrors: ['accepted signature for $t key, but key is in revoked_keys'],
    signers: plain,
    verify: { revokes: ({ key }) => [key] },
    stock: 'bad',
    keyring: ({ key }) => one(key, { revokedAt: time(2020), reason: 'lost' }),
    reason: 'KeyRevoked',
  },
  {
    title: 'another key is revoked',
    mirrors: ["couldn't verify signature for $t key, but key not in revoked_keys"],
    signers: plain,
    verify: { revokes: ({ wrong }) => [wrong] },
    stock: 'good',
    keyring: ({ key, wrong }) => ({
      principals: [...(one(key).principals ?? []), ...(one(wrong, { revokedAt: time(2020) }, 'bob').principals ?? [])],
    }),
    reason: 'Counted',
  },
  twice(2010, 'bad', 'KeyExpired', 'outside of validity'),
  twice(1983, 'good', 'KeyNotYetValid', 'within first span'),
  twice(1988, 'good', 'Counted', 'within both spans'),
  twice(1995, 'good', 'KeyExpired', 'within second span'),
  certificate(
    'its authority is trusted',
    ['failed signature for $t cert', 'failed find-principals for $t with ca key'],
    authority(),
    {
      verify: { at: '19850101' },
      stock: 'good',
    },
  ),
  certificate(
    'its authority is trusted for everybody',
    [
      'failed signature for $t cert using wildcard principal',
      'failed find-principals for $t with ca key using wildcard principal',
    ],
    authority('', '*'),
    { verify: { at: '19850101' }, stock: 'good', keyring: (lines) => one(lines.authority, {}, '*') },
  ),
  certificate(
    'its authority is trusted in those years',
    ['failed signature for $t key with valid CA expiry interval'],
    authority(inEighties),
    {
      verify: { at: '19850101' },
      stock: 'good',
      keyring: (lines) => one(lines.authority, window(1980, 1990)),
    },
  ),
  certificate('a keyring cannot name an authority', ['failed signature for $t cert'], authority(), {
    verify: { at: '19850101' },
    stock: 'good',
    keyring: (lines) => one(`cert-authority ${lines.authority}`),
  }),
  certificate(
    'the key is enrolled as an authority',
    ['accepted signature with $t key listed as CA'],
    ({ key }) => [`alice cert-authority ${key}`],
    {
      keyring: enrolled,
    },
  ),
  certificate(
    'its authority is not marked as one',
    ['accepted signature for $t cert with CA not marked'],
    (lines) => [`alice ${lines.authority}`],
    {},
  ),
  certificate(
    'its authority is trusted for somebody else',
    ['accepted signature for $t cert with wrong principal'],
    authority('', 'josef.k@example.com'),
    {
      keyring: (lines) => one(lines.authority, {}, 'josef.k@example.com'),
    },
  ),
  certificate('its authority is revoked', ['accepted signature for $t key, but CA key in revoked_keys'], plain, {
    verify: { revokes: (lines) => [lines.authority] },
    keyring: enrolled,
  }),
  certificate(
    'not valid yet',
    ['accepted signature for $t key with valid CA expiry interval but not yet valid cert'],
    authority(inEighties),
    {
      verify: { at: '19810101' },
    },
  ),
  certificate(
    'no longer valid',
    ['accepted signature for $t key with valid CA expiry interval but expired cert'],
    authority(inEighties),
    {
      verify: { at: '19890101' },
    },
  ),
  certificate(
    'its authority is not valid yet',
    ['accepted signature for $t not-yet-valid CA key'],
    authority(inEighties),
    {
      verify: { at: '19790101' },
    },
  ),
  certificate(
    'its authority is no longer valid',
    ['accepted signature for $t with expired CA key'],
    authority(inEighties),
    {
      verify: { at: '19910101' },
    },
  ),
  certificate(
    'valid, its authority is not',
    ['accepted signature for $t key with expired CA but valid cert'],
    authority(`,${options(1980, 1982)}`),
    {
      verify: { at: '19840101' },
    },
  ),
];
