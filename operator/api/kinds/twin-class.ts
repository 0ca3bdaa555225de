import { z } from 'zod';

import { durationOrder } from '../duration.ts';
import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { columns, resourceOf } from '../kind.ts';
import { keyedList, setOf } from '../schema/lists.ts';
import { withRules } from '../schema/rule.ts';
import { duration, imagePrefix, objectName, text, worded } from '../schema/text.ts';
import { egress, ingress } from '../schema/network.ts';
import { choice, count, flag, matchLabels, quantity } from '../schema/values.ts';
import { classSleep } from './sleep.ts';
import { exposure } from './twin-class-exposure.ts';

const quota = z
  .object({
    pods: quantity('Pods.').default(30),
    services: quantity('Services.').default(50),
    persistentvolumeclaims: quantity('PersistentVolumeClaims.').default(10),
    'requests.cpu': quantity('Sum of the CPU requests.').default('2'),
    'requests.memory': quantity('Sum of the memory requests.').default('4Gi'),
    'requests.storage': quantity('Sum of the sizes of the claims.').default('20Gi'),
    'limits.cpu': quantity('Sum of the CPU limits.').default('8'),
    'limits.memory': quantity('Sum of the memory limits.').default('8Gi'),
    'limits.ephemeral-storage': quantity("Sum of the limits of the nodes' disks: logs, layers, emptyDir.").default(
      '32Gi',
    ),
  })
  .describe('ResourceQuota of every environment.')
  .prefault({});

const amounts = (description: string, cpu: string, memory: string, disk: string) =>
  z
    .object({
      cpu: quantity('CPU.').default(cpu),
      memory: quantity('Memory.').default(memory),
      'ephemeral-storage': quantity("Disk of the node: the container's logs, its layer and emptyDir.").default(disk),
    })
    .describe(description)
    .prefault({});

const limitRange = z
  .object({
    defaultRequest: amounts(
      // Nodes that do not measure their disks have none to give: a request would leave every pod pending there.
      'Requests of a container that has none.',
      '10m',
      '32Mi',
      '0',
    ),
    default: amounts(
      'Limits of a container that has none. A quota without them would block every pod.',
      '500m',
      '512Mi',
      '1Gi',
    ),
    max: amounts('The most that a container may have.', '2', '2Gi', '8Gi'),
  })
  .describe('LimitRange of every environment.')
  .prefault({});

const dnsPorts = (port: number): { protocol: 'TCP' | 'UDP'; port: number }[] => [
  { protocol: 'UDP', port },
  { protocol: 'TCP', port },
];
const resolvers = [
  // Gardener's CoreDNS listens on 8053. A NetworkPolicy is about the port of the pod, not that of the Service.
  { namespace: 'kube-system', ports: [...dnsPorts(53), ...dnsPorts(8053)] },
  { namespace: 'openshift-dns', ports: dnsPorts(5353) },
  // NodeLocal DNSCache (169.254.20.10, kubespray's .25.10), LocalDNS of AKS and Cloud DNS of GKE answer on link-local
  // addresses of the node. Cloud DNS has that of the metadata server, whose tokens are on another port.
  { cidr: '169.254.0.0/16', ports: dnsPorts(53) },
];
const ingressControllers = [
  'ingress-nginx',
  'traefik',
  'envoy-gateway-system',
  'istio-system',
  'istio-ingress',
  'projectcontour',
  'kong',
  'haproxy-controller',
  'nginx-gateway',
  'openshift-ingress',
  'kube-system',
];

/** Who has not signed in. */
const NOBODY = ['system:unauthenticated', 'system:anonymous'];

const access = keyedList(
  "Who gets into every environment's namespace: groups of the cluster's users. Left out: who has rights there by other ways.",
  ['group'],
  withRules(
    z.object({
      group: text("Group of users, as the API server's authenticator names it.", 256),
      role: choice(
        'Viewer: reads pods, logs, events and what the environment is made of, Secrets and ConfigMaps left out. Debugger: exec and port-forward too. Neither changes anything.',
        ['Viewer', 'Debugger'],
      ),
    }),
    {
      cel: `!(self.group in [${NOBODY.map((name) => `'${name}'`).join(', ')}])`,
      message: 'name a group of people who sign in',
      fieldPath: '.group',
      check: ({ group }) => !NOBODY.includes(group),
    },
  ),
  { max: 32 },
);

const copied = worded(
  'Name, or its start with a final *.',
  253,
  /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$|^([a-z0-9][a-z0-9.-]*)?\*$/,
  'write the name of an object, or its start with a final *: team-*',
);

/** `spec` of a TwinClass. */
export const twinClassSpec = z
  .object({
    default: flag('Whether environments that name no class get this one. With two default classes, none is.').default(
      false,
    ),
    namespaceSelector: matchLabels('Namespaces in which environments of this class may be made.').prefault({
      matchLabels: { 'twinlock.dev/environments': 'true' },
    }),
    maxEnvironments: count('Environments of this class that may exist at a time; more are queued.', 1, 10_000).default(
      50,
    ),
    maxPerNamespace: count('The same for one namespace.', 1, 10_000).default(20),
    ttl: withRules(
      z.object({
        default: duration('ttl.inactivity of Ephemeral environments that give none.').default('72h'),
        max: duration(
          "Ceiling of an Ephemeral environment's life, and of the ttl that an environment may ask for.",
        ).default('336h'),
      }),
      durationOrder('default', 'max'),
    )
      .describe('Life of environments.')
      .prefault({}),
    sleep: classSleep.optional(),
    allowedImages: setOf(
      'Starts that the images of environments and twins given by `image` must have. Left out: any, by digest.',
      imagePrefix('Start of an image.'),
      { min: 1, max: 64 },
    ).optional(),
    podSecurity: choice('Pod Security Standard that the namespaces of environments enforce.', [
      'baseline',
      'restricted',
    ]).default('restricted'),
    quota,
    limitRange,
    network: z
      .object({
        dns: egress(
          "Where names are resolved. Left out: CoreDNS in kube-system, OpenShift's DNS, and link-local resolvers (NodeLocal DNSCache, LocalDNS of AKS, Cloud DNS), each on its port only.",
        ).default(resolvers),
        ingress: ingress(
          "Who reaches the boundary's Service besides the front door of the installation: the namespaces or networks of your own Ingress controllers and Gateways. Left out: the namespaces in which the common ones are installed.",
        ).default(ingressControllers.map((namespace) => ({ namespace }))),
        egress: egress(
          'Destinations that stay open for every environment of this class, besides DNS: for its workloads, its twins and its boundary.',
        ).optional(),
        requestable: egress(
          'Destinations that an environment may ask for in its own network.egress, whole or a part of one. Left out: none.',
        ).optional(),
      })
      .describe('What every environment may talk to.')
      .prefault({}),
    exposure,
    access: access.optional(),
    copySecrets: setOf(
      'Secrets that environments may have copied from the namespace of their TwinEnvironment: names, or their start with a final *. Left out: none.',
      copied,
      { max: 64 },
    ).optional(),
    copyConfigMaps: setOf('The same of ConfigMaps.', copied, { max: 64 }).optional(),
    imagePullSecrets: setOf(
      'Pull secrets of the namespace of the TwinEnvironment that every environment gets, and all of its pods name.',
      objectName('Name of the Secret.'),
      { max: 8 },
    ).optional(),
  })
  .describe('Guard rails and defaults.');

export type TwinClassSpec = z.output<typeof twinClassSpec>;
export type TwinClass = TwinlockObject<'TwinClass', TwinClassSpec>;

export const twinClassKind = {
  kind: 'TwinClass',
  plural: 'twinclasses',
  shortNames: ['twinclass'],
  namespaced: false,
  description: 'Guard rails and defaults of environments, set by the platform.',
  spec: twinClassSpec,
  columns: columns(
    [
      { name: 'Default', type: 'boolean', jsonPath: '.spec.default', description: 'Whether it is the default class.' },
      { name: 'Max', type: 'integer', jsonPath: '.spec.maxEnvironments', description: 'Environments at a time.' },
    ],
    { ready: false },
  ),
} as const satisfies KindDefinition;

export const TwinClass = resourceOf<TwinClass>(twinClassKind);
