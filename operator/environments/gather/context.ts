import type { TwinEnvironment } from '../../api/index.ts';
import type { Applier, Client, Clock, EventRecorder, Logger, StatusWriter } from '../../kube/index.ts';
import type { Cache } from '../../kube/index.ts';
import type { DriftView, Informers } from './cache/index.ts';
import type { PlanSettings } from '../decide/plan/index.ts';
import type { Reports } from './reports/index.ts';

/** What every step of a reconcile works with. */
export interface Context {
  readonly client: Client;
  readonly cache: Cache;
  readonly drift: DriftView;
  readonly informers: Informers;
  readonly applier: Applier;
  readonly statuses: StatusWriter<TwinEnvironment>;
  readonly events: EventRecorder;
  readonly reports: Reports;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: PlanSettings & { readonly policiesEnforced: boolean };
}
