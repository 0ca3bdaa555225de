import { z } from 'zod';

import { durationOrder } from '../duration.ts';
import { keyedList } from '../schema/lists.ts';
import { patterns } from '../schema/patterns.ts';
import { celMatches, withRules } from '../schema/rule.ts';
import {
  componentName,
  dnsLabel,
  duration,
  envName,
  httpURL,
  image,
  objectName,
  patterned,
  text,
  urlPath,
  worded,
} from '../schema/text.ts';
import {
  args,
  bindingSource,
  choice,
  containerImages,
  count,
  egress,
  embedded,
  env,
  flag,
  port,
  quantity,
  resources,
} from '../schema/values.ts';

const digestSuffix = /@sha256:[a-f0-9]{64}$/;

const container = z
  .looseObject({
    name: dnsLabel('Name of the container.'),
    image: text('Image by digest; or give it in `images`.', 512).optional(),
  })
  .describe('A container, as Kubernetes has it.');

const template = z
  .looseObject({
    metadata: embedded('Labels and annotations of the pods.').optional(),
    spec: z
      .looseObject({
        containers: keyedList('Containers of the pod.', ['name'], container, { min: 1, max: 16 }),
        initContainers: keyedList('Containers that run before those.', ['name'], container, { max: 16 }).optional(),
      })
      .describe('A PodSpec, as Kubernetes has it.'),
  })
  .describe('A PodTemplateSpec, as Kubernetes has it; the API server checks it when the environment is made.');

const binding = z.object({
  service: dnsLabel('Name of an element of `services`.'),
  env: envName(
    "Variable of the containers that is set while the service is a Twin. For Real it stays unset, so that the vendor's SDK falls back to the vendor.",
  ),
  source: bindingSource.default('URL'),
});

const pinned = (list: string): string =>
  `!has(self.template) || !has(self.template.spec.${list}) || self.template.spec.${list}.all(c, (has(c.image) && ${celMatches(digestSuffix, 'c.image')}) || (has(self.images) && self.images.exists(i, i.container == c.name)))`;

interface Pinnable {
  readonly images?: readonly { readonly container: string }[] | undefined;
}
const isPinned = (
  workload: Pinnable,
  containers: readonly { readonly name: string; readonly image?: string | undefined }[] | undefined,
): boolean =>
  (containers ?? []).every(
    ({ name, image: named }) =>
      (named !== undefined && digestSuffix.test(named)) ||
      (workload.images ?? []).some((entry) => entry.container === name),
  );

const workload = withRules(
  z.object({
    name: componentName('Name of the workload; its Deployment and Service have it.'),
    image: image(
      'Image by digest of the only container, which has the name of the workload. What is promoted later is this digest.',
    ).optional(),
    template: template.optional(),
    args: args.optional(),
    env: env.optional(),
    images: containerImages(
      'Images by digest that replace those of the template, by the name of the container.',
    ).optional(),
    replicas: count('Number of pods.', 1, 10).default(1),
    port: port('Port on which the workload answers HTTP.').optional(),
    healthPath: urlPath('Path that answers 200 once the workload is ready. Left out, an open port counts.').optional(),
    expose: choice(
      "How the workload is reached from outside: by a Host of its own, or not. The first that is exposed also answers on the environment's host.",
      ['None', 'Host'],
    ).default('Host'),
    bindings: keyedList(
      'Variables that are set to the twins, besides those that a VendorTwin brings.',
      ['env'],
      binding,
      { max: 64 },
    ).optional(),
    servicesEndpoint: z
      .object({ path: urlPath('Path that answers {"services": [{"name", "mode", "url"}]}.') })
      .describe("The app's own report of the services that it talks to; with it, the report must agree too.")
      .optional(),
  }),
  {
    cel: 'has(self.image) != has(self.template)',
    message: 'write exactly one of image and template',
    check: (w) => (w.image === undefined) !== (w.template === undefined),
  },
  {
    cel: '!has(self.template) || !(has(self.args) || has(self.env))',
    message: 'write args and env in the template, or use image instead of template',
    check: (w) => w.template === undefined || (w.args === undefined && w.env === undefined),
  },
  {
    cel: '!has(self.image) || !has(self.images)',
    message: 'images belongs to template; write the digest in image',
    check: (w) => w.image === undefined || w.images === undefined,
  },
  {
    cel: pinned('containers'),
    message: 'write the image of every container of the template by digest, there or in images',
    check: (w) => isPinned(w, w.template?.spec.containers),
  },
  {
    cel: pinned('initContainers'),
    message: 'write the image of every init container of the template by digest, there or in images',
    check: (w) => isPinned(w, w.template?.spec.initContainers),
  },
  {
    cel: "has(self.port) || self.expose == 'None'",
    message: 'write the port on which the workload answers HTTP, or expose: None',
    check: (w) => w.port !== undefined || w.expose === 'None',
  },
  {
    cel: 'has(self.port) || !(has(self.healthPath) || has(self.servicesEndpoint))',
    message: 'healthPath and servicesEndpoint need the port on which the workload answers HTTP',
    check: (w) => w.port !== undefined || (w.healthPath === undefined && w.servicesEndpoint === undefined),
  },
  {
    cel: '!has(self.bindings) || !has(self.env) || !self.bindings.exists(b, self.env.exists(e, e.name == b.env))',
    message: 'a variable of bindings is in env too: write it once',
    check: (w) => !(w.bindings ?? []).some((b) => (w.env ?? []).some((e) => e.name === b.env)),
  },
).describe('One workload of the app under test.');

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

const service = withRules(
  z.object({
    name: componentName("Name of the service, by habit the vendor's; its Deployment and Service have it."),
    mode: choice(
      'Twin: a stand-in runs and the app is pointed to it. Real: nothing is set, the app talks to the vendor. Disabled: neither.',
      ['Twin', 'Real', 'Disabled'],
    ).default('Twin'),
    vendorTwinRef: z
      .object({
        name: objectName("Name of the VendorTwin. Left out: the service's name.").optional(),
        version: worded(
          'Version of the VendorTwin. Left out: the last one listed.',
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
    port: port('Port on which that image answers.').optional(),
    args: args.optional(),
    env: env.optional(),
    externalURL: httpURL('URL of a twin that runs elsewhere.').optional(),
    expose: choice("How the twin's API is reached from outside. A twin's admin API never is.", [
      'None',
      'Host',
      'Path',
    ]).default('Path'),
    state: state.optional(),
    resources: resources.optional(),
  }),
  {
    cel: '[has(self.vendorTwinRef), has(self.image), has(self.externalURL)].filter(given, given).size() <= 1',
    message: 'write at most one of vendorTwinRef, image and externalURL',
    check: (s) => [s.vendorTwinRef, s.image, s.externalURL].filter((given) => given !== undefined).length <= 1,
  },
  {
    cel: 'has(self.image) == has(self.port)',
    message: 'write port with image, and neither with a twin of the catalogue, which has its own',
    check: (s) => (s.image === undefined) === (s.port === undefined),
  },
  {
    cel: 'has(self.image) || !(has(self.args) || has(self.env))',
    message: 'args and env belong to image; a twin of the catalogue has its own: change the VendorTwin',
    check: (s) => s.image !== undefined || (s.args === undefined && s.env === undefined),
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
).describe('One third-party service that the app talks to.');

const source = z
  .object({
    revision: patterned('Commit that the images were built from.', 64, patterns.gitRevision).optional(),
    pullRequest: z
      .object({
        provider: choice('Forge.', ['GitHub', 'GitLab', 'Gitea', 'Forgejo']),
        repository: patterned('Repository, owner/name.', 255, /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)+$/),
        number: count('Number of the pull request.', 1, 2_147_483_647),
        headSHA: patterned("Commit at the pull request's head.", 64, patterns.gitRevision).optional(),
        url: httpURL('Page of the pull request.').optional(),
      })
      .describe('Pull request that the environment shows.')
      .optional(),
  })
  .describe('Where the content comes from. Shown, never trusted: what counts are the digests of the images.');

const ttl = withRules(
  z.object({
    inactivity: duration(
      "The environment expires this long after its last activity (a change of its spec, or a new value of the annotation twinlock.dev/extendAt). Left out: the TwinClass's ttl.default for Ephemeral, never for LongLived.",
    ).optional(),
    max: duration(
      "The environment expires this long after its creation, whatever happens. Left out: the TwinClass's ttl.max for Ephemeral, never for LongLived.",
    ).optional(),
  }),
  durationOrder('inactivity', 'max'),
).describe('When the environment expires: its children are removed, the TwinEnvironment stays.');

/** `spec` of a TwinEnvironment. */
export const twinEnvironmentSpec = withRules(
  z.object({
    classRef: z
      .object({ name: objectName('Name of the TwinClass.') })
      .describe('Class of the environment. Left out: the default class.')
      .optional(),
    lifecycle: withRules(
      choice(
        'Ephemeral: for a pull request or a CI job, expires. LongLived: for a team, stays until it is deleted. Cannot be changed.',
        ['Ephemeral', 'LongLived'],
      ),
      { cel: 'self == oldSelf', message: 'lifecycle cannot be changed: create another TwinEnvironment' },
    ).default('Ephemeral'),
    suspend: flag('Stops the controller from changing the environment; what runs goes on.').default(false),
    source: source.optional(),
    services: keyedList('The registry of third-party services.', ['name'], service, { max: 32 }).optional(),
    workloads: keyedList('The app under test.', ['name'], workload, { max: 16 }).optional(),
    boundary: z
      .object({
        noindex: flag('Tells search engines to stay away.').default(true),
      })
      .describe('The one door to the environment.')
      .prefault({}),
    network: z
      .object({
        egress: egress(
          'Destinations outside the environment that stay open, besides DNS and those of the TwinClass, which must list them as requestable.',
        ).optional(),
      })
      .describe('What the environment may talk to.')
      .optional(),
    ttl: ttl.optional(),
  }),
  {
    cel: '!has(self.workloads) || self.workloads.all(w, !has(w.bindings) || w.bindings.all(b, has(self.services) && self.services.exists(s, s.name == b.service)))',
    message: 'a binding names a service that is not in services: add it there',
    fieldPath: '.workloads',
    check: (s) =>
      (s.workloads ?? []).every((w) =>
        (w.bindings ?? []).every((b) => (s.services ?? []).some(({ name }) => name === b.service)),
      ),
  },
  {
    cel: '!has(self.workloads) || !has(self.services) || !self.workloads.exists(w, self.services.exists(s, s.name == w.name))',
    message: 'a workload and a service have the same name: rename one, since both become a Service in one namespace',
    fieldPath: '.workloads',
    check: (s) => !(s.workloads ?? []).some((w) => (s.services ?? []).some(({ name }) => name === w.name)),
  },
).describe('What the environment is to be.');
