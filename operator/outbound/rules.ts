import { carriedAddresses, isWithin, parseAddress, parseNetwork, type Address, type Network } from './address.ts';

/** Which addresses may be connected to. */
export interface AddressRules {
  /** Addresses or networks that are never reached, whatever `allowed` says: the API server's own. */
  readonly refused: readonly string[];
  /** Networks that are reached although they are special (a test's loopback); metadata services never are. */
  readonly allowed: readonly string[];
}

/**
 * Services that hand out a machine's identity to whoever asks from it: AWS, Google, Azure and most others at
 * 169.254.169.254, Amazon's task and pod identities, Azure's wire server, Alibaba, Oracle, Scaleway, IPv6 forms.
 */
const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '169.254.42.42',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fd00:42::42',
  'fe80::a9fe:a9fe',
].map(parseNetwork);

/**
 * What leads to this machine, to its own link, or to many at once (IANA's special-purpose registries, RFC 6890). Private
 * and shared blocks are none of them, nor is 240.0.0.0/4: clusters number their pods and Services from all of those.
 */
const SPECIAL: readonly (readonly [name: string, networks: readonly Network[]])[] = [
  ['this host', ['0.0.0.0/8', '::/128'].map(parseNetwork)],
  ['loopback', ['127.0.0.0/8', '::1/128'].map(parseNetwork)],
  ['link-local', ['169.254.0.0/16', 'fe80::/10', 'fec0::/10'].map(parseNetwork)],
  ['multicast', ['224.0.0.0/4', 'ff00::/8'].map(parseNetwork)],
  ['broadcast', ['255.255.255.255/32'].map(parseNetwork)],
];

/**
 * Why an address must not be connected to, in a word or two; undefined when it may. An IPv6 address that carries an IPv4
 * one is judged by both. What is no address is refused.
 *
 * @throws RangeError for a rule that cannot be read
 */
export function refusalOf(text: string, { refused, allowed }: AddressRules): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return 'not an address';
  const rules = { refused: refused.map(parseNetwork), allowed: allowed.map(parseNetwork) };
  return [address, ...carriedAddresses(address)].map((each) => judge(each, rules)).find((why) => why !== undefined);
}

function judge(
  address: Address,
  { refused, allowed }: { readonly refused: readonly Network[]; readonly allowed: readonly Network[] },
): string | undefined {
  const isOf = (networks: readonly Network[]): boolean => networks.some((network) => isWithin(address, network));
  if (isOf(refused)) return 'the API server';
  if (isOf(METADATA)) return 'a metadata service';
  if (isOf(allowed)) return undefined;
  return SPECIAL.find(([, networks]) => isOf(networks))?.[0];
}
