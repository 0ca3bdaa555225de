import { renderPolicies, type RenderOptions } from '../../admission/index.ts';
import { canonicalJSON } from '../../canonical/index.ts';
import {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  Namespace,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  type Cache,
} from '../../kube/index.ts';
import { policyDrift, type Installed } from './drift.ts';
import { foreignMutators, type ForeignMutator } from './mutators.ts';

/** What is installed, at the time of the call. */
export interface FollowedPolicies {
  /** What is missing or differs from what this program renders. */
  readonly drift: () => readonly string[];
  /** What others have installed that may change what the operator writes or runs. */
  readonly mutators: () => readonly ForeignMutator[];
}

/**
 * Follows the installed policies, and whatever else changes requests.
 *
 * @param onChange told of every change of one of them
 */
export function followPolicies(
  cache: Cache,
  { systemNamespace, kinds }: Omit<RenderOptions, 'mutating'>,
  onChange: () => void,
): FollowedPolicies {
  const rendered = renderPolicies({ systemNamespace, kinds, mutating: true });
  // The chart rendered these where Kubernetes was older than 1.36; an upgrade of Kubernetes alone must not end the lock.
  const withoutMutating = renderPolicies({ systemNamespace, kinds, mutating: false });
  const own = new Set(rendered.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
  const policies = cache.informer(MutatingAdmissionPolicy, { optional: true });
  const bindings = cache.informer(MutatingAdmissionPolicyBinding, { optional: true });
  const webhooks = cache.informer(MutatingWebhookConfiguration);
  const namespaces = cache.informer(Namespace);
  const installed = [
    cache.informer(ValidatingAdmissionPolicy),
    cache.informer(ValidatingAdmissionPolicyBinding),
    policies,
    bindings,
  ];
  const find = (kind: string, name: string): Installed | undefined => {
    const informer = installed.find(({ type }) => type.kind === kind);
    // The informer was found by the kind, and this is what is read of each.
    return informer?.lister.get({ name }) as Installed | undefined;
  };
  const leastDrift = (): readonly string[] => {
    const drift = policyDrift(rendered, find);
    if (drift.length === 0) return drift;
    const older = policyDrift(withoutMutating, find);
    return older.length < drift.length ? older : drift;
  };
  // Both are worked out once for each change: they are asked for at every look, and compare all of the policies.
  let drifted: readonly string[] | undefined;
  let found: readonly ForeignMutator[] | undefined;
  const changed = (): void => {
    [drifted, found] = [undefined, undefined];
    onChange();
  };
  for (const informer of [...installed, webhooks])
    informer.addHandler({ add: changed, update: changed, delete: changed });
  const forget = (): void => void (found = undefined);
  // Selectors look at labels alone, and namespaces come and go all the time.
  namespaces.addHandler({
    add: forget,
    update: ({ metadata }, old) => {
      if (canonicalJSON(metadata.labels ?? {}) !== canonicalJSON(old.metadata.labels ?? {})) forget();
    },
    delete: forget,
  });
  return {
    drift: () => (drifted ??= leastDrift()),
    mutators: () =>
      (found ??= foreignMutators({
        policies: policies.lister.list(),
        bindings: bindings.lister.list(),
        webhooks: webhooks.lister.list(),
        namespaces: namespaces.lister.list(),
        systemNamespace,
        isOwn: (name) => own.has(`MutatingAdmissionPolicy/${name}`),
      })),
  };
}
