/** An IP address. An IPv4-mapped one (RFC 4291, 2.5.5.2) is the IPv4 address that it stands for. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

/** A block of addresses in CIDR notation (RFC 4632, RFC 4291), parsed. */
export interface Network {
  readonly family: 4 | 6;
  readonly value: bigint;
  /** How many bits count. */
  readonly length: number;
}

const BITS = { 4: 32, 6: 128 } as const;
const LOW_32 = 0xffff_ffffn;
/** `::ffff:0:0/96` without its last 32 bits. */
const MAPPED = 0xffffn;

/**
 * Reads an address in its textual form: four decimal numbers (no octal, no hexadecimal, no short forms, which a system's
 * resolver would read in its own way), or RFC 4291, 2.2. A zone (`fe80::1%eth0`) is none. Never throws.
 */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(':')) {
    const value = ipv4(text);
    return value === undefined ? undefined : { family: 4, value };
  }
  const value = ipv6(text);
  if (value === undefined) return undefined;
  return value >> 32n === MAPPED ? { family: 4, value: value & LOW_32 } : { family: 6, value };
}

/**
 * Reads `10.0.0.0/8`, or an address alone, which is a block of one.
 *
 * @throws RangeError for anything else: a rule that cannot be read must not become no rule.
 */
export function parseNetwork(text: string): Network {
  const [base = '', suffix, ...rest] = text.split('/');
  const address = parseAddress(base);
  if (address === undefined || rest.length > 0) throw notNetwork(text);
  const bits = BITS[address.family];
  if (suffix === undefined) return { ...address, length: bits };
  // A mapped block counts its bits in IPv6: nobody needs to write one.
  const mapped = address.family === 4 && base.includes(':');
  const length = /^\d{1,3}$/.test(suffix) ? Number(suffix) : Number.NaN;
  if (mapped || !(length <= bits)) throw notNetwork(text);
  return { ...address, length };
}

/** Whether the address is of that block. */
export function isWithin({ family, value }: Address, network: Network): boolean {
  const shift = BigInt(BITS[family] - network.length);
  return family === network.family && value >> shift === network.value >> shift;
}

/** The IPv4 address in these bits of an IPv6 one, or its complement, as Teredo writes its clients. */
function low(value: bigint): Address {
  return { family: 4, value: value & LOW_32 };
}

/**
 * The IPv4 addresses that an IPv6 address carries, where something on the way (a translator, a tunnel) may send what is
 * sent to it: NAT64 (RFC 6052, RFC 8215), 6to4 (RFC 3056), Teredo (RFC 4380), SIIT (RFC 2765), ISATAP (RFC 5214),
 * IPv4-compatible (RFC 4291, 2.5.5.1).
 */
export function carriedAddresses({ family, value }: Address): readonly Address[] {
  if (family === 4) return [];
  const carried: Address[] = [];
  const prefix96 = value >> 32n;
  const isatap = (prefix96 & 0xfdff_ffffn) === 0x5efen;
  const compatible = prefix96 === 0n && value > 1n;
  const siit = prefix96 === 0xffff_0000n;
  const nat64 = prefix96 === 0x0064_ff9b_0000_0000_0000_0000n || value >> 80n === 0x0064_ff9b_0001n;
  if (isatap || compatible || siit || nat64) carried.push(low(value));
  if (value >> 112n === 0x2002n) carried.push(low(value >> 80n));
  if (value >> 96n === 0x2001_0000n) carried.push(low(value >> 64n), low(~value));
  return carried;
}

function ipv4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) {
    return undefined;
  }
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function ipv6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => groups(half, index === halves.length - 1));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? joined(head) : undefined;
  // `::` stands for one group of zeros at least.
  if (tail === undefined || head.length + tail.length > 7) return undefined;
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0n);
  return joined([...head, ...zeros, ...tail]);
}

/** The 16-bit groups of a part between colons; the last of all may be an IPv4 address, which is two of them. */
function groups(text: string, last: boolean): readonly bigint[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const tail = last && parts.at(-1)?.includes('.') === true ? parts.pop() : undefined;
  if (!parts.every((part) => /^[0-9a-f]{1,4}$/i.test(part))) return undefined;
  const values = parts.map((part) => BigInt(`0x${part}`));
  if (tail === undefined) return values;
  const dotted = ipv4(tail);
  return dotted === undefined ? undefined : [...values, dotted >> 16n, dotted & 0xffffn];
}

function joined(values: readonly bigint[]): bigint {
  return values.reduce((value, group) => (value << 16n) | group, 0n);
}

function notNetwork(text: string): RangeError {
  return new RangeError(`${JSON.stringify(text.slice(0, 60))} is no network: write it as 10.0.0.0/8 or fd00::/8`);
}
