import { isIP } from 'node:net';

import { z } from 'zod';

import { isNeverPromoted, kindName, neverKindsCel } from './defined-kinds.ts';
import { workloadKinds } from '../workload-kinds.ts';
import { keyedList, listOf, setOf } from './lists.ts';
import { patterns } from './patterns.ts';
import { celMatches, withRules } from './rule.ts';
import { dnsLabel, envName, image, imagePrefix, objectName, patterned, text, worded } from './text.ts';

/** Printable ASCII without a space at either end. */
export const printable = (description: string, max: number): z.ZodString =>
  patterned(description, max, patterns.printable);

/** TCP or UDP port. */
export const port = (description: string): z.ZodInt => z.int().min(1).max(65_535).describe(description);

/** A whole number within bounds. */
export const count = (description: string, min: number, max: number): z.ZodInt =>
  z.int().min(min).max(max).describe(description);

/** Yes or no, described for `kubectl explain`. */
export const flag = (description: string): z.ZodBoolean => z.boolean().describe(description);

/** One of a few words in CamelCase, none of which YAML reads as something else. */
export const choice = <const T extends readonly [string, ...string[]]>(
  description: string,
  values: T,
): z.ZodEnum<{ [K in T[number]]: K }> => z.enum(values).describe(description);

/** A Kubernetes quantity, `500m` or `1Gi`; a bare number is one too, hence int-or-string. */
export const quantity = (description: string): z.ZodUnion<readonly [z.ZodInt, z.ZodString]> =>
  z
    .union([z.int().min(0).max(Number.MAX_SAFE_INTEGER), z.string().min(1).max(32).regex(patterns.quantity)])
    .describe(description);

/** An object whose content Kubernetes defines; kept as it stands, checked by the API server's dry run. */
export const embedded = (description: string): z.ZodObject<Record<never, never>, z.core.$loose> =>
  z.looseObject({}).describe(description);

const amounts = (
  description: string,
): z.ZodOptional<
  z.ZodObject<{
    cpu: z.ZodOptional<ReturnType<typeof quantity>>;
    memory: z.ZodOptional<ReturnType<typeof quantity>>;
    'ephemeral-storage': z.ZodOptional<ReturnType<typeof quantity>>;
  }>
> =>
  z
    .object({
      cpu: quantity('Processor time, e.g. 250m.').optional(),
      memory: quantity('Memory, e.g. 256Mi.').optional(),
      'ephemeral-storage': quantity('Disk of the node, e.g. 1Gi.').optional(),
    })
    .describe(description)
    .optional();

/** `resources` of a container, reduced to what every cluster has. */
export const resources = z
  .object({
    requests: amounts('What is set aside for the container.'),
    limits: amounts('What the container cannot exceed.'),
  })
  .describe('Compute resources of the container. Left out, the TwinClass decides by its limitRange.');

/** Literal environment variables of a container. Secrets have no place here: an environment has none of production. */
export const env = keyedList(
  'Environment variables of the container.',
  ['name'],
  z.object({
    name: envName('Name of the variable.'),
    value: text('Value of the variable, as it stands: no expansion of $(NAME).', 8192, 0),
  }),
  { max: 64 },
);

export const args = listOf("Arguments of the image's entry point.", text('One argument.', 4096, 0), { max: 64 });

/** Replaces the image of a container by name. */
export const containerImages = (
  description: string,
  max: number,
): z.ZodArray<z.ZodObject<{ container: z.ZodString; image: z.ZodString }>> =>
  keyedList(
    description,
    ['container'],
    z.object({
      container: dnsLabel(
        'Name of the container. The container of a workload given by `image` has the name of the workload.',
      ),
      image: image('Image by digest.'),
    }),
    { max },
  );

/** Containers that others add to production's pods. */
export const injectedContainers = keyedList(
  'Containers that an admission webhook adds to the pods and that admission therefore lets pass, e.g. a service mesh.',
  ['container'],
  z.object({
    container: dnsLabel('Name of the container that is added.'),
    imagePrefix: imagePrefix('Start that its image must have.'),
  }),
  { max: 16 },
);

/** What of an approved pod somebody may change on its way in; the fields of {@link allowedMutations}. */
export const mutationFields = [
  'Env',
  'Volumes',
  'Probes',
  'Resources',
  'Labels',
  'Annotations',
  'ReadinessGates',
  'Scheduling',
  'PodSecurityContext',
  'DNS',
] as const;
/** Fields in which single entries are named; the others are let through as a whole. */
const namedMutationFields = ['Env', 'Volumes', 'Labels', 'Annotations', 'ReadinessGates'] as const;
const isNamedMutation = (field: string): boolean => namedMutationFields.some((each) => each === field);

/** An exact name, or the start of names with a final `*`. */
const nameOrPrefix = (description: string): z.ZodString => printable(description, 317);

/** What others change in production's pods on their way in, beyond injected containers. */
export const allowedMutations = listOf(
  'What admission webhooks and reloaders may change in an approved pod, by field. Everything else must be as approved.',
  withRules(
    z.object({
      by: text('Who changes it, for people: the name of the webhook or tool.', 253).optional(),
      container: dnsLabel(
        'Container that it is changed in, for Env, Volumes (their mounts), Probes and Resources. Left out: every one.',
      ).optional(),
      field: choice(
        'What is changed. Env: variables are added, also to the template, by whoever may edit it (a reloader): name no more than is needed. Volumes: volumes that reach neither the node nor other data, and their mounts below /var/run/secrets or at a path that is named too, are added. Labels, Annotations (also in the template), ReadinessGates: entries are added. Probes: what is asked of the pod may differ. Resources (requests and limits), Scheduling (node selector, affinity, tolerations, scheduler, priority), DNS (policy, config, host aliases): may differ. PodSecurityContext: groups and hardening may differ.',
        mutationFields,
      ),
      names: setOf(
        'Names that are added: exact, or the start of names with a final *. For Env, Volumes (names of volumes, and paths of their mounts), Labels, Annotations and ReadinessGates.',
        nameOrPrefix('Name, or its start and *.'),
        { min: 1, max: 32 },
      ).optional(),
    }),
    {
      cel: `has(self.names) == (self.field in [${namedMutationFields.map((name) => `'${name}'`).join(', ')}])`,
      message: `write names for ${namedMutationFields.join(', ')}, and for no other field`,
      fieldPath: '.names',
      check: ({ field, names }) => (names !== undefined) === isNamedMutation(field),
    },
    {
      cel: "!has(self.names) || self.names.all(n, n != '*')",
      message: 'write names, or what they start with: a lone * would let everything in',
      fieldPath: '.names',
      check: ({ names }) => names?.every((name) => name !== '*') ?? true,
    },
  ).describe('One change that is let through.'),
  { max: 32 },
);

/** Who beside kubelets and Kubernetes' own controllers writes into running pods. */
export const podWriters = keyedList(
  'Who, beside kubelets and the controllers of Kubernetes, may write annotations and readiness-gate conditions of running pods or resize them, e.g. a network plugin.',
  ['user'],
  withRules(
    z.object({
      user: printable(
        'User, as `kubectl auth whoami` prints it, e.g. system:serviceaccount:kube-system:multus; where each node has one of its own, their start with a final *, e.g. system:ovn-node:*.',
        253,
      ),
      annotations: setOf(
        'Annotations: exact, or their start with a final *. Those that a template reads by the downward API stay frozen.',
        nameOrPrefix('Annotation, or its start and *.'),
        { max: 16 },
      ).optional(),
      conditions: setOf(
        "Types of conditions, exact, or their start with a final *, where the pod's spec names them as readiness gates.",
        nameOrPrefix('Type of the condition, or its start and *.'),
        { max: 16 },
      ).optional(),
      resizes: flag(
        'Whether it may resize pods in place, in containers whose Resources mutations of the target let differ.',
      ).optional(),
    }),
    {
      cel: "!self.user.endsWith('*') || (self.user.endsWith(':*') && self.user != 'system:*' && !self.user.startsWith('system:serviceaccount'))",
      message:
        'write a user, or what users of nodes start with, e.g. system:ovn-node:*; a service account by its whole name',
      fieldPath: '.user',
      check: ({ user }) =>
        !user.endsWith('*') ||
        (user.endsWith(':*') && user !== 'system:*' && !user.startsWith('system:serviceaccount')),
    },
  ),
  { max: 16 },
);

const celWorkloads = `[${workloadKinds.map((kind) => `'${kind}'`).join(', ')}]`;
export const workloadKind = choice('Kind of the workload.', workloadKinds);
export const workloadName = objectName('Name of the workload.');

export const objectKind = withRules(
  kindName(
    'Kind of the object: ServiceAccount, ConfigMap, NetworkPolicy, PodDisruptionBudget, Service, HorizontalPodAutoscaler, Ingress, HTTPRoute, or one that the installation names (promotions.kinds of the chart). Workloads have a list of their own, and pods, Secrets, roles and kinds of Twinlock are never promoted.',
  ),
  {
    cel: `!(self in ${celWorkloads}) && !(self in ${neverKindsCel})`,
    message:
      'list workloads in spec.workloads; what makes pods, Secrets and roles are never promoted as objects: a Secret changes under a new name, or by a rotator',
    check: (kind) => !workloadKinds.some((each) => each === kind) && !isNeverPromoted(kind),
  },
);
export const nameOfObject = objectName('Name of the object.');

const cidr = withRules(
  worded('Network, e.g. 203.0.113.0/24.', 43, patterns.cidr, 'write a network such as 203.0.113.0/24 or 2001:db8::/32'),
  {
    cel: 'isCIDR(self)',
    message: 'write a network whose address and length exist, such as 203.0.113.0/24',
    check: isNetwork,
  },
);

function isNetwork(value: string): boolean {
  const [address = '', length] = value.split('/');
  const family = isIP(address);
  return family !== 0 && Number(length) <= (family === 4 ? 32 : 128);
}

const namespace = dnsLabel('Namespace, by its name, all pods of which are meant.');
const onePeer = {
  cel: 'has(self.cidr) != has(self.namespace)',
  message: 'write exactly one of cidr and namespace',
  check: (rule: { readonly cidr?: string | undefined; readonly namespace?: string | undefined }): boolean =>
    (rule.cidr === undefined) !== (rule.namespace === undefined),
} as const;

/** Where traffic may come from, past a default-deny NetworkPolicy. */
export const ingress = (description: string) =>
  listOf(
    description,
    withRules(z.object({ cidr: cidr.optional(), namespace: namespace.optional() }), onePeer).describe('One origin.'),
    { max: 32 },
  );

/** Destinations that a default-deny NetworkPolicy lets through. */
export const egress = (description: string) =>
  listOf(
    description,
    withRules(
      z.object({
        cidr: cidr.optional(),
        namespace: namespace.optional(),
        ports: listOf(
          'Ports that are open. Left out: all.',
          z.object({
            protocol: choice('Protocol.', ['TCP', 'UDP']).default('TCP'),
            port: port('Port.'),
          }),
          { min: 1, max: 16 },
        ).optional(),
      }),
      onePeer,
    ).describe('One destination.'),
    { max: 32 },
  );

/** Label selector by equality. */
export const matchLabels = (description: string) =>
  z
    .object({
      matchLabels: withRules(
        z
          .record(z.string(), z.string().max(63))
          .refine((labels) => Object.keys(labels).length <= 16, { message: 'write at most 16 labels' })
          .meta({ description: 'Labels that the object must have.', maxProperties: 16 }),
        {
          cel: `self.all(k, k.size() <= 317 && ${celMatches(patterns.labelKey, 'k')} && ${celMatches(patterns.labelValue, 'self[k]')})`,
          message: 'write labels as Kubernetes has them, e.g. team: checkout',
          check: (labels) =>
            Object.entries(labels).every(
              ([key, value]) => key.length <= 317 && patterns.labelKey.test(key) && patterns.labelValue.test(value),
            ),
        },
      ),
    })
    .describe(description);
