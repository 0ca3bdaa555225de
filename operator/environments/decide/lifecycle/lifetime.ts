import { parseTime } from '../../../canonical/index.ts';
import { parseDuration, type TwinClass, type TwinEnvironment } from '../../../api/index.ts';

/** When an environment was active last, and until when it lives. Times are milliseconds since the epoch. */
export interface Lifetime {
  readonly lastActivityAt: number;
  /** Undefined: it does not expire. */
  readonly expiresAt: number | undefined;
  readonly expired: boolean;
  /** The extend token that counts as acted on from now on. */
  readonly handledExtendAt: string | undefined;
  /** A token that was not seen before has been acted on just now. */
  readonly extended: boolean;
}

/** As many characters of a token as a status holds; the rest makes no difference. */
const TOKEN_MAX = 256;

/**
 * Activity is a change of the spec or a new extend token; an environment expires `inactivity` after the last one, but
 * never lives longer than `max`. What it asks for is capped by its class.
 *
 * @param extendAt value of the annotation `twinlock.dev/extendAt`
 */
export function lifetimeOf(
  { metadata, spec, status }: TwinEnvironment,
  ttl: TwinClass['spec']['ttl'],
  extendAt: string | undefined,
  now: number,
): Lifetime {
  const token = extendAt?.slice(0, TOKEN_MAX);
  const createdAt = parseTime(metadata.creationTimestamp ?? '') || now;
  const extended = token !== undefined && token !== status?.lastHandledExtendAt;
  const seen = parseTime(status?.lastActivityAt ?? '');
  const changed = Number.isNaN(seen) || (status?.observedGeneration ?? 0) < (metadata.generation ?? 0);
  const lastActivityAt = extended || changed ? seconds(now) : seen;
  const ceiling = parseDuration(ttl.max);
  const ephemeral = spec.lifecycle === 'Ephemeral';
  const inactivity = shortest(
    spec.ttl?.inactivity ?? (ephemeral ? ttl.default : undefined),
    spec.ttl?.inactivity === undefined && !ephemeral ? undefined : ceiling,
  );
  const max = shortest(spec.ttl?.max, ephemeral ? ceiling : undefined);
  const ends = [
    ...(inactivity === undefined ? [] : [lastActivityAt + inactivity]),
    ...(max === undefined ? [] : [createdAt + max]),
  ];
  const expiresAt = ends.length === 0 ? undefined : Math.min(...ends);
  return {
    lastActivityAt,
    expiresAt,
    expired: expiresAt !== undefined && expiresAt <= now,
    handledExtendAt: token ?? status?.lastHandledExtendAt,
    extended,
  };
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
