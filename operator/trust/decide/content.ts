import {
  approvalPolicySpec,
  approverKeyringSpec,
  productionTargetSpec,
  type ApprovalPolicy,
  type ApproverKeyring,
  type ProductionTarget,
} from '../../api/index.ts';
import { canonicalJSON, CanonicalError, type Members } from '../../canonical/index.ts';
import type { SealedKind, SealedObject } from './world.ts';

/** One schema for each kind: what a version of this program makes of content that an older one accepted. */
const SCHEMAS = {
  ApproverKeyring: approverKeyringSpec,
  ApprovalPolicy: approvalPolicySpec,
  ProductionTarget: productionTargetSpec,
} as const satisfies Readonly<Record<SealedKind, unknown>>;

/**
 * What of an object people sign. Holds are not: they only keep promotions from production, and whoever stops an incident
 * does not wait for signatures.
 */
export function sealedContent({ kind, spec }: Pick<SealedObject, 'kind' | 'spec'>): Members {
  if (kind !== 'ProductionTarget') return { ...spec };
  const { holds: _holds, ...content }: Members = { ...spec };
  return content;
}

/**
 * Whether two contents say the same to this version of the program, which may know fields, with defaults, that were not
 * there when one of them was accepted. What cannot be read is the same as nothing.
 */
export function sameContent(kind: SealedKind, a: Members, b: Members): boolean {
  const [left, right] = [SCHEMAS[kind].safeParse(a), SCHEMAS[kind].safeParse(b)];
  if (!left.success || !right.success) return false;
  try {
    return canonicalJSON(left.data) === canonicalJSON(right.data);
  } catch (error) {
    if (error instanceof CanonicalError) return false;
    throw error;
  }
}

/** @returns undefined for content that this version of the program cannot read: then nobody is in it */
export function keyringSpec(content: Members): ApproverKeyring['spec'] | undefined {
  return approverKeyringSpec.safeParse(content).data;
}

/** @returns undefined for content that this version of the program cannot read */
export function policySpec(content: Members): ApprovalPolicy['spec'] | undefined {
  return approvalPolicySpec.safeParse(content).data;
}

/**
 * The accepted spec of a target with the holds that stand in the object.
 *
 * @returns undefined for content that this version of the program cannot read
 */
export function targetSpec(
  content: Members,
  { holds }: Pick<ProductionTarget['spec'], 'holds'>,
): ProductionTarget['spec'] | undefined {
  const { data } = productionTargetSpec.safeParse(content);
  return data === undefined ? undefined : { ...data, ...(holds === undefined ? {} : { holds }) };
}
