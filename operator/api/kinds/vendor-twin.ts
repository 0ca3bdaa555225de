import { z } from 'zod';

import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { columns, resourceOf } from '../kind.ts';
import { bound, needsKey, notOwn, oneWay } from '../schema/bindings.ts';
import { keyedList, listOf } from '../schema/lists.ts';
import { patterns } from '../schema/patterns.ts';
import { adminPaths, adminPort, adminPortRules, ports } from '../schema/ports.ts';
import { withRules } from '../schema/rule.ts';
import { start, stateApart } from '../schema/start.ts';
import { envName, image, patterned, text, urlPath, worded } from '../schema/text.ts';
import { args, env, resources } from '../schema/containers.ts';
import { choice, flag, port, printable } from '../schema/values.ts';

const compiles = (pattern: string): boolean => {
  try {
    RegExp(pattern, 'u');
    return true;
  } catch {
    return false;
  }
};

// `(?` begins what JavaScript and RE2 read differently: look-around and flags.
// A pattern that does not compile is an error of the rule, which refuses; `|| true` would swallow it.
const liveKeyPattern = withRules(text('Regular expression, without (?...).', 256), {
  cel: "!self.contains('(?') && [''.matches(self)].size() == 1",
  message: 'write a regular expression such as ^sk_live_, without (?...)',
  check: (source) => !source.includes('(?') && compiles(source),
});

const readiness = withRules(
  z.object({
    path: urlPath('Path that answers 2xx or 3xx, on the first port that speaks HTTP.').optional(),
    tcp: flag('true: an open port is enough.').optional(),
  }),
  {
    cel: 'has(self.path) != (has(self.tcp) && self.tcp)',
    message: 'write either a path or tcp: true',
    check: (r) => (r.path !== undefined) !== (r.tcp === true),
  },
).describe('When the twin is ready. Left out: an open port is enough.');

const coverage = listOf(
  "How far the twin goes, by the start of the vendor's paths; the longest that fits counts. What none fits is not there.",
  z
    .object({
      path: urlPath("Start of the vendor's paths, e.g. /v1/charges; / is all of them, and whatever is not HTTP."),
      tier: choice(
        "Semantic: it does what the vendor does, and what was written is read again. Shape: answers look like the vendor's and mean nothing.",
        ['Semantic', 'Shape'],
      ),
    })
    .describe('Some of the paths.'),
  { min: 1, max: 64 },
);

/** One of `spec.versions` of a VendorTwin. */
export const vendorTwinVersion = withRules(
  z.object({
    version: worded(
      'Name of the version, as environments refer to it.',
      63,
      patterns.version,
      'write a version such as v1 or 2026-11-01',
    ),
    image: image('Image of the twin by digest.'),
    port: port(
      "Port of the vendor's API, which speaks HTTP/1. Write ports where it has several or speaks otherwise.",
    ).optional(),
    ports: ports.optional(),
    adminPort: adminPort.optional(),
    adminPaths: adminPaths.optional(),
    args: args.optional(),
    env: env.optional(),
    ...start,
    readiness: readiness.optional(),
    statePath: patterned(
      'Directory in which the twin keeps its state. Needed for Durable state.',
      1024,
      patterns.filePath,
    ).optional(),
    resources: resources.optional(),
    bindings: keyedList(
      "Variables that every workload of an environment gets for this twin, by the names that the vendor's SDKs read.",
      ['env'],
      withRules(z.object({ env: envName('Variable of the containers.'), ...bound }), oneWay, notOwn),
      { max: 32 },
    ).optional(),
    dummyKey: printable(
      "Stand-in for the vendor's key, e.g. sk_test_twin. No secret: it opens nothing.",
      256,
    ).optional(),
    liveKeyPatterns: listOf(
      "What the vendor's live keys look like. A variable with such a value in an environment is refused.",
      liveKeyPattern,
      { max: 16 },
    ).optional(),
    license: printable('Licence of the twin, for people: its SPDX expression, e.g. Apache-2.0.', 128).optional(),
    coverage: coverage.optional(),
  }),
  {
    cel: 'has(self.port) != has(self.ports)',
    message: 'write exactly one of port and ports',
    check: (v) => (v.port === undefined) !== (v.ports === undefined),
  },
  ...adminPortRules,
  {
    cel: "!has(self.readiness) || !has(self.readiness.path) || !has(self.ports) || self.ports.exists(p, p.protocol == 'HTTP')",
    message: 'a readiness path needs a port with protocol HTTP: write tcp: true, or the port',
    fieldPath: '.readiness',
    check: (v) =>
      v.readiness?.path === undefined || v.ports === undefined || v.ports.some(({ protocol }) => protocol === 'HTTP'),
  },
  {
    cel: `has(self.dummyKey) || !(${needsKey.cel})`,
    message: 'a binding has source DummyKey, or {key} in its value: write the dummyKey that it puts into the variable',
    check: (v) => v.dummyKey !== undefined || !needsKey.check(v.bindings),
  },
  stateApart,
).describe('One version of the twin.');

/** `spec` of a VendorTwin. */
export const vendorTwinSpec = z
  .object({
    vendor: printable('Name of the vendor, for people.', 128),
    versions: keyedList(
      'Versions. New environments that name none get the last one, and keep it.',
      ['version'],
      vendorTwinVersion,
      {
        min: 1,
        max: 32,
      },
    ),
  })
  .describe('The twin and its versions.');

export type VendorTwinSpec = z.output<typeof vendorTwinSpec>;
export type VendorTwin = TwinlockObject<'VendorTwin', VendorTwinSpec>;

export const vendorTwinKind = {
  kind: 'VendorTwin',
  plural: 'vendortwins',
  shortNames: ['vtwin'],
  namespaced: false,
  description: 'A stand-in for a third-party service, versioned and pinned by digest: one entry of the catalogue.',
  spec: vendorTwinSpec,
  columns: columns(
    [
      { name: 'Vendor', type: 'string', jsonPath: '.spec.vendor', description: 'Vendor.' },
      {
        name: 'Default',
        type: 'string',
        jsonPath: '.spec.versions[-1:].version',
        description: 'Version of new environments that name none: the last one listed.',
      },
    ],
    { ready: false },
  ),
} as const satisfies KindDefinition;

export const VendorTwin = resourceOf<VendorTwin>(vendorTwinKind);
