/** What of an earlier status goes on to hold. */
import type { Frozen, TwinEnvironmentStatus } from '../../api/index.ts';
import { rfc3339 } from '../../canonical/index.ts';
import type { Lifetime } from '../decide/lifecycle/index.ts';

/** Part of a status. */
type Kept = Frozen<TwinEnvironmentStatus>;

/** What still holds while a new spec is refused or not applied: what was made before is there. */
export function retained(previous: Kept | undefined): Kept {
  const { namespace, url, services, workloads, copied, inventory } = previous ?? {};
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(url === undefined ? {} : { url }),
    ...(services === undefined ? {} : { services }),
    ...(workloads === undefined ? {} : { workloads }),
    ...(copied === undefined ? {} : { copied }),
    ...(inventory === undefined ? {} : { inventory }),
  };
}

/** Versions that were chosen hold while it has no namespace; of what runs nothing is said. */
export function chosen(previous: Kept | undefined): Kept {
  const services = (previous?.services ?? []).flatMap(({ name, mode, vendorTwin, version }) =>
    version === undefined ? [] : [{ name, mode, vendorTwin, version, verified: false, ready: false }],
  );
  return services.length === 0 ? {} : { services };
}

/** When it was used last and when it ends: as before, where nobody could tell now. */
export function timesOf(lifetime: Lifetime | undefined, previous: Kept | undefined): Kept {
  if (lifetime === undefined) {
    const { lastActivityAt, expiresAt, lastHandledExtendAt, lastHandledWakeAt } = previous ?? {};
    return {
      ...(lastActivityAt === undefined ? {} : { lastActivityAt }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
      ...(lastHandledExtendAt === undefined ? {} : { lastHandledExtendAt }),
      ...(lastHandledWakeAt === undefined ? {} : { lastHandledWakeAt }),
    };
  }
  const { lastActivityAt, expiresAt, handledExtendAt, handledWakeAt } = lifetime;
  return {
    lastActivityAt: rfc3339(lastActivityAt),
    ...(expiresAt === undefined ? {} : { expiresAt: rfc3339(expiresAt) }),
    ...(handledExtendAt === undefined ? {} : { lastHandledExtendAt: handledExtendAt }),
    ...(handledWakeAt === undefined ? {} : { lastHandledWakeAt: handledWakeAt }),
  };
}
