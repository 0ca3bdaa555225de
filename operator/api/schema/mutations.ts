import { z } from 'zod';

import { keyedList, listOf, setOf } from './lists.ts';
import { withRules } from './rule.ts';
import { dnsLabel, imagePrefix, text } from './text.ts';
import { choice, flag, printable } from './values.ts';

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
