import type { KubeObject } from '../objects/index.ts';

/** What an apply came to. */
export interface Applied<T extends KubeObject> {
  /** `Unchanged` sent nothing. */
  readonly outcome: 'Created' | 'Configured' | 'Unchanged';
  readonly object: T;
  /** Why something was sent: the field that differed, `hash`, or `absent`; undefined when nothing was. */
  readonly because?: string | undefined;
}
