import { z } from 'zod';

import { durationOrder } from '../duration.ts';
import { keyedList, setOf } from '../schema/lists.ts';
import { patterns } from '../schema/patterns.ts';
import { withRules } from '../schema/rule.ts';
import { dnsLabel, duration, httpURL, objectName, patterned, sha256, timestamp } from '../schema/text.ts';
import { egress } from '../schema/network.ts';
import { choice, count, flag } from '../schema/values.ts';
import { MAX_WORKLOADS } from '../workload-kinds.ts';
import { environmentSleep } from './sleep.ts';
import { ownConfigMaps } from './twin-environment-config-maps.ts';
import { service } from './twin-environment-service.ts';
import { workload } from './twin-environment-workload.ts';

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
      "The environment expires this long after its last activity (a change of its spec, or a new value of the annotation twinlock.dev/extendAt or wakeAt). Left out: the TwinClass's ttl.default for Ephemeral, never for LongLived.",
    ).optional(),
    max: duration(
      "The environment expires this long after its creation, whatever happens. Left out: the TwinClass's ttl.max for Ephemeral, never for LongLived.",
    ).optional(),
  }),
  durationOrder('inactivity', 'max'),
).describe('When the environment expires: its children are removed, the TwinEnvironment stays.');

const boundary = withRules(
  z.object({
    auth: choice(
      'Who is let in. None: whoever reaches it. Token: who has the token of a share link, by the link, its cookie or the header X-Twinlock-Token. Forward: whom the endpoint of the TwinClass (exposure.auth) knows, e.g. by OpenID Connect.',
      ['None', 'Token', 'Forward'],
    ).default('None'),
    shareLinks: keyedList(
      'Links that let people in, each with a token of its own. One that is taken out opens nothing from then on.',
      ['name'],
      z.object({
        name: dnsLabel('Who it is for.'),
        tokenDigest: sha256(
          'sha256:<hex> of the token, which has at least 32 letters and digits: openssl rand -hex 32.',
        ),
        notAfter: timestamp('When the link ends. Left out: with the environment.').optional(),
      }),
      { max: 32 },
    ).optional(),
    noindex: flag('Tells search engines to stay away.').default(true),
  }),
  {
    cel: "self.auth == 'Token' || !has(self.shareLinks)",
    message: 'shareLinks belong to auth: Token: without it nobody asks for their tokens',
    check: ({ auth, shareLinks }) => auth === 'Token' || shareLinks === undefined,
  },
).describe('The one door to the environment.');

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
    workloads: keyedList('The app under test.', ['name'], workload, { max: MAX_WORKLOADS }).optional(),
    boundary: boundary.prefault({}),
    secrets: setOf(
      "Secrets of this namespace that are copied into the environment's, under the same names. The class lists those that may be (copySecrets).",
      objectName('Name of the Secret.'),
      { max: 32 },
    ).optional(),
    configMaps: setOf('The same of ConfigMaps (copyConfigMaps).', objectName('Name of the ConfigMap.'), {
      max: 32,
    }).optional(),
    ownConfigMaps: ownConfigMaps.optional(),
    network: z
      .object({
        egress: egress(
          'Destinations outside the environment that stay open, besides DNS and those of the TwinClass, which must list them as requestable.',
        ).optional(),
      })
      .describe('What the environment may talk to.')
      .optional(),
    ttl: ttl.optional(),
    sleep: environmentSleep.optional(),
  }),
  {
    cel: '!has(self.workloads) || self.workloads.all(w, !has(w.bindings) || w.bindings.all(b, !has(b.service) || has(self.services) && self.services.exists(s, s.name == b.service)))',
    message: 'a binding names a service that is not in services: add it there',
    fieldPath: '.workloads',
    check: (s) =>
      (s.workloads ?? []).every((w) =>
        (w.bindings ?? []).every(
          (b) => b.service === undefined || (s.services ?? []).some(({ name }) => name === b.service),
        ),
      ),
  },
  {
    cel: '!has(self.workloads) || !has(self.services) || !self.workloads.exists(w, self.services.exists(s, s.name == w.name))',
    message: 'a workload and a service have the same name: rename one, since both become a Service in one namespace',
    fieldPath: '.workloads',
    check: (s) => !(s.workloads ?? []).some((w) => (s.services ?? []).some(({ name }) => name === w.name)),
  },
  {
    cel: '!has(self.workloads) || self.workloads.all(w, !has(w.needs) || w.needs.all(n, self.workloads.exists(o, o.name == n) || (has(self.services) && self.services.exists(s, s.name == n))))',
    message: 'a workload needs something that is neither in workloads nor in services: add it there',
    fieldPath: '.workloads',
    check: (s) =>
      (s.workloads ?? []).every((w) =>
        (w.needs ?? []).every((need) => [...(s.workloads ?? []), ...(s.services ?? [])].some((o) => o.name === need)),
      ),
  },
  {
    cel: '!has(self.workloads) || self.workloads.all(w, !has(w.configMaps) || w.configMaps.all(c, has(self.ownConfigMaps) && self.ownConfigMaps.exists(m, m.name == c.name)))',
    message: 'a workload names a ConfigMap that is not in ownConfigMaps: write it there',
    fieldPath: '.workloads',
    check: (s) =>
      (s.workloads ?? []).every((w) =>
        (w.configMaps ?? []).every((c) => (s.ownConfigMaps ?? []).some(({ name }) => name === c.name)),
      ),
  },
  {
    cel: '!has(self.sleep) || !has(self.sleep.except) || self.sleep.except.all(n, (has(self.workloads) && self.workloads.exists(w, w.name == n)) || (has(self.services) && self.services.exists(s, s.name == n)))',
    message: 'sleep.except names what is neither in workloads nor in services: add it there',
    fieldPath: '.sleep',
    check: (s) =>
      (s.sleep?.except ?? []).every((name) =>
        [...(s.workloads ?? []), ...(s.services ?? [])].some((each) => each.name === name),
      ),
  },
  {
    cel: '!has(self.configMaps) || !has(self.ownConfigMaps) || !self.ownConfigMaps.exists(m, m.name in self.configMaps)',
    message: 'a ConfigMap of configMaps is in ownConfigMaps too: copy it, or write it',
    fieldPath: '.ownConfigMaps',
    check: (s) => !(s.ownConfigMaps ?? []).some(({ name }) => (s.configMaps ?? []).includes(name)),
  },
).describe('What the environment is to be.');
