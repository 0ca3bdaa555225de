import { z } from 'zod';

import { isNeverPromoted, kindName, neverKindsCel } from './defined-kinds.ts';
import { MAX_OBJECTS, objectApiVersions } from '../object-kinds.ts';
import { controllersAnnotations, jobMakers, MAX_JOBS, workloadApiVersions, workloadKinds } from '../workload-kinds.ts';
import { group as ownGroup } from '../names.ts';
import { keyedList, listOf } from './lists.ts';
import { patterns } from './patterns.ts';
import { withRules } from './rule.ts';
import { dnsLabel, objectName, worded } from './text.ts';
import { choice, embedded, printable } from './values.ts';

/** Manifests that one Promotion carries. */
const maxManifests = MAX_OBJECTS;

/**
 * Annotations that are no manifest's: what Kubernetes' controllers keep there, what makes an old controller roll back by
 * itself, what kubectl keeps for itself, and Twinlock's own.
 */
const FOREIGN_KEYS = [...controllersAnnotations, 'kubectl.kubernetes.io/last-'];
const OWN_KEYS = 'twinlock.dev/';

/** As a chart may have it beside a digest: `repository:tag@sha256:...`; only the digest counts. */
const pinnedImage = worded(
  'Image by digest.',
  512,
  patterns.pinnedImage,
  'write the image by digest, repository@sha256:<64 hex digits>, since a tag can move; `crane digest <image>` prints it',
);

const containers = (description: string, min: number) =>
  keyedList(
    description,
    ['name'],
    z
      .looseObject({ name: dnsLabel('Name of the container.'), image: pinnedImage })
      .describe('A container, as Kubernetes has it.'),
    { min, max: 16 },
  );

const names = (description: string, max: number) =>
  withRules(
    z
      .record(z.string(), z.string().max(max))
      .refine((map) => Object.keys(map).length <= 64, { message: 'write at most 64' })
      .meta({ description, maxProperties: 64 }),
    {
      cel: `self.all(k, !(${[...FOREIGN_KEYS, OWN_KEYS].map((key) => `k.startsWith('${key}')`).join(' || ')} || k.contains('.${OWN_KEYS}')))`,
      message: `leave out what others keep there: ${controllersAnnotations.join(', ')}, last-applied-configuration and ${OWN_KEYS}`,
      check: (map) =>
        !Object.keys(map).some(
          (key) => [...FOREIGN_KEYS, OWN_KEYS].some((start) => key.startsWith(start)) || key.includes(`.${OWN_KEYS}`),
        ),
    },
  );

const podSpec = z
  .looseObject({
    containers: containers(
      'Containers of the pod. Their images ran in the environment, or are what production runs.',
      1,
    ),
    initContainers: containers('Containers that run before those.', 0).optional(),
  })
  .describe('A PodSpec, as Kubernetes has it.');

const template = (description: string) =>
  z
    .looseObject({ metadata: embedded('Labels and annotations of the pods.').optional(), spec: podSpec })
    .describe(description);

const ownVersions = `${ownGroup}/`;
const versionOf: Readonly<Record<string, string>> = { ...workloadApiVersions, ...objectApiVersions };
const isIn = (kinds: readonly string[], kind: unknown): boolean => kinds.some((each) => each === kind);
const lastingKinds = workloadKinds.filter((kind) => !isIn(jobMakers, kind));
const celList = (kinds: readonly string[]): string => `[${kinds.map((kind) => `'${kind}'`).join(', ')}]`;

/** A whole object as CI renders it. What the API server or a controller fills in has no place here. */
const manifest = withRules(
  z
    .looseObject({
      apiVersion: printable('API version of the kind.', 317),
      kind: kindName('Kind. It has to be a workload of the target, or one of its objects.'),
      metadata: z
        .object({
          name: objectName('Name of the object.'),
          namespace: dnsLabel('Namespace. Left out, or that of the Promotion.').optional(),
          labels: names(
            'Labels of the object itself. Of a workload they are added to those that it has, and are not locked; of every other object they are all that it has, and locked.',
            63,
          ).optional(),
          annotations: names('Annotations of the object itself, as its labels.', 4096).optional(),
        })
        .describe('Name, labels and annotations.'),
      spec: z
        .looseObject({
          template: template(
            'A PodTemplateSpec, as Kubernetes has it. A workload has one, itself or in its jobTemplate.',
          ).optional(),
          jobTemplate: z
            .looseObject({
              spec: z
                .looseObject({ template: template('A PodTemplateSpec, as Kubernetes has it.') })
                .describe('A JobSpec, as Kubernetes has it.'),
            })
            .describe('Template of the Jobs of a workload that makes such.')
            .optional(),
        })
        .describe(
          'All of the spec: a field that is left out is taken away or gets its default. Of a workload only `replicas` and `suspend` have no say: production keeps what it has of them.',
        )
        .optional(),
    })
    .describe('A manifest.'),
  {
    cel: `!(self.kind in ${celList(lastingKinds)}) || (has(self.spec) && has(self.spec.template))`,
    message: 'a workload has a spec with a template: write all of it',
    check: ({ kind, spec }) => !isIn(lastingKinds, kind) || spec?.template !== undefined,
  },
  {
    cel: `!(self.kind in ${celList(jobMakers)}) || (has(self.spec) && has(self.spec.jobTemplate))`,
    message: 'a workload that makes Jobs has a spec with a jobTemplate: write all of it',
    check: ({ kind, spec }) => !isIn(jobMakers, kind) || spec?.jobTemplate !== undefined,
  },
  {
    cel: `!(self.kind in ${neverKindsCel}) && !self.apiVersion.startsWith('${ownVersions}')`,
    message: 'what makes pods, Secrets, roles and kinds of Twinlock are never promoted: leave them out',
    fieldPath: '.kind',
    check: ({ kind, apiVersion }) => !isNeverPromoted(kind) && !apiVersion.startsWith(ownVersions),
  },
  {
    cel: `!(self.kind in ${celList(Object.keys(versionOf))}) || self.apiVersion == {${Object.entries(versionOf)
      .map(([kind, version]) => `'${kind}': '${version}'`)
      .join(', ')}}[self.kind]`,
    message: `write the API version of the kind: ${Object.entries(versionOf)
      .map(([kind, version]) => `${version} ${kind}`)
      .join(', ')}`,
    check: ({ kind, apiVersion }) => !Object.hasOwn(versionOf, kind) || apiVersion === versionOf[kind],
  },
);

/** Characters of a Job's name: that of the Promotion stands before it. */
const MAX_JOB_NAME = 20;

const jobManifest = z
  .looseObject({
    apiVersion: choice('API version of the kind.', ['batch/v1']),
    kind: choice('Kind.', ['Job']),
    metadata: z
      .object({
        name: dnsLabel('Name of the Job. It runs under this name with that of the Promotion before it.').max(
          MAX_JOB_NAME,
        ),
      })
      .describe('Its name; labels and annotations are those of its template.'),
    spec: z
      .looseObject({ template: template('A PodTemplateSpec, as Kubernetes has it.') })
      .describe('A JobSpec, as Kubernetes has it.'),
  })
  .describe('A Job, as CI renders it.');

/** Jobs that run one after the other. */
export const jobManifests = (description: string) =>
  withRules(listOf(description, jobManifest, { min: 1, max: MAX_JOBS }), {
    cel: 'self.all(a, self.exists_one(b, a.metadata.name == b.metadata.name))',
    message: 'write each Job once',
    check: (items) => new Set(items.map(({ metadata }) => metadata.name)).size === items.length,
  });

/** Whole manifests in place of images. */
export const manifests = (description: string) =>
  withRules(listOf(description, manifest, { min: 1, max: maxManifests }), {
    cel: 'self.all(a, self.exists_one(b, a.kind == b.kind && a.metadata.name == b.metadata.name))',
    message: 'write each object once',
    check: (items) => new Set(items.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).size === items.length,
  });
