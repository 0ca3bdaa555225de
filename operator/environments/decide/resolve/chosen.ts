import { isDeepStrictEqual } from 'node:util';
import {
  annotations,
  maxRequest,
  vendorTwinVersion,
  type Frozen,
  type TwinEnvironment,
  type VendorTwin,
  type VendorTwinSpec,
} from '../../../api/index.ts';

export type TwinVersion = Frozen<VendorTwinSpec['versions'][number]>;

/** An entry of the catalogue that a service is of. */
export interface Chosen {
  readonly vendorTwin: string;
  readonly version: string;
  /** The version as it was when it was chosen, as the status has it; undefined where it was not kept. */
  readonly entry?: object | undefined;
}

/** What a choice of versions rests on. */
export interface Choosing {
  /** What was chosen before, by service. */
  readonly chosen: ReadonlyMap<string, Chosen>;
  /** No version of it moves before its spec says so. */
  readonly longLived: boolean;
  /** It was told to take what the catalogue has of its versions now. */
  readonly renewed: boolean;
}

/** What an environment has chosen, and what it was told about that. */
export function choosingOf({ metadata, spec, status }: TwinEnvironment): Choosing {
  const told = metadata.annotations?.[annotations.renewTwinsAt]?.slice(0, maxRequest);
  return {
    chosen: new Map(
      (status?.services ?? []).flatMap(({ name, vendorTwin, version, entry }) =>
        vendorTwin === undefined || version === undefined ? [] : [[name, { vendorTwin, version, entry }] as const],
      ),
    ),
    longLived: spec.lifecycle === 'LongLived',
    renewed: told !== undefined && told !== status?.lastHandledRenewTwinsAt,
  };
}

/** The version of a VendorTwin that a service runs. */
export interface Choice {
  readonly version: TwinVersion;
  /** As it is to be kept: what guards of the catalogue's is not in it. */
  readonly entry: TwinVersion;
  /** The catalogue says something else of this version by now. */
  readonly outdated: boolean;
}

/**
 * Chooses the version that the spec names; else the one that was chosen before, as long as it is there; else the newest.
 * An edit of it in the catalogue moves nothing that has it already, but for what guards: that only refuses more.
 *
 * @param named the version that the spec names
 * @param kept what was chosen before, of this VendorTwin
 */
export function choose(
  named: string | undefined,
  vendorTwin: VendorTwin | undefined,
  kept: Chosen | undefined,
  { longLived, renewed }: Choosing,
): Choice | undefined {
  const versions = vendorTwin?.spec.versions ?? [];
  const wanted = named ?? kept?.version;
  const bound = named !== undefined || (longLived && wanted !== undefined);
  const today = versions.find(({ version }) => version === wanted) ?? (bound ? undefined : versions.at(-1));
  if (today === undefined) return undefined;
  const asToday = { version: today, entry: today, outdated: false };
  if (renewed || kept?.entry === undefined || kept.version !== today.version) return asToday;
  if (isDeepStrictEqual(kept.entry, today)) return asToday;
  // With the defaults of today's schema, which are no edit.
  const { data: entry } = vendorTwinVersion.safeParse(kept.entry);
  if (entry === undefined || isDeepStrictEqual(whatRuns(entry), whatRuns(today))) return asToday;
  return { version: { ...entry, ...guards(entry, today) }, entry, outdated: true };
}

/** Without what guards, and what is for people to read. */
function whatRuns(version: TwinVersion): object {
  return { ...version, adminPaths: undefined, liveKeyPatterns: undefined, license: undefined, coverage: undefined };
}

/** What is refused, by either. */
function guards(kept: TwinVersion, today: TwinVersion): Pick<TwinVersion, 'adminPaths' | 'liveKeyPatterns'> {
  const both = (field: 'adminPaths' | 'liveKeyPatterns'): readonly string[] => [
    ...new Set([...(kept[field] ?? []), ...(today[field] ?? [])]),
  ];
  return { adminPaths: both('adminPaths'), liveKeyPatterns: both('liveKeyPatterns') };
}
