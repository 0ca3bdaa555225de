import { BlockList, isIPv4 } from 'node:net';
import type { Frozen, TwinClassSpec } from '../../../api/index.ts';
import { problem, type Problem } from '../resolve/index.ts';

export type Egress = Frozen<NonNullable<TwinClassSpec['network']['egress']>[number]>;

/** The first destination that an environment asks for and its class does not list as requestable. */
export function egressProblem(asked: readonly Egress[], requestable: readonly Egress[]): Problem | undefined {
  const refused = asked.find((one) => !requestable.some((whole) => covers(whole, one)));
  if (refused === undefined) return undefined;
  return problem(
    'EgressNotAllowed',
    `network.egress to ${refused.cidr ?? `namespace ${refused.namespace}`} is not within network.requestable of the TwinClass; remove it, or ask the platform to list it there`,
  );
}

function covers(whole: Egress, part: Egress): boolean {
  return destinationCovers(whole, part) && portsCover(whole, part);
}

function destinationCovers(whole: Egress, part: Egress): boolean {
  if (part.namespace !== undefined) return whole.namespace === part.namespace;
  if (part.cidr === undefined || whole.cidr === undefined) return false;
  const inner = network(part.cidr);
  const outer = network(whole.cidr);
  if (inner === undefined || outer === undefined) return false;
  if (inner.family !== outer.family || inner.bits < outer.bits) return false;
  const list = new BlockList();
  list.addSubnet(outer.address, outer.bits, outer.family);
  return list.check(inner.address, inner.family);
}

/** No ports means all ports. */
function portsCover(whole: Egress, part: Egress): boolean {
  const allowed = whole.ports;
  if (allowed === undefined) return true;
  return (
    part.ports !== undefined &&
    part.ports.every(({ protocol, port }) => allowed.some((open) => open.protocol === protocol && open.port === port))
  );
}

function network(
  cidr: string,
): { readonly address: string; readonly bits: number; readonly family: 'ipv4' | 'ipv6' } | undefined {
  const slash = cidr.lastIndexOf('/');
  const address = cidr.slice(0, slash);
  const bits = Number(cidr.slice(slash + 1));
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  return Number.isInteger(bits) ? { address, bits, family } : undefined;
}
