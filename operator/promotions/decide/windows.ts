/** Windows of the policy: when what people approved may go on, and which of them a promotion was signed to pass by. */
import type { ApprovalPolicy, Promotion } from '../../api/index.ts';
import { printable, rfc3339 } from '../../canonical/index.ts';
import { windowGates, windowsAt, type WindowsState } from '../../gates/index.ts';
import type { Held } from './verdict.ts';

type PolicySpec = ApprovalPolicy['spec'];
type Quorum = PolicySpec['quorum'];
type Asked = Pick<Promotion['spec'], 'overrides'>;

/** The windows of a policy as this promotion meets them, now. */
export function windowsFor(policy: PolicySpec, { overrides = [] }: Asked, now: number): WindowsState {
  return windowsAt(windowGates(policy), new Set(overrides.map(({ gate }) => gate)), now);
}

/** What keeps what is approved from production now, and opens by itself. */
export function shutBy(
  { windows, notAfter }: { readonly windows: WindowsState | undefined; readonly notAfter: number },
  now: number,
): Held | undefined {
  const [first, ...others] = windows?.why ?? [];
  if (windows === undefined || first === undefined) return undefined;
  const late =
    windows.opensAt !== undefined && windows.opensAt > notAfter
      ? [`it expires before that, at ${rfc3339(notAfter)}: create a Promotion with a longer expiresAfter`]
      : [];
  return { reason: 'WindowClosed', why: [first, ...others, ...late], endsIn: Math.max(windows.changesAt - now, 0) + 1 };
}

/** Said wherever an approval is told: what it passed by, and why. */
export function passedBy({ overrides = [] }: Asked): string {
  return overrides
    .map(({ gate, reason }) => `, passing by window ${printable(gate)} (${printable(reason, 512)})`)
    .join('');
}

/**
 * The policy as it counts for a promotion that passes by windows: their votes are needed too. Of two entries for one group
 * the larger counts.
 */
export function policyFor(policy: PolicySpec, { overrides = [] }: Asked): PolicySpec {
  const asked = windowGates(policy).flatMap(({ name, window }) =>
    overrides.some(({ gate }) => gate === name) ? (window.override?.quorum ?? []) : [],
  );
  return asked.length === 0 ? policy : { ...policy, quorum: merged([...policy.quorum, ...asked]) };
}

function merged(entries: Quorum): Quorum {
  const largest = new Map<string | undefined, Quorum[number]>();
  for (const entry of entries)
    if ((largest.get(entry.group)?.count ?? 0) < entry.count) largest.set(entry.group, entry);
  return [...largest.values()];
}
