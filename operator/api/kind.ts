import type { KubeObject, ResourceType } from '../kube/objects/index.ts';
import { resourceType } from '../kube/objects/index.ts';
import type { z } from 'zod';

import { apiVersion } from './names.ts';
import type { CelRule } from './schema/rule.ts';

/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description: string;
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority?: 0 | 1;
}

/** All that the CRD of a kind is generated from. */
export interface KindDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly description: string;
  readonly spec: z.ZodType;
  /** Left out for kinds without a controller; they have no status subresource. */
  readonly status?: z.ZodType;
  /**
   * Its controller writes a status to every object: until then the API server shows one of no generation, so that kstatus
   * (Flux, Argo CD, kubectl) does not take an object that nobody has looked at yet for one that is done.
   */
  readonly alwaysObserved?: true;
  readonly columns: readonly PrinterColumn[];
  /** Rules over the whole object: `self.metadata.name`, `self.spec` and their old values. */
  readonly rules?: readonly CelRule[];
}

/** Objects out of a cache are deep-frozen; the types say so. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** An object of a kind, as the API server answers it: defaults are filled in. */
export interface TwinlockObject<Kind extends string, Spec, Status = never> extends KubeObject {
  readonly apiVersion: typeof apiVersion;
  readonly kind: Kind;
  readonly spec: Frozen<Spec>;
  readonly status?: Frozen<Status> | undefined;
}

/** Where the API server serves a kind. */
export function resourceOf<T extends KubeObject>(kind: KindDefinition): ResourceType<T> {
  return resourceType<T>({ apiVersion, kind: kind.kind, plural: kind.plural, namespaced: kind.namespaced });
}

const readyColumns: readonly PrinterColumn[] = [
  {
    name: 'Ready',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].status',
    description: 'Whether the object is accepted and healthy.',
  },
  {
    name: 'Reason',
    type: 'string',
    jsonPath: '.status.conditions[?(@.type=="Ready")].reason',
    description: 'Why it is, or is not.',
  },
];
/** Of the kinds that sealed trust holds. */
export const acceptedColumn: PrinterColumn = {
  name: 'Accepted',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Accepted")].status',
  description: 'Whether what stands here is what people signed; empty where trust is not sealed.',
};
const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'When it was created.',
};

/** A kind's own columns, `Ready` and `Reason` where it has conditions, and its age. */
export function columns(own: readonly PrinterColumn[], options: { readonly ready: boolean }): readonly PrinterColumn[] {
  return [...own, ...(options.ready ? readyColumns : []), age];
}

/** The name becomes a label's value, which holds 63 characters. */
export const nameFitsLabel: CelRule = {
  rule: 'self.metadata.name.size() <= 63',
  message: 'choose a name of at most 63 characters: it becomes the value of a label',
};

/** The name becomes part of host names, hence a DNS label. */
export const nameIsDnsLabel: CelRule = {
  rule: "self.metadata.name.size() <= 63 && !self.metadata.name.contains('.')",
  message: "choose a name of at most 63 characters without '.': it becomes part of host names",
};
