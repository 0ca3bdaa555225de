/** Windows of the policy: when what people approved may go on, and which of them a promotion was signed to pass by. */
import type { ApprovalPolicy, Promotion } from '../../api/index.ts';
import { printable, rfc3339 } from '../../canonical/index.ts';
import { windowGates, windowsAt, type WindowsState } from '../../gates/index.ts';
import type { Held } from './verdict.ts';

type PolicySpec = ApprovalPolicy['spec'];
type Quorum = PolicySpec['quorum'];
type Asked = Pick<Promotion['spec'], 'overrides' | 'emergency'>;

/** The windows of a policy as this promotion meets them, now. */
export function windowsFor(policy: PolicySpec, asked: Asked, now: number): WindowsState {
  const passed = [...(asked.overrides ?? []).map(({ gate }) => gate), ...skippedBy(policy, asked)];
  return windowsAt(windowGates(policy), new Set(passed), now);
}

/** Gates that the promotion skips since it is an emergency. */
export function skippedBy({ emergency }: PolicySpec, asked: Asked): readonly string[] {
  return asked.emergency === undefined ? [] : (emergency?.skipGates ?? []);
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

/** Said wherever an approval is told: that it was an emergency, and what it passed by, and why. */
export function passedBy(policy: PolicySpec, asked: Asked): string {
  const { emergency, overrides = [] } = asked;
  const skipped = skippedBy(policy, asked).map((name) => printable(name));
  const without = skipped.length === 0 ? '' : ` without ${skipped.join(', ')}`;
  return [
    ...(emergency === undefined ? [] : [` in an EMERGENCY${without} (${printable(emergency.reason, 512)})`]),
    ...overrides.map(({ gate, reason }) => `, passing by window ${printable(gate)} (${printable(reason, 512)})`),
  ].join('');
}

/**
 * The policy as it counts for a promotion: an emergency has a quorum of its own, and whoever passes by windows needs their
 * votes too. Of two entries for one group the larger counts.
 */
export function policyFor(policy: PolicySpec, asked: Asked): PolicySpec {
  const skipped = skippedBy(policy, asked);
  const passed = (asked.overrides ?? []).filter(({ gate }) => !skipped.includes(gate));
  const votes = windowGates(policy).flatMap(({ name, window }) =>
    passed.some(({ gate }) => gate === name) ? (window.override?.quorum ?? []) : [],
  );
  const quorum = asked.emergency === undefined ? policy.quorum : (policy.emergency?.quorum ?? policy.quorum);
  return { ...policy, quorum: votes.length === 0 ? quorum : merged([...quorum, ...votes]) };
}

function merged(entries: Quorum): Quorum {
  const largest = new Map<string | undefined, Quorum[number]>();
  for (const entry of entries)
    if ((largest.get(entry.group)?.count ?? 0) < entry.count) largest.set(entry.group, entry);
  return [...largest.values()];
}
