import {
  appMade,
  appMakers,
  appWorkloads,
  controllersOf,
  jobMaker,
  resourcesOf,
  REVISION,
  type PodMaker,
} from '../workloads/index.ts';
import { all, any, group, not, sameField, text, texts } from './cel.ts';
import { denial, refusal } from './denial.ts';
import { RULES, UNPROTECT } from './names.ts';
import { protectedNamespaces, requestsOn, type PolicyRule, type Validation } from './policy.ts';
import { WORKLOAD_CONTROLLERS, clearsNamespace, controllers, may, onSubResource, type Who } from './who.ts';
import { isRemovedBy, keepsUnprotect, sameSteering } from './workload-annotations.ts';

/** Deletes what has lost its owner. */
export const COLLECTOR = 'generic-garbage-collector';
const REMOVERS = [COLLECTOR, 'ttl-after-finished-controller', ...controllersOf(appWorkloads)];
const owners = (object: string): string => `${object}.metadata.?ownerReferences.orValue([])`;

/** An owner that does not exist makes the garbage collector delete for whoever named it: controllers add owners only. */
export const keepsOwners: Validation = {
  // Lists that a user may have filled are compared as a whole; each with each only where they are short.
  expression: `request.operation != 'UPDATE'
|| ${owners('object')}.size() == 0
|| ${owners('object')} == ${owners('oldObject')}
|| (
  ${owners('object')}.size() <= ${owners('oldObject')}.size()
  && ${owners('oldObject')}.size() <= 16
  && ${owners('object')}.all(o, o in ${owners('oldObject')})
)
|| ${group(controllers(REMOVERS))}`,
  message: denial("' may not be given an owner: it would be deleted with it'"),
};

/** The same for what is made: who is faster than the promotion that makes it would be the one to delete it. */
export const makesNoOwners: Validation = {
  expression: any("request.operation != 'CREATE'", `${owners('object')}.size() == 0`),
  message: keepsOwners.message,
};

const finalizers = (object: string): string => `${object}.metadata.?finalizers.orValue([])`;

/** Who is faster than the promotion would be the one without whom what it makes never goes, nor comes back. */
export const makesNoFinalizers: Validation = {
  expression: any("request.operation != 'CREATE'", `${finalizers('object')}.size() == 0`),
  message: refusal(
    "' may not be made with finalizers: it could not be taken away again; controllers add theirs later'",
  ),
};

/** By this finalizer the garbage collector leaves pods behind, whatever the deletion of what is above says. */
export const addsNoOrphans: Validation = {
  expression: any(
    `!('orphan' in ${finalizers('object')})`,
    all("request.operation == 'UPDATE'", `'orphan' in ${finalizers('oldObject')}`),
  ),
  message: denial("' may not have the finalizer orphan: its pods would run on when it goes'"),
};

/** Orphaned pods would run on with nobody to speak for them. */
const keepsNoPods = all(
  "!has(request.options.propagationPolicy) || request.options.propagationPolicy != 'Orphan'",
  '!has(request.options.orphanDependents) || !request.options.orphanDependents',
);

/** Jobs end by themselves, so that one may be stopped as a pod may; without a word its pods would run on. */
const stopsJob = all(
  `request.resource.resource == ${text(jobMaker.type.plural)}`,
  'has(request.options.propagationPolicy)',
  keepsNoPods,
);

/**
 * Production is given up by a person: the verb alone is what every tool with cluster-admin has, and its prune would do it.
 * Its pods go too.
 */
const givenUp = all(
  `oldObject.metadata.?annotations[?${text(UNPROTECT)}] == optional.of(oldObject.metadata.name)`,
  "request.resource.resource != 'persistentvolumeclaims'",
  keepsNoPods,
  may('unprotect', 'productiontargets', 'request.namespace'),
);

/**
 * Workloads and claims go with their owner or namespace, workloads also by the act of who may take the lock off, and by
 * the promotions process. Needs no lock, so that a namespace can go.
 */
export function removal(by: Who): PolicyRule {
  return {
    name: 'delete',
    description: 'Workloads and claims of a protected namespace are deleted by controllers, or given up by a person.',
    namespaces: protectedNamespaces,
    match: [
      ...requestsOn([...appWorkloads, ...appMade], ['DELETE']),
      { groups: [REVISION.group], resources: [REVISION.plural], operations: ['UPDATE', 'DELETE'] },
      { groups: [''], resources: ['persistentvolumeclaims'], operations: ['UPDATE', 'DELETE'] },
    ],
    validations: [
      {
        expression: any(
          "request.operation != 'DELETE'",
          controllers(REMOVERS),
          clearsNamespace,
          givenUp,
          stopsJob,
          // Which ones, the next rule says: it needs the lock.
          all(
            any(by.promotions, isRemovedBy),
            `request.resource.resource in ${texts(resourcesOf(appWorkloads))}`,
            keepsNoPods,
          ),
        ),
        message: refusal(
          `' may not be deleted; production changes by promotion (spec.removes)' + (request.resource.resource == 'persistentvolumeclaims' ? ': it goes with its owner or namespace'
  : ': giving it up needs the verb unprotect on productiontargets and the annotation ${UNPROTECT}=' + oldObject.metadata.name + ' on it (kubectl annotate), and is never done with --cascade=orphan')`,
        ),
      },
      keepsOwners,
    ],
  };
}

/**
 * The promotions process deletes what the lock approves as a fallback only: what people signed away, or a creation that
 * failed. So does whoever applies what people signed, while the process says by its label that it is their turn.
 */
export function signedRemoval(by: Who): PolicyRule {
  return {
    name: RULES.removal,
    description: 'Workloads of a protected namespace are deleted by promotion only where people signed that.',
    lock: 'IfPresent',
    namespaces: protectedNamespaces,
    match: requestsOn(appWorkloads, ['DELETE']),
    conditions: [
      {
        name: 'by-promotion',
        expression: any(
          by.namedPromotions,
          all('oldObject != null', isRemovedBy, not(controllers(REMOVERS)), not(clearsNamespace)),
        ),
      },
    ],
    variables: [
      {
        name: 'approved',
        expression:
          'params.spec.?approved.orValue([]).filter(a, a.kind == request.kind.kind && a.name == oldObject.metadata.name)',
      },
    ],
    validations: [
      {
        expression: any(
          all(
            'variables.approved.size() > 0',
            "variables.approved.all(a, a.role == 'Fallback')",
            any(by.namedPromotions, 'variables.approved.all(a, !has(a.closed))'),
          ),
          all(not(by.namedPromotions), givenUp),
        ),
        message: denial("' is approved to run here, so no promotion removes it'"),
      },
    ],
  };
}

/** What is there as long as its workload wants it; Jobs have rules of their own. */
const isKept = (maker: PodMaker): boolean => maker !== jobMaker;

/** What makes pods for a workload is its controller's: one made or kept by hand serves an old version unnoticed. */
export function madeMakers(): readonly PolicyRule[] {
  const unchanged = all(
    onSubResource(''),
    "request.operation == 'UPDATE'",
    'dyn(object.spec) == dyn(oldObject.spec)',
    sameField('object.metadata', 'oldObject.metadata', 'labels'),
    sameField('object.metadata', 'oldObject.metadata', 'ownerReferences'),
    sameSteering,
  );
  return appMade.filter(isKept).flatMap((made): readonly PolicyRule[] => {
    const { type, madeBy: owner } = made;
    if (owner === undefined) return [];
    const { kind, plural } = type;
    return [
      {
        name: plural,
        description: `${kind}s of a protected namespace are made and scaled by the ${owner.type.kind} controller only.`,
        namespaces: protectedNamespaces,
        match: [...requestsOn([made], ['CREATE', 'UPDATE']), ...requestsOn([made], ['CREATE', 'UPDATE'], 'scale')],
        validations: [
          {
            expression: any(unchanged, controllers([owner.controller, COLLECTOR])),
            message: denial(`' belongs to its ${owner.type.kind} alone'`),
          },
          keepsUnprotect,
          // A scale has no such metadata.
          { ...addsNoOrphans, expression: any(not(`(${onSubResource('')})`), addsNoOrphans.expression) },
        ],
      },
    ];
  });
}

/** Whether a rollout went well is read from status, so status is the controllers' word. */
export function workloadStatus(): PolicyRule {
  return {
    name: RULES.workloadStatus,
    description: 'The status of the workloads of a protected namespace is written by their controllers only.',
    namespaces: protectedNamespaces,
    match: [...requestsOn(appMakers, ['UPDATE'], 'status')],
    validations: [
      {
        expression: controllers([...WORKLOAD_CONTROLLERS, ...controllersOf(appMakers.filter(({ direct }) => !direct))]),
        message: denial("' has its status from its controller only'"),
      },
    ],
  };
}

/** What writes Endpoints and EndpointSlices from Services and pods. */
export const ENDPOINT_CONTROLLERS = [
  'endpoint-controller',
  'endpointslice-controller',
  'endpointslicemirroring-controller',
  'generic-garbage-collector',
];

/** Traffic follows EndpointSlices, whoever writes them, so only their controllers do. */
export function routing(): PolicyRule {
  return {
    name: 'routing',
    description: 'Endpoints and EndpointSlices of a protected namespace are written by their controllers only.',
    namespaces: protectedNamespaces,
    match: [
      { groups: [''], resources: ['endpoints'], operations: ['CREATE', 'UPDATE'] },
      { groups: ['discovery.k8s.io'], resources: ['endpointslices'], operations: ['CREATE', 'UPDATE'] },
    ],
    validations: [
      {
        expression: controllers(ENDPOINT_CONTROLLERS),
        message: denial("' takes traffic and is written by its controller only'"),
      },
    ],
  };
}
