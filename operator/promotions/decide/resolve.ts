import type { ApprovalPolicy, ProductionTarget } from '../../api/index.ts';

/** Which policy a target's promotions need, or how many could be: the one that it names, else the only default. */
export function policyNameOf(
  target: ProductionTarget | undefined,
  policies: readonly ApprovalPolicy[],
): { readonly name: string } | { readonly defaults: number } {
  const named = target?.spec.approvalPolicyRef?.name;
  if (named !== undefined) return { name: named };
  const [first, ...others] = policies.filter(({ spec }) => spec.default);
  return first !== undefined && others.length === 0
    ? { name: first.metadata.name }
    : { defaults: first === undefined ? 0 : others.length + 1 };
}
