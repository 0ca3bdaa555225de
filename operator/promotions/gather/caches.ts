import {
  ApprovalPolicy,
  ApproverKeyring,
  ProductionTarget,
  Promotion,
  PromotionRecord,
  TwinClass,
  TwinEnvironment,
  WorkloadLock,
} from '../../api/index.ts';
import { Namespace, type Cache, type Informer } from '../../kube/index.ts';

/** What the promotions process follows. Production's workloads are followed per namespace, see FollowedWorkloads. */
export interface Caches {
  readonly promotions: Informer<Promotion>;
  readonly targets: Informer<ProductionTarget>;
  readonly records: Informer<PromotionRecord>;
  readonly locks: Informer<WorkloadLock>;
  readonly policies: Informer<ApprovalPolicy>;
  readonly keyrings: Informer<ApproverKeyring>;
  readonly environments: Informer<TwinEnvironment>;
  readonly classes: Informer<TwinClass>;
  readonly namespaces: Informer<Namespace>;
}

/** Asks the cache for an informer of each kind, in all namespaces; they sync once it runs. */
export function followAll(cache: Cache): Caches {
  return {
    promotions: cache.informer(Promotion),
    targets: cache.informer(ProductionTarget),
    records: cache.informer(PromotionRecord),
    locks: cache.informer(WorkloadLock),
    policies: cache.informer(ApprovalPolicy),
    keyrings: cache.informer(ApproverKeyring),
    environments: cache.informer(TwinEnvironment),
    classes: cache.informer(TwinClass),
    namespaces: cache.informer(Namespace),
  };
}
