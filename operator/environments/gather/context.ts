import type { TwinEnvironment } from '../../api/index.ts';
import type { Applier, Cache, Client, Clock, EventRecorder, Logger, StatusWriter } from '../../kube/index.ts';
import type { EnvironmentSettings } from '../decide/index.ts';
import type { DriftView, Informers } from './cache/index.ts';
import type { Copies } from './copies.ts';
import type { Reports } from './reports/index.ts';
import type { Slots } from './slots.ts';
import type { KubeletWords } from './words.ts';

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
  readonly words: KubeletWords;
  readonly copies: Copies;
  readonly slots: Slots;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: EnvironmentSettings;
}
