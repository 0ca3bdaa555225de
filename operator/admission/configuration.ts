import { all, any, concat, sameExcept, text } from './cel.ts';
import { refusal } from './denial.ts';
import { protectedNamespaces, type Operation, type PolicyRule, type ResourceRule, type Variable } from './policy.ts';
import { byOwnCredential, clearsNamespace, controllers, isDryRun } from './who.ts';

/** In every pod beside its token, whatever a template says: what the pod takes for the API server. */
const ROOT_CA = 'kube-root-ca.crt';
/** What is not content: people and tools label and annotate, the API server keeps books. */
const BESIDE = ['apiVersion', 'kind', 'metadata'];

const name = "(request.operation == 'CREATE' ? object.metadata.?name.orValue('') : oldObject.metadata.name)";
const isRootCA = all("request.kind.kind == 'ConfigMap'", `variables.name == ${text(ROOT_CA)}`);
const publishesIt = all(isRootCA, controllers(['root-ca-cert-publisher']));
/** One that a target lists is held whole by the policy `objects`; no promotion changes it where the fallback refers to it. */
const isListed = all(
  "request.kind.kind == 'ConfigMap'",
  "params.spec.?objects.orValue([]).exists(a, a.kind == 'ConfigMap' && a.name == variables.name)",
);
/** A promotion is about to open the lock for what it holds: for this moment nobody exchanges it. */
const isStill =
  'params.spec.?frozen.orValue([]).exists(f, f.kind == request.kind.kind && f.name == variables.name && has(f.opening))';
/** People approved that it is not there: it may go before promotions that ask for it are over. */
const isSignedAway = all(
  "request.kind.kind == 'ConfigMap'",
  "params.spec.?objects.orValue([]).exists(a, a.kind == 'ConfigMap' && a.name == variables.name && a.role == 'Current' && !has(a.content))",
);
const variables: readonly Variable[] = [
  { name: 'name', expression: name },
  {
    name: 'frozen',
    expression: any(
      isRootCA,
      'params.spec.?frozen.orValue([]).exists(f, f.kind == request.kind.kind && f.name == variables.name)',
    ),
  },
];

/** What it holds, not what it is. */
const exchanges = all(
  "request.kind.kind == 'Secret'",
  "params.spec.?frozen.orValue([]).exists(f, f.kind == 'Secret' && f.name == variables.name && request.userInfo.username in f.?rotators.orValue([]))",
  `!${isStill}`,
  byOwnCredential,
  sameExcept('dyn(object)', 'dyn(oldObject)', [...BESIDE, 'data']),
);

const matching = (operations: readonly Operation[]): readonly ResourceRule[] => [
  { groups: [''], resources: ['configmaps', 'secrets'], operations },
];

/**
 * What approved contents refer to holds what it held when they were approved. CEL cannot hash and a lock holds no Secret,
 * so it is frozen by name: changed configuration comes under a new name, with a promotion of what refers to it.
 */
export function configuration(): PolicyRule {
  return {
    name: 'configuration',
    description:
      'ConfigMaps and Secrets that approved content refers to are not changed, nor made where one is absent.',
    lock: true,
    namespaces: protectedNamespaces,
    match: matching(['CREATE', 'UPDATE']),
    variables,
    validations: [
      {
        expression: any(
          '!variables.frozen',
          all("request.operation == 'UPDATE'", any(sameExcept('dyn(object)', 'dyn(oldObject)', BESIDE), exchanges)),
          publishesIt,
          // A dry run changes nothing, and other promotions go on planning.
          all(isListed, any(`!${isStill}`, isDryRun)),
        ),
        message: refusal(
          `(variables.name == ${text(ROOT_CA)} ? ' tells pods which API server is the right one: Kubernetes alone writes it'
  : ${isStill} ? ' is what the lock is opened with right now: try again in a moment'
  : request.operation == 'CREATE' ? ' was absent when content that refers to it was approved, and stays so: create one under a new name and promote what refers to that'
  : ' is what approved content refers to, so what it holds is frozen: create one under a new name and promote what refers to that; labels and annotations may change')`,
        ),
      },
    ],
  };
}

/** It stays as long as something approved refers to it, the fallback too. Needs no lock, so that a namespace can go. */
export function configurationRemoval(): PolicyRule {
  return {
    name: 'configuration-removal',
    description: 'ConfigMaps and Secrets that approved content refers to are not deleted.',
    lock: 'IfPresent',
    namespaces: protectedNamespaces,
    match: matching(['DELETE']),
    variables,
    validations: [
      {
        expression: any('!variables.frozen', clearsNamespace, isSignedAway),
        message: concat(
          refusal(
            "' is what approved content refers to, the fallback of an undo or a promotion that is open too: it may go when nothing does'",
          ),
          text(
            '; what prunes is told to leave it (Flux: annotation kustomize.toolkit.fluxcd.io/prune: disabled; Argo CD: argocd.argoproj.io/sync-options: Prune=false; Helm: helm.sh/resource-policy: keep)',
          ),
        ),
      },
    ],
  };
}
