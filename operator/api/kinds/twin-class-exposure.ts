import { z } from 'zod';

import { systemNamespace } from '../names.ts';
import { keyedList, listOf } from '../schema/lists.ts';
import { patterns } from '../schema/patterns.ts';
import { withRules } from '../schema/rule.ts';
import { dnsLabel, objectName, text, worded } from '../schema/text.ts';
import { choice, port, quantity } from '../schema/values.ts';
import { auth } from './twin-class-auth.ts';

/** Annotations by which cert-manager is told who issues: `tls.clusterIssuer` writes them. */
const ISSUERS = ['cert-manager.io/cluster-issuer', 'cert-manager.io/issuer'] as const;
/** Of Twinlock and of kubectl, which keep books in them. */
const KEPT = ['twinlock.dev/', 'kubectl.kubernetes.io/'] as const;

const ingress = z
  .object({
    className: objectName("Name of the IngressClass. Left out: the cluster's default one.").optional(),
    annotations: keyedList(
      'Annotations of every Ingress: what your Ingress controller asks for, such as the size of bodies that it lets through. They are the same for each environment.',
      ['name'],
      withRules(
        z.object({
          name: worded('Name of the annotation.', 317, patterns.labelKey, 'write the name as Kubernetes has it'),
          value: text('Its value.', 4096, 0),
        }),
        {
          cel: `!(self.name in [${ISSUERS.map((name) => `'${name}'`).join(', ')}])`,
          message: 'write tls.clusterIssuer, so that environments wait for their certificates',
          fieldPath: '.name',
          check: ({ name }) => !ISSUERS.some((each) => each === name),
        },
        {
          cel: KEPT.map((prefix) => `!self.name.startsWith('${prefix}')`).join(' && '),
          message: "choose another one: those of twinlock.dev and kubectl are not the Ingress controller's",
          fieldPath: '.name',
          check: ({ name }) => !KEPT.some((prefix) => name.startsWith(prefix)),
        },
      ),
      { max: 32 },
    ).optional(),
  })
  .describe('Gives every environment an Ingress that leads its hosts to its boundary.');

const gateway = z
  .object({
    parentRefs: listOf(
      'Gateways that lead to the environments. Their listeners have to take routes of the namespaces of environments, which have the label twinlock.dev/environment.',
      z.object({
        namespace: dnsLabel('Namespace of the Gateway. Its pods reach the boundaries.'),
        name: objectName('Name of the Gateway.'),
        sectionName: objectName('Name of one listener. Left out: all of them.').optional(),
        port: port('Port of the listeners. Left out: any.').optional(),
      }),
      { min: 1, max: 4 },
    ),
  })
  .describe('Gives every environment an HTTPRoute (gateway.networking.k8s.io/v1) from these Gateways to its boundary.');

const tls = withRules(
  z.object({
    secretRef: withRules(
      z.object({
        namespace: dnsLabel('Namespace of the Secret, in which the role twinlock-environment-source is bound.'),
        name: objectName('Name of the Secret.'),
      }),
      {
        cel: `self.namespace != '${systemNamespace}'`,
        message: `keep the certificate in a namespace of its own: who may read it would read Twinlock's keys in ${systemNamespace} too`,
        fieldPath: '.namespace',
        check: ({ namespace }) => namespace !== systemNamespace,
      },
    )
      .describe(
        'Secret of type kubernetes.io/tls with a certificate for *.<domain>. It is copied to each Ingress as twinlock-tls, and follows when it is renewed.',
      )
      .optional(),
    clusterIssuer: objectName(
      "Name of cert-manager's ClusterIssuer, which makes a certificate for each environment.",
    ).optional(),
  }),
  {
    cel: 'has(self.secretRef) != has(self.clusterIssuer)',
    message: 'write exactly one of secretRef and clusterIssuer',
    check: ({ secretRef, clusterIssuer }) => (secretRef === undefined) !== (clusterIssuer === undefined),
  },
).describe('Where the certificates of the Ingresses come from. What comes over http is sent to https.');

/** How environments are reached from outside. */
export const exposure = withRules(
  z.object({
    domain: worded(
      'Domain of the environments: one is reached at <its namespace>.<domain>, its parts at <name>--<its namespace>.<domain>. All of these hosts must lead to the front door of the installation, or to what ingress or gateway names, and a certificate for *.<domain> covers them.',
      // With `*.` before it the common name of that certificate, of which X.509 takes 64 characters (RFC 5280, ub-common-name).
      62,
      patterns.dnsSubdomain,
      'write a domain such as twins.example',
    ).default('twins.localhost'),
    scheme: choice('Scheme of the URLs.', ['http', 'https']).default('http'),
    port: port(
      "Port in the URLs, where it is not the scheme's own: that of the load balancer, NodePort or port-forward that leads to the front door.",
    ).optional(),
    maxBodySize: quantity('The most that the body of a request may have; more gets 413.').default('1Gi'),
    ingress: ingress.optional(),
    gateway: gateway.optional(),
    tls: tls.optional(),
    auth: auth.optional(),
  }),
  {
    cel: '!has(self.ingress) || !has(self.gateway)',
    message: 'write one of ingress and gateway',
    fieldPath: '.gateway',
    check: (e) => e.ingress === undefined || e.gateway === undefined,
  },
  {
    cel: '!has(self.tls) || has(self.ingress)',
    message: 'tls is that of the Ingresses: write ingress too; what else stands in front ends TLS by itself',
    fieldPath: '.tls',
    check: (e) => e.tls === undefined || e.ingress !== undefined,
  },
  {
    cel: "!has(self.tls) || self.scheme == 'https'",
    message: 'with tls the URLs begin with https: write scheme: https',
    fieldPath: '.scheme',
    check: (e) => e.tls === undefined || e.scheme === 'https',
  },
)
  .describe('How environments are reached from outside.')
  .prefault({});
