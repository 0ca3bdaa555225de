import { createServer } from 'node:https';
import { once } from 'node:events';
import { newAuthority, newCertificate } from '../harness/pki.ts';
import type { AddressInfo } from 'node:net';
import type { Stage } from '../stage/attack.ts';
import type { Json } from '../stage/stage.ts';

/** One operation of RFC 6902. */
export interface Operation {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

export interface MutatingWebhook {
  /** Objects that it was asked about, dry runs too. */
  readonly asked: number;
  /** What it answers from now on. */
  answer: readonly Operation[];
  stop(): Promise<void>;
}

interface Review {
  readonly request: { readonly uid: string };
}

/** A webhook with a certificate of its own, as a mesh or a scanner installs it: called for what is made in a namespace. */
export async function mutatingWebhook(
  stage: Stage,
  name: string,
  namespaceName: string,
  rule: Json,
): Promise<MutatingWebhook> {
  const authority = await newAuthority('webhook-ca');
  const { certificate, key } = await newCertificate(authority, { name: 'webhook', altNames: ['IP:127.0.0.1'] });
  let asked = 0;
  const server = createServer({ cert: certificate, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { uid } = (JSON.parse(Buffer.concat(chunks).toString()) as Review).request;
    asked += 1;
    const patch = Buffer.from(JSON.stringify(webhook.answer)).toString('base64');
    const review = { uid, allowed: true, patchType: 'JSONPatch', patch };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: review }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const configuration = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name },
    webhooks: [
      {
        name: `${name}.example.com`,
        clientConfig: {
          url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
          caBundle: Buffer.from(authority.certificate).toString('base64'),
        },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespaceName } },
        rules: [rule],
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        reinvocationPolicy: 'Never',
        failurePolicy: 'Fail',
      },
    ],
  };
  await stage.cluster.apply([configuration]);
  const webhook = {
    get asked() {
      return asked;
    },
    answer: [] as readonly Operation[],
    async stop() {
      await stage.cluster.kubectl(['delete', 'mutatingwebhookconfiguration', name]);
      server.closeAllConnections();
      server.close();
    },
  };
  return webhook;
}

/** A policy with its binding that changes what is made in a namespace, as Kubernetes 1.36 offers beside webhooks. */
export function mutatingPolicy(name: string, namespaceName: string, rule: Json, mutation: Json): readonly object[] {
  const apiVersion = 'admissionregistration.k8s.io/v1';
  return [
    {
      apiVersion,
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        reinvocationPolicy: 'Never',
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespaceName } },
          resourceRules: [rule],
        },
        mutations: [mutation],
      },
    },
    { apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata: { name }, spec: { policyName: name } },
  ];
}
