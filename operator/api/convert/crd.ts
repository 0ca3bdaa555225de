import type { KindDefinition, PrinterColumn } from '../kind.ts';
import { group, version } from '../names.ts';
import { NOT_OBSERVED } from '../schema/conditions.ts';
import type { CelRule } from '../schema/rule.ts';
import { structural } from './structural.ts';
import type { Structural } from './types.ts';

/** A CustomResourceDefinition with one version. */
export interface CustomResourceDefinition {
  readonly apiVersion: 'apiextensions.k8s.io/v1';
  readonly kind: 'CustomResourceDefinition';
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly scope: 'Namespaced' | 'Cluster';
    readonly names: {
      readonly kind: string;
      readonly listKind: string;
      readonly plural: string;
      readonly singular: string;
      readonly shortNames?: readonly string[];
      readonly categories: readonly string[];
    };
    readonly versions: readonly [
      {
        readonly name: string;
        readonly served: true;
        readonly storage: true;
        readonly subresources?: { readonly status: Record<never, never> };
        readonly additionalPrinterColumns: readonly PrinterColumn[];
        readonly schema: { readonly openAPIV3Schema: Structural };
      },
    ];
  };
}

/**
 * The CustomResourceDefinition of a kind.
 *
 * @throws {SchemaError} when the kind's schema cannot be said in one
 */
export function customResourceDefinition(kind: KindDefinition): CustomResourceDefinition {
  const singular = kind.kind.toLowerCase();
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${kind.plural}.${group}` },
    spec: {
      group,
      scope: kind.namespaced ? 'Namespaced' : 'Cluster',
      names: {
        kind: kind.kind,
        listKind: `${kind.kind}List`,
        plural: kind.plural,
        singular,
        ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
        categories: ['twinlock'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          ...(kind.status !== undefined && { subresources: { status: {} } }),
          additionalPrinterColumns: kind.columns,
          schema: { openAPIV3Schema: rootSchema(kind) },
        },
      ],
    },
  };
}

/** Schema of the whole object. */
export function rootSchema(kind: KindDefinition): Structural {
  const rules: readonly CelRule[] = kind.rules ?? [];
  return {
    description: kind.description,
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: { description: 'Version of the schema of this object.', type: 'string' },
      kind: { description: 'Kind of this object.', type: 'string' },
      // The API server describes metadata itself and refuses a description of ours.
      metadata: { type: 'object' },
      spec: structural(kind.spec, 'spec'),
      ...(kind.status !== undefined && {
        status: {
          ...structural(kind.status, 'status'),
          ...(kind.alwaysObserved === true && { default: { observedGeneration: NOT_OBSERVED } }),
        },
      }),
    },
    ...(rules.length > 0 && { 'x-kubernetes-validations': [...rules] }),
  };
}
