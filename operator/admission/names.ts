import { workloadLockName } from '../api/kinds/workload-lock.ts';
import {
  annotations,
  apiVersion,
  boundaryName,
  configurationKeySecret,
  configurationRole,
  fieldManagers,
  group,
  labels,
  lockRules,
  mayGo,
  protections,
  recordCutPrefix,
  recordHeadsConfigMap,
  recordKeySecret,
  serviceAccounts,
} from '../api/names.ts';

/** The API's names as the policies use them. */
export const GROUP = group;
export const API_VERSION = apiVersion;
export const LOCK_NAME = workloadLockName;
export const PROTECTED_LABEL = labels.protected;
export const PROTECTIONS = protections;
export const UNREFERENCED_LABEL = labels.unreferenced;
export const MAY_GO = mayGo;
export const REMOVED_BY = labels.removedBy;
export const UNPROTECT = annotations.unprotect;
export const ENVIRONMENT_LABEL = labels.environment;
export const REQUESTED_BY = annotations.requestedBy;
export const CHANGED_BY = annotations.changedBy;
export const VOTE_PREFIX = annotations.votePrefix;
export const PROMOTIONS = serviceAccounts.promotions;
export const ENVIRONMENTS = serviceAccounts.environments;
export const BOUNDARY_NAME = boundaryName;
export const CUT_PREFIX = recordCutPrefix;
export const RECORD_HEADS = recordHeadsConfigMap;
export const RECORD_KEY = recordKeySecret;
export const CONFIGURATION_KEY = configurationKeySecret;
export const CONFIGURATION_ROLE = configurationRole;
export const RULES = lockRules;
export const PLAN_MANAGER = fieldManagers.plan;
export const PODS_MANAGER = fieldManagers.pods;
export { policyName } from '../api/names.ts';
export { RESTARTED_AT } from '../workloads/index.ts';
