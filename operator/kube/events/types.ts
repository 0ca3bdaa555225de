import type { KubeObject } from '../objects/index.ts';

/** One event, as `kubectl get events` shows it. Never put a secret or unbounded cluster input into it. */
export interface EventInput {
  readonly regarding: KubeObject;
  readonly related?: KubeObject | undefined;
  readonly type: 'Normal' | 'Warning';
  /** CamelCase, machine readable, <= 128 characters. */
  readonly reason: string;
  /** What the controller did or tried to do: CamelCase verb, <= 128 characters. */
  readonly action: string;
  /** For people, cut at 1024 characters. */
  readonly note: string;
}

/** Records events in the background. `record` never throws and never waits. */
export interface EventRecorder {
  record(event: EventInput): void;
  /** Resolves when everything recorded so far is sent or given up. */
  flush(): Promise<void>;
}
