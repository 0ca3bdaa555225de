import { labels, type TwinEnvironment } from '../../api/index.ts';
import type { ObjectMeta } from '../../kube/index.ts';
import { hashedLabel, NAMESPACE_MAX } from './bounded.ts';
import { labelledOwner, ownerOf, type Owner } from './labels.ts';

/** What the name of an environment's namespace is made of. */
export interface EnvironmentIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly lifecycle: 'Ephemeral' | 'LongLived';
}

/**
 * Name of the namespace that holds an environment's children: `<environment>-<hash>`, always a DNS label,
 * and short enough for all that is composed of it.
 *
 * For Ephemeral the uid is part of the hash, so that a name that somebody saw once leads to nobody else's environment
 * later. For LongLived it is not: the URL stays when the TwinEnvironment is made again.
 */
export function environmentNamespace({ namespace, name, uid, lifecycle }: EnvironmentIdentity): string {
  return hashedLabel(name, lifecycle === 'LongLived' ? [namespace, name] : [namespace, name, uid], NAMESPACE_MAX);
}

/** The namespace that an environment's children are in, or will be. */
export function homeOf(environment: TwinEnvironment): string {
  return environmentNamespace({ ...ownerOf(environment), lifecycle: environment.spec.lifecycle });
}

/**
 * Whom a namespace was made for, by its labels and by its name, which follows from the owner: labels alone, on any
 * namespace that somebody may label, make it nobody's. A protected namespace never was made for an environment.
 */
export function madeFor({ name, labels: found }: Pick<ObjectMeta, 'name' | 'labels'>): Owner | undefined {
  const owner = labelledOwner(found);
  if (owner === undefined || found?.[labels.protected] !== undefined) return undefined;
  const names = (['Ephemeral', 'LongLived'] as const).map((lifecycle) => environmentNamespace({ ...owner, lifecycle }));
  return names.includes(name) ? owner : undefined;
}
