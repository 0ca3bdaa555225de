import { z } from 'zod';

import { setOf } from '../schema/lists.ts';
import { patterns } from '../schema/patterns.ts';
import { celMatches, withRules } from '../schema/rule.ts';
import { worded } from '../schema/text.ts';
import { egress } from '../schema/network.ts';

/** Headers that say how a request is sent, or where it went: nobody is known by them. */
const TAKEN = [
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'expect',
  'forwarded',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-method',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-proto',
  'x-forwarded-uri',
] as const;

const headerName = (description: string): z.ZodString =>
  withRules(worded(description, 64, patterns.headerName, 'write the name of a header: letters, digits and dashes'), {
    cel: `!(self.lowerAscii() in [${TAKEN.map((name) => `'${name}'`).join(', ')}])`,
    message: 'choose another one: that header says how a request is sent, and not by whom',
    check: (name) => !TAKEN.some((each) => each === name.toLowerCase()),
  });

/** Namespace of the Service that a URL names; undefined where it names none. */
export function serviceNamespace(url: string): string | undefined {
  return patterns.serviceURL.exec(url)?.[2];
}

/** Somebody else's endpoint that says who is let in. */
export const auth = withRules(
  z.object({
    forwardURL: worded(
      "Where the boundary asks about every request: a GET with X-Forwarded-Method, -Proto, -Host and -Uri of the request. A 2xx lets it pass, any other answer is the client's, and without one, or with a 5xx, nobody is let in.",
      512,
      patterns.forwardURL,
      'write a URL without a query, such as http://oauth2-proxy.auth.svc:4180/',
    ),
    identityHeaders: setOf(
      'Headers of its answer that apps and twins hear, such as X-Auth-Request-Email. What a client sends under these names never arrives.',
      headerName('Name of the header.'),
      { max: 16 },
    ).optional(),
    cookies: setOf(
      'Cookies by which it knows people, exact or their start with a final *. No app or twin hears them: it could go to other environments with them.',
      worded(
        'Name of the cookie, or its start and *.',
        128,
        patterns.cookieName,
        'write the name of a cookie, e.g. _oauth2_proxy, or what several begin with, e.g. _oauth2_proxy*',
      ),
      { min: 1, max: 8 },
    ).optional(),
    headers: setOf(
      'Headers by which it knows API clients, such as Authorization. It hears no others, and no app or twin hears these.',
      headerName('Name of the header.'),
      { min: 1, max: 8 },
    ).optional(),
    egress: egress(
      "Where it is, for the boundary's NetworkPolicy. Left out: the namespace of the Service that forwardURL names.",
    ).optional(),
  }),
  {
    cel: 'has(self.cookies) || has(self.headers)',
    message:
      'write what the endpoint knows people by, cookies or headers: an app that hears them can go to other environments with them',
    check: ({ cookies, headers }) => cookies !== undefined || headers !== undefined,
  },
  {
    cel: `has(self.egress) || ${celMatches(patterns.serviceURL, 'self.forwardURL')}`,
    message:
      'write where the endpoint is (egress), since forwardURL names no Service, such as http://oauth2-proxy.auth.svc:4180/',
    fieldPath: '.egress',
    check: (each) => each.egress !== undefined || serviceNamespace(each.forwardURL) !== undefined,
  },
).describe('Who says who is let in where an environment has boundary.auth: Forward.');
