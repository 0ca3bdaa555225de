import type { KubeObject } from '../../../kube/index.ts';

/** An object of an environment as it is to be: everything that is sent to the API server. */
export interface Manifest extends KubeObject {
  readonly [field: string]: unknown;
}
