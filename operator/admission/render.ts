import { renderRule, type PolicyObject } from './policy.ts';
import { who } from './who.ts';
import { workloads } from './workloads.ts';

export interface RenderOptions {
  /** Namespace of the operator and of its service accounts. */
  readonly systemNamespace: string;
}

/**
 * Every admission policy and binding of the lock, in the order in which they are installed. Pure: the chart's generator,
 * the tests and the canary (which compares with what is installed) get the same objects.
 *
 * Spec: security.md, "The lock".
 */
export function renderPolicies({ systemNamespace }: RenderOptions): readonly PolicyObject[] {
  const by = who(systemNamespace);
  return [workloads(by)].flatMap(renderRule);
}
