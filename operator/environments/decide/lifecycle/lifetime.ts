import { parseTime } from '../../../canonical/index.ts';
import { annotations, parseDuration, type TwinClass, type TwinEnvironment } from '../../../api/index.ts';

/** When an environment was active last, and until when it lives. Times are milliseconds since the epoch. */
export interface Lifetime {
  readonly lastActivityAt: number;
  /** Undefined: it does not expire. */
  readonly expiresAt: number | undefined;
  readonly expired: boolean;
  /** Of one that expires: what ends it, and when people are told. */
  readonly ending: Ending | undefined;
  /** The extend token that counts as acted on from now on. */
  readonly handledExtendAt: string | undefined;
  /** The same of waking. */
  readonly handledWakeAt: string | undefined;
  /** A token that was not seen before has been acted on just now. */
  readonly extended: boolean;
}

export interface Ending {
  /** Inactivity: activity puts it off. Max: nothing does. */
  readonly by: 'Inactivity' | 'Max';
  /** From then on whoever uses it is told. */
  readonly warnAt: number;
  /** That time has come. */
  readonly soon: boolean;
}

/** People are told a quarter of the time before, and a day at most: sooner, they would be used to it. */
const WARNED_SHARE = 4;
const MOST_WARNED_MS = 24 * 3_600_000;

/** As many characters of a token as a status holds; the rest makes no difference. */
const TOKEN_MAX = 256;

/**
 * Activity is a change of the spec or a new token that extends or wakes it; an environment expires `inactivity` after the last one, but
 * never lives longer than `max`. What it asks for is capped by its class.
 */
export function lifetimeOf(subject: TwinEnvironment, ttl: TwinClass['spec']['ttl'], now: number): Lifetime {
  const { metadata, spec, status } = subject;
  const tokens = metadata.annotations ?? {};
  const extend = tokens[annotations.extendAt]?.slice(0, TOKEN_MAX);
  const wake = tokens[annotations.wakeAt]?.slice(0, TOKEN_MAX);
  const createdAt = parseTime(metadata.creationTimestamp ?? '') || now;
  const extended = extend !== undefined && extend !== status?.lastHandledExtendAt;
  const woken = wake !== undefined && wake !== status?.lastHandledWakeAt;
  const lastActivityAt = (extended || woken ? undefined : lastActivityOf(subject, now)) ?? seconds(now);
  const ceiling = parseDuration(ttl.max);
  const ephemeral = spec.lifecycle === 'Ephemeral';
  const inactivity = shortest(
    spec.ttl?.inactivity ?? (ephemeral ? ttl.default : undefined),
    spec.ttl?.inactivity === undefined && !ephemeral ? undefined : ceiling,
  );
  const max = shortest(spec.ttl?.max, ephemeral ? ceiling : undefined);
  const ends = [
    ...(inactivity === undefined ? [] : [endAfter(inactivity, 'Inactivity', lastActivityAt, now)]),
    ...(max === undefined ? [] : [endAfter(max, 'Max', createdAt, now)]),
  ];
  const [end] = ends.toSorted((a, b) => a.at - b.at);
  return {
    lastActivityAt,
    expiresAt: end?.at,
    expired: end !== undefined && end.at <= now,
    ending: end?.ending,
    handledExtendAt: extend ?? status?.lastHandledExtendAt,
    handledWakeAt: wake ?? status?.lastHandledWakeAt,
    extended,
  };
}

/** When it was active last, tokens aside: now, where its spec is new. Undefined of one that nothing was said of yet. */
export function lastActivityOf({ metadata, status }: TwinEnvironment, now: number): number | undefined {
  const seen = parseTime(status?.lastActivityAt ?? '');
  if (Number.isNaN(seen)) return undefined;
  return (status?.observedGeneration ?? 0) < (metadata.generation ?? 0) ? seconds(now) : seen;
}

function endAfter(
  time: number,
  by: Ending['by'],
  since: number,
  now: number,
): { readonly at: number; readonly ending: Ending } {
  const at = since + time;
  const warnAt = at - Math.min(time / WARNED_SHARE, MOST_WARNED_MS);
  return { at, ending: { by, warnAt, soon: warnAt <= now } };
}

function shortest(asked: string | undefined, ceiling: number | undefined): number | undefined {
  const wanted = asked === undefined ? undefined : parseDuration(asked);
  if (wanted === undefined) return ceiling;
  return ceiling === undefined ? wanted : Math.min(wanted, ceiling);
}

/** Times in a status have a resolution of one second. */
function seconds(time: number): number {
  return Math.floor(time / 1000) * 1000;
}
