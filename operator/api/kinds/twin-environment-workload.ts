import { z } from 'zod';

import { IMAGE_DIGEST } from '../../canonical/index.ts';
import { bound, needsKey, notOwn, oneWay } from '../schema/bindings.ts';
import { keyedList } from '../schema/lists.ts';
import { portProtocol } from '../schema/ports.ts';
import { celMatches, withRules } from '../schema/rule.ts';
import { patterns } from '../schema/patterns.ts';
import { componentName, dnsLabel, envName, image, text, urlPath, worded } from '../schema/text.ts';
import { args, containerImages, env } from '../schema/containers.ts';
import { choice, count, embedded, port } from '../schema/values.ts';
import { environmentKind, environmentKinds, environmentStateKind } from '../workload-kinds.ts';
import { workloadConfigMaps } from './twin-environment-config-maps.ts';
import { MAX_SET_NAME, needs, workloadState } from './twin-environment-run.ts';

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

const binding = withRules(
  z.object({
    service: dnsLabel(
      'Name of an element of `services`. Left out: the workload itself, as it is reached from outside.',
    ).optional(),
    env: envName(
      "Variable of the containers that is set while the service is a Twin. For Real it stays unset, so that the vendor's SDK falls back to the vendor.",
    ),
    ...bound,
  }),
  oneWay,
  notOwn,
  {
    cel: "has(self.service) || !((has(self.source) && self.source == 'DummyKey') || (has(self.value) && self.value.contains('{key}')))",
    message: 'name the service whose key the variable gets',
    check: (b) => b.service !== undefined || !needsKey.check([b]),
  },
);

const pinned = (list: string): string =>
  `!has(self.template) || !has(self.template.spec.${list}) || self.template.spec.${list}.all(c, (has(c.image) && ${celMatches(IMAGE_DIGEST, 'c.image')}) || (has(self.images) && self.images.exists(i, i.container == c.name)))`;

interface Pinnable {
  readonly images?: readonly { readonly container: string }[] | undefined;
}
const isPinned = (
  workload: Pinnable,
  containers: readonly { readonly name: string; readonly image?: string | undefined }[] | undefined,
): boolean =>
  (containers ?? []).every(
    ({ name, image: named }) =>
      (named !== undefined && IMAGE_DIGEST.test(named)) ||
      (workload.images ?? []).some((entry) => entry.container === name),
  );

/** An element of `spec.workloads`. */
export const workload = withRules(
  z.object({
    name: componentName('Name of the workload; what runs it and its Service have it.'),
    kind: choice(
      `What it runs as. ${environmentKind}: pods that come and go. StatefulSet: pods that keep their names, and may have state. Job: it runs to its end, once for each content, before what needs it.`,
      environmentKinds,
    ).default(environmentKind),
    needs: needs.optional(),
    image: image(
      'Image by digest of the only container, which has the name of the workload. What is promoted later is this digest.',
    ).optional(),
    template: template.optional(),
    args: args.optional(),
    env: env.optional(),
    configMaps: workloadConfigMaps.optional(),
    images: containerImages(
      'Images by digest that replace those of the template, by the name of the container.',
      16,
    ).optional(),
    replicas: count('Number of pods.', 1, 10).default(1),
    state: workloadState.optional(),
    port: port('Port on which the workload answers.').optional(),
    protocol: portProtocol.default('HTTP'),
    healthPath: urlPath(
      'Path that answers 200 once the workload is ready. Left out, an open port counts. A readinessProbe of the template goes before it.',
    ).optional(),
    expose: choice(
      "How the workload is reached from outside: by a Host of its own, or not. The first that is exposed also answers on the environment's host.",
      ['None', 'Host'],
    ).default('Host'),
    bindings: keyedList(
      'Variables that are set to the twins, besides those that a VendorTwin brings.',
      ['env'],
      binding,
      { max: 32 },
    ).optional(),
    runtimeConfig: z
      .object({
        path: worded(
          "Path on the workload's hosts, in place of what it has there itself.",
          256,
          patterns.adminPath,
          "write a path such as /config.json: letters, digits and '-', '.', '_', '~', '@', ':', '!', '$', no slash at the end",
        ),
        format: choice('JSON: an object. Env: lines NAME=value. Script: JavaScript that sets window.twinlockConfig.', [
          'JSON',
          'Env',
          'Script',
        ]).default('JSON'),
      })
      .describe(
        'Serves the variables of the bindings, never cached, to front ends whose build cannot know them. Services that are exposed are named by their URL outside. Everybody who is let in may read them.',
      )
      .optional(),
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
    cel: '!has(self.template) || !(has(self.args) || has(self.env) || has(self.configMaps))',
    message: 'write args, env and what it takes of ConfigMaps in the template, or use image instead of template',
    check: (w) =>
      w.template === undefined || (w.args === undefined && w.env === undefined && w.configMaps === undefined),
  },
  {
    cel: '!has(self.image) || !has(self.images)',
    message: 'images belongs to template; write the digest in image',
    check: (w) => w.image === undefined || w.images === undefined,
  },
  {
    cel: '!has(self.template) || !has(self.images) || self.images.all(i, self.template.spec.containers.exists(c, c.name == i.container) || (has(self.template.spec.initContainers) && self.template.spec.initContainers.exists(c, c.name == i.container)))',
    message: 'images names a container that the template does not have',
    fieldPath: '.images',
    check: (w) => {
      const { containers = [], initContainers = [] } = w.template?.spec ?? {};
      const names = [...containers, ...initContainers].map(({ name }) => name);
      return w.template === undefined || (w.images ?? []).every(({ container: named }) => names.includes(named));
    },
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
    cel: "has(self.port) || self.expose == 'None' || self.kind == 'Job'",
    message: 'write the port on which the workload answers HTTP, or expose: None',
    check: (w) => w.port !== undefined || w.expose === 'None' || w.kind === 'Job',
  },
  {
    cel: "!has(self.port) || self.kind != 'Job'",
    message: 'a Job runs to its end and is never reached: leave port out',
    fieldPath: '.port',
    check: (w) => w.port === undefined || w.kind !== 'Job',
  },
  {
    cel: "self.replicas == 1 || self.kind != 'Job'",
    message: 'a Job runs once, in one pod: leave replicas out',
    fieldPath: '.replicas',
    check: (w) => w.replicas === 1 || w.kind !== 'Job',
  },
  {
    cel: `self.name.size() <= ${MAX_SET_NAME} || self.kind != '${environmentStateKind}'`,
    message: `a StatefulSet has a name of at most ${MAX_SET_NAME} characters, since Kubernetes puts more behind it: shorten it`,
    fieldPath: '.name',
    check: (w) => w.name.length <= MAX_SET_NAME || w.kind !== environmentStateKind,
  },
  {
    cel: `!has(self.state) || (self.kind == '${environmentStateKind}' && self.replicas == 1)`,
    message: 'state belongs to one pod that keeps its name: write kind: StatefulSet and replicas: 1',
    fieldPath: '.state',
    check: (w) => w.state === undefined || (w.kind === environmentStateKind && w.replicas === 1),
  },
  {
    cel: '!has(self.needs) || !(self.name in self.needs)',
    message: 'a workload needs itself: take it out',
    fieldPath: '.needs',
    check: (w) => !(w.needs ?? []).includes(w.name),
  },
  {
    cel: "(has(self.port) && self.protocol == 'HTTP') || !(has(self.healthPath) || has(self.servicesEndpoint))",
    message: 'healthPath and servicesEndpoint need the port on which the workload answers HTTP',
    check: (w) =>
      (w.port !== undefined && w.protocol === 'HTTP') ||
      (w.healthPath === undefined && w.servicesEndpoint === undefined),
  },
  {
    cel: "!has(self.runtimeConfig) || (has(self.port) && self.expose == 'Host' && self.protocol != 'TCP')",
    message: 'runtimeConfig is served where the workload is reached from outside: write port and expose: Host',
    fieldPath: '.runtimeConfig',
    check: (w) =>
      w.runtimeConfig === undefined || (w.port !== undefined && w.expose === 'Host' && w.protocol !== 'TCP'),
  },
  {
    cel: "self.protocol != 'TCP' || self.expose == 'None'",
    message: 'what is not HTTP is reached inside the environment only: write expose: None',
    fieldPath: '.expose',
    check: (w) => w.protocol !== 'TCP' || w.expose === 'None',
  },
  {
    cel: '!has(self.bindings) || !has(self.env) || !self.bindings.exists(b, self.env.exists(e, e.name == b.env))',
    message: 'a variable of bindings is in env too: write it once',
    check: (w) => !(w.bindings ?? []).some((b) => (w.env ?? []).some((e) => e.name === b.env)),
  },
).describe('One workload of the app under test.');
