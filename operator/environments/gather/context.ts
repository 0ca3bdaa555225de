import type { TwinEnvironment } from '../../api/index.ts';
import type { Applier, Cache, Client, Clock, EventRecorder, Logger, StatusWriter } from '../../kube/index.ts';
import type { EnvironmentSettings } from '../decide/index.ts';
import type { Reach, ReachTarget } from '../decide/reach.ts';
import type { Report, ReportTarget } from '../decide/wiring/index.ts';
import type { DriftView, Informers } from './cache/index.ts';
import type { Copies } from './copies.ts';
import type { Asked } from './asked.ts';
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
  /** What apps say of how they are wired. */
  readonly reports: Asked<ReportTarget, Report>;
  /** What is reached through the boundary. */
  readonly reach: Asked<ReachTarget, Reach>;
  readonly words: KubeletWords;
  readonly copies: Copies;
  readonly slots: Slots;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: EnvironmentSettings;
}
