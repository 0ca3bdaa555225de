import { group, kinds, version } from '../../api/index.ts';
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  MutatingWebhookConfiguration,
  Namespace,
} from '../../kube/index.ts';
import { ownMakers } from '../../workloads/index.ts';
import { resourceMatches, selects, type MatchedRequest, type MatchResources } from './rules.ts';

/** Something that may change what the operator writes, or the operator's own pods, on the way into the API server. */
export interface ForeignMutator {
  readonly kind: 'MutatingAdmissionPolicy' | 'MutatingWebhookConfiguration';
  readonly name: string;
  /** What it may change, e.g. `workloadlocks.twinlock.dev`. */
  readonly changes: readonly string[];
}

/** Everything in a cluster that changes requests, and what is needed to tell whose. */
export interface Mutators {
  readonly policies: readonly MutatingAdmissionPolicy[];
  readonly bindings: readonly MutatingAdmissionPolicyBinding[];
  readonly webhooks: readonly MutatingWebhookConfiguration[];
  readonly namespaces: readonly Namespace[];
  readonly systemNamespace: string;
  /** Whether a policy is one of the lock's; that it is as rendered is compared elsewhere. */
  readonly isOwn: (policy: string) => boolean;
}

interface Guarded {
  readonly request: MatchedRequest;
  /** In the operator's own namespace only. */
  readonly ours: boolean;
}

const OPERATIONS = ['CREATE', 'UPDATE'] as const;

const OWN_KINDS: readonly Guarded[] = kinds.flatMap(({ plural, namespaced, status }) =>
  (status === undefined ? [''] : ['', 'status']).flatMap((subresource) =>
    OPERATIONS.map((operation) => ({
      ours: false,
      request: { group, version, resource: plural, subresource, operation, namespaced },
    })),
  ),
);

/** Whoever changes these runs code with the operator's rights. */
const SYSTEM: readonly Guarded[] = (
  [
    ['', 'pods', ''],
    ['', 'pods', 'ephemeralcontainers'],
    ...ownMakers.map(({ type }) => [type.group, type.plural, ''] as const),
  ] as const
).flatMap(([of, resource, subresource]) =>
  OPERATIONS.map((operation) => ({
    ours: true,
    request: { group: of, version: 'v1', resource, subresource, operation, namespaced: true },
  })),
);

/**
 * Mutating policies (those with a binding) and webhooks of others that may match this group's kinds, or the operator's
 * own pods: a pure function. Admission cannot guard policies against those who may write them; this finds them.
 */
export function foreignMutators(world: Mutators): readonly ForeignMutator[] {
  const policies = world.policies
    .filter(({ metadata }) => !world.isOwn(metadata.name))
    .map(({ metadata: { name }, spec }) => {
      const bound = world.bindings.filter(({ spec: of }) => of?.policyName === name);
      return {
        kind: 'MutatingAdmissionPolicy' as const,
        name,
        changes: changed(world, (guarded) =>
          bound.some(({ spec: of }) => matches(world, [spec?.matchConstraints, of?.matchResources], guarded)),
        ),
      };
    });
  const webhooks = world.webhooks.map(({ metadata: { name }, webhooks: hooks = [] }) => ({
    kind: 'MutatingWebhookConfiguration' as const,
    name,
    changes: changed(world, (guarded) =>
      hooks.some((hook) => matches(world, [{ ...hook, resourceRules: hook.rules ?? [] }], guarded)),
    ),
  }));
  return [...policies, ...webhooks].filter(({ changes }) => changes.length > 0);
}

/** One line for people. */
export function mutatorLine({ kind, name, changes }: ForeignMutator): string {
  const shown = changes.slice(0, 3).join(', ');
  const more = changes.length > 3 ? ` and ${changes.length - 3} more` : '';
  return `${kind} ${name} may change what the operator writes or runs (${shown}${more}): look at it, and exclude the group ${group} and the operator's namespace in it (docs/runbooks/mutator-found.md)`;
}

function changed({ systemNamespace }: Mutators, isChanged: (guarded: Guarded) => boolean): readonly string[] {
  const found = [...OWN_KINDS, ...SYSTEM].filter(isChanged).map(({ ours, request }) => {
    const resource = request.subresource === '' ? request.resource : `${request.resource}/${request.subresource}`;
    return ours ? `${resource} in ${systemNamespace}` : `${resource}.${request.group}`;
  });
  return [...new Set(found)];
}

/** A binding narrows its policy down: all of them have to match. */
function matches(world: Mutators, all: readonly (MatchResources | undefined)[], { request, ours }: Guarded): boolean {
  const parts = all.filter((part) => part !== undefined);
  return (
    parts.every((part) => resourceMatches(part, request)) &&
    (!request.namespaced ||
      placesOf(world, ours).some((labels) => parts.every((part) => selects(part.namespaceSelector, labels))))
  );
}

/** Labels of the namespaces that are looked at. */
function placesOf(
  { namespaces, systemNamespace }: Mutators,
  ours: boolean,
): readonly Namespace['metadata']['labels'][] {
  const own = namespaces.find(({ metadata }) => metadata.name === systemNamespace);
  return ours ? [own?.metadata.labels] : namespaces.map(({ metadata }) => metadata.labels);
}
