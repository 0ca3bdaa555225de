import { z } from 'zod';

import { patterns } from '../schema/patterns.ts';
import { adminPaths, adminPort, adminPortRules, ports } from '../schema/ports.ts';
import { withRules } from '../schema/rule.ts';
import { start } from '../schema/start.ts';
import { componentName, httpURL, image, objectName, worded } from '../schema/text.ts';
import { args, env, resources } from '../schema/containers.ts';
import { choice, port, quantity } from '../schema/values.ts';
import { environmentKind } from '../workload-kinds.ts';

const state = z
  .object({
    persistence: choice(
      'Ephemeral: gone with the pod. Durable: on a PersistentVolumeClaim; the twin must have a statePath.',
      ['Ephemeral', 'Durable'],
    ).default('Ephemeral'),
    size: quantity('Size of the volume.').default('1Gi'),
    storageClassName: objectName("StorageClass of the volume. Left out: the cluster's default.").optional(),
  })
  .describe('Where the twin keeps its state.');

/** An element of `spec.services`. */
export const service = withRules(
  z.object({
    name: componentName(`Name of the service, by habit the vendor's; its ${environmentKind} and Service have it.`),
    mode: choice(
      'Twin: a stand-in runs and the app is pointed to it. Real: nothing is set, the app talks to the vendor. Disabled: neither.',
      ['Twin', 'Real', 'Disabled'],
    ).default('Twin'),
    vendorTwinRef: z
      .object({
        name: objectName("Name of the VendorTwin. Left out: the service's name.").optional(),
        version: worded(
          'Version of the VendorTwin. Left out: the last one listed when it is made, and that one from then on.',
          63,
          patterns.version,
          'write a version such as v1 or 2026-11-01',
        ).optional(),
      })
      .describe(
        "Twin of the catalogue. Left out with image and externalURL: the VendorTwin that has the service's name.",
      )
      .optional(),
    image: image('Image by digest of a twin that is not in the catalogue.').optional(),
    port: port(
      'Port on which that image answers HTTP/1. Write ports where it has several or speaks otherwise.',
    ).optional(),
    ports: ports.optional(),
    adminPort: adminPort.optional(),
    adminPaths: adminPaths.optional(),
    args: args.optional(),
    env: env.optional(),
    ...start,
    externalURL: httpURL('URL of a twin that runs elsewhere.').optional(),
    expose: choice(
      "How the twin's API is reached from outside: not, by a Host of its own, or by a Path of the environment's host. A twin's admin API never is.",
      ['None', 'Host', 'Path'],
    ).default('None'),
    state: state.optional(),
    resources: resources.optional(),
  }),
  {
    cel: '[has(self.vendorTwinRef), has(self.image), has(self.externalURL)].filter(given, given).size() <= 1',
    message: 'write at most one of vendorTwinRef, image and externalURL',
    check: (s) => [s.vendorTwinRef, s.image, s.externalURL].filter((given) => given !== undefined).length <= 1,
  },
  {
    cel: 'has(self.image) == (has(self.port) || has(self.ports))',
    message: 'write port or ports with image, and none of them with a twin of the catalogue, which has its own',
    check: (s) => (s.image === undefined) === (s.port === undefined && s.ports === undefined),
  },
  {
    cel: '!has(self.port) || !has(self.ports)',
    message: 'write one of port and ports',
    check: (s) => s.port === undefined || s.ports === undefined,
  },
  ...adminPortRules,
  {
    cel: 'has(self.image) || !(has(self.args) || has(self.env) || has(self.adminPort) || has(self.adminPaths))',
    message:
      'args, env, adminPort and adminPaths belong to image; a twin of the catalogue has its own: change the VendorTwin',
    check: (s) =>
      s.image !== undefined || [s.args, s.env, s.adminPort, s.adminPaths].every((given) => given === undefined),
  },
  {
    cel: "self.expose == 'None' || !has(self.ports) || self.ports.exists(p, p.protocol != 'TCP')",
    message: 'what is not HTTP is reached inside the environment only: write expose: None',
    fieldPath: '.expose',
    check: (s) => s.expose === 'None' || s.ports === undefined || s.ports.some(({ protocol }) => protocol !== 'TCP'),
  },
  {
    cel: '!has(self.externalURL) || !(has(self.state) || has(self.resources))',
    message: 'state and resources belong to a twin that runs here: remove them, or externalURL',
    check: (s) => s.externalURL === undefined || (s.state === undefined && s.resources === undefined),
  },
  {
    cel: "!has(self.image) || !has(self.state) || self.state.persistence == 'Ephemeral'",
    message: 'Durable state needs a statePath: make the image a VendorTwin',
    check: (s) => s.image === undefined || s.state === undefined || s.state.persistence === 'Ephemeral',
  },
  {
    cel: 'has(self.image) || !(has(self.command) || has(self.runAsUser) || has(self.writablePaths))',
    message:
      'command, runAsUser and writablePaths belong to image; a twin of the catalogue has its own: change the VendorTwin',
    check: (s) =>
      s.image !== undefined || [s.command, s.runAsUser, s.writablePaths].every((given) => given === undefined),
  },
).describe('One third-party service that the app talks to.');
