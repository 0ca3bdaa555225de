import { group, recordHeadsConfigMap } from '../api/index.ts';
import type { ResourceType } from '../kube/index.ts';
import { objectTypes } from '../objects/index.ts';
import { appMade, appWorkloads, jobMaker, REVISION, rightsOn, type PodMaker } from '../workloads/index.ts';
import type { RoleDefinition, Rule } from './roles.ts';

const read = ['get', 'list', 'watch'] as const;
const typesOf = (makers: readonly PodMaker[]): readonly ResourceType[] => makers.map(({ type }) => type);
const ofTwinlock = (resources: readonly string[], verbs: readonly string[]): Rule => ({
  apiGroups: [group],
  resources,
  verbs,
});

export const onCallRole = 'twinlock-oncall';
/** What puts an object of a target back. */
export const onCallObjectVerbs = [...read, 'create', 'update', 'delete'] as const;

/** What a team works with; the rest is written by the platform or by the controllers. */
const teamKinds = ['twinenvironments', 'promotions'] as const;

/**
 * Roles of people and their tools (api.md, "Decided"). `view` and `edit` are Kubernetes' own roles, which these are added
 * to: nobody gets `approve`, a status or production by them.
 */
export const peopleRoles: readonly RoleDefinition[] = [
  {
    name: 'twinlock-view',
    aggregateTo: 'view',
    rules: [ofTwinlock([...teamKinds, 'gateruns'], read)],
  },
  {
    name: 'twinlock-edit',
    aggregateTo: 'edit',
    rules: [ofTwinlock(teamKinds, [...read, 'create', 'update', 'patch', 'delete'])],
  },
  {
    // Bound in production's namespace. A vote is an annotation, hence patch; the verb approve lets it in.
    name: 'twinlock-approver',
    rules: [
      ofTwinlock(['promotions'], [...read, 'patch', 'approve']),
      ofTwinlock(['promotionrecords', 'productiontargets', 'twinenvironments'], read),
    ],
  },
  {
    // What `kubectl rollout undo` and `kubectl rollout status` need, and what puts back an object, or a workload that was
    // removed; the verb rollback makes the fallback acceptable, and lets a pod that hangs be taken away at once.
    name: onCallRole,
    rules: [
      ofTwinlock(['productiontargets'], [...read, 'rollback']),
      ofTwinlock(['promotions', 'promotionrecords', 'workloadlocks'], read),
      ...rightsOn(typesOf(appWorkloads), [...read, 'create', 'update', 'patch']),
      ...rightsOn(objectTypes, onCallObjectVerbs),
      ...rightsOn([...typesOf(appMade), REVISION], read),
      // Runs one by hand, stops one and lets it go on.
      ...rightsOn([jobMaker.type], ['create', 'patch', 'delete']),
      { apiGroups: [''], resources: ['pods'], verbs: [...read, 'delete'] },
      { apiGroups: [''], resources: ['pods/eviction'], verbs: ['create'] },
    ],
  },
  {
    // Reads keyrings, policies and the catalogue, which are not in any namespace: for approvers, auditors, dashboards.
    name: 'twinlock-reader',
    rules: [
      ofTwinlock(
        [
          ...teamKinds,
          'productiontargets',
          'promotionrecords',
          'workloadlocks',
          'gateruns',
          'twinclasses',
          'vendortwins',
          'approvalpolicies',
          'approverkeyrings',
        ],
        read,
      ),
      // How far the chains of records have come, and the keys that signed it.
      { apiGroups: [''], resources: ['configmaps'], resourceNames: [recordHeadsConfigMap], verbs: ['get'] },
    ],
  },
  {
    // Where trust is sealed: a signature is an annotation, hence patch; without the verb unprotect admission lets nothing
    // else be changed.
    name: 'twinlock-signer',
    rules: [
      ofTwinlock(['productiontargets', 'approvalpolicies', 'approverkeyrings'], [...read, 'patch']),
      ofTwinlock(['promotionrecords'], read),
    ],
  },
  {
    // Takes the lock off (unprotect) and replaces CRDs and policies (upgrade); says who is trusted.
    name: 'twinlock-admin',
    rules: [
      ofTwinlock(
        ['productiontargets', 'twinclasses', 'vendortwins', 'approvalpolicies', 'approverkeyrings'],
        [...read, 'create', 'update', 'patch', 'delete'],
      ),
      ofTwinlock(['productiontargets'], ['unprotect', 'upgrade']),
      ofTwinlock(['promotionrecords', 'workloadlocks'], read),
    ],
  },
];
