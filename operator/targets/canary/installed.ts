import { renderPolicies } from '../../admission/index.ts';
import {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  type Cache,
} from '../../kube/index.ts';
import { policyDrift, type Installed } from './drift.ts';

/**
 * Follows the installed policies.
 *
 * @param onChange told of every change of one of them
 * @returns what is missing or differs from what this program renders, at the time of the call
 */
export function followPolicies(cache: Cache, systemNamespace: string, onChange: () => void): () => readonly string[] {
  const rendered = renderPolicies({ systemNamespace });
  const informers = [
    cache.informer(ValidatingAdmissionPolicy),
    cache.informer(ValidatingAdmissionPolicyBinding),
    cache.informer(MutatingAdmissionPolicy),
    cache.informer(MutatingAdmissionPolicyBinding),
  ];
  for (const informer of informers) informer.addHandler({ add: onChange, update: onChange, delete: onChange });
  return () =>
    policyDrift(rendered, (kind, name) => {
      const informer = informers.find(({ type }) => type.kind === kind);
      return informer?.lister.get({ name }) as Installed | undefined;
    });
}
