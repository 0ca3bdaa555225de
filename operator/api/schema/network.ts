import { isIP } from 'node:net';

import { z } from 'zod';

import { listOf } from './lists.ts';
import { patterns } from './patterns.ts';
import { withRules } from './rule.ts';
import { dnsLabel, worded } from './text.ts';
import { choice, port } from './values.ts';

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
