import { z } from 'zod';

import { parseTime } from '../../canonical/index.ts';
import { conditionBounds } from '../../kube/status/bounds.ts';
import { patterns } from './patterns.ts';
import { celMatches, withRules } from './rule.ts';

/** A bounded string. Every string of the API has a bound: without one the cost estimate of CEL fails. */
export function text(description: string, max: number, min = 1): z.ZodString {
  return z.string().min(min).max(max).describe(description);
}

/** A bounded string with a plain `pattern`: for what machines write, where no hint is needed. */
export function patterned(description: string, max: number, pattern: RegExp): z.ZodString {
  return z.string().min(1).max(max).regex(pattern).describe(description);
}

/** A cause in one word, written as the reason of a condition is. */
export function reason(description: string, max: number = conditionBounds.reason.max): z.ZodString {
  return patterned(description, max, conditionBounds.reason.pattern);
}

/** A bounded string with a pattern and words: `pattern` alone could not say what to write instead. */
export function worded(description: string, max: number, pattern: RegExp, message: string): z.ZodString {
  return withRules(text(description, max), {
    cel: celMatches(pattern),
    message,
    check: (value) => pattern.test(value),
  });
}

/** Name of a namespace, a container, a service: at most 63 characters, usable in host names. */
export function dnsLabel(description: string): z.ZodString {
  return worded(
    description,
    63,
    patterns.dnsLabel,
    "write a DNS label: lower-case letters, digits and '-', starting and ending with a letter or digit",
  );
}

/** Name of a part of an environment: also that of a Service (RFC 1035 label), where Twinlock keeps a prefix for itself. */
export function componentName(description: string): z.ZodString {
  return withRules(
    worded(
      description,
      63,
      patterns.componentName,
      "write lower-case letters, digits and '-', starting with a letter and ending with a letter or digit",
    ),
    {
      cel: "!self.startsWith('twinlock-')",
      message: "choose a name that does not start with 'twinlock-': those are Twinlock's own",
      check: (name) => !name.startsWith('twinlock-'),
    },
  );
}

/** Name of an object: at most 253 characters. */
export function objectName(description: string): z.ZodString {
  return worded(
    description,
    253,
    patterns.dnsSubdomain,
    "write the name of an object: lower-case letters, digits, '-' and '.', starting and ending with a letter or digit",
  );
}

/** A name that people choose for people and groups of people; plain ASCII, since it appears in what approvers sign. */
export function personName(description: string): z.ZodString {
  return worded(
    description,
    63,
    patterns.personName,
    "write lower-case letters, digits, '-', '_', '.' and '@', starting and ending with a letter or digit",
  );
}

/** An image by digest; a tag may stand before it, as Renovate writes it, and says nothing: the digest counts. */
export function image(description: string): z.ZodString {
  return worded(
    description,
    512,
    patterns.imageByDigest,
    'write the image by digest, repository@sha256:<64 hex digits> or repository:tag@sha256:..., since a tag alone can move; `crane digest <image>` prints it',
  );
}

/** Start of an image's name. */
export function imagePrefix(description: string): z.ZodString {
  return worded(
    description,
    512,
    patterns.imagePrefix,
    'write a registry, a slash and as much of the repository as is meant, e.g. registry.example/team/: without the slash another registry could match',
  );
}

/** A duration as Go prints it, in hours, minutes and seconds, greater than zero; {@link parseDuration} reads it. */
export function duration(description: string): z.ZodString {
  return withRules(text(description, 32), {
    cel: `${celMatches(patterns.duration)} && ${celMatches(patterns.nonZero)}`,
    message: 'write a duration such as 30m, 8h or 1h30m (units h, m and s; a day is 24h) that is greater than zero',
    check: (value) => patterns.duration.test(value) && patterns.nonZero.test(value),
  });
}

/** Name of a time zone; whether there is one of that name is seen when it is used. */
export function timeZone(description: string): z.ZodString {
  return worded(
    description,
    94,
    patterns.timeZone,
    'write the name of a time zone, such as Europe/Berlin, America/New_York or UTC',
  );
}

/** RFC 3339 time, with its zone; the API server gives it to CEL as a timestamp. */
export function timestamp(description: string): z.ZodString {
  return z
    .string()
    .min(1)
    .max(40)
    .regex(patterns.timestamp)
    .refine((time) => !Number.isNaN(parseTime(time)), {
      message: 'write an RFC 3339 time such as 2026-11-21T08:00:00Z',
    })
    .meta({ description, format: 'date-time' });
}

/** `sha256:` and 64 hex digits. */
export function sha256(description: string): z.ZodString {
  return patterned(description, 71, patterns.sha256);
}

/** Name of an environment variable. */
export function envName(description: string): z.ZodString {
  return worded(
    description,
    128,
    patterns.envName,
    "write the name of an environment variable: letters, digits, '_', '-' and '.', not starting with a digit or two dots",
  );
}

/** Absolute http(s) URL. */
export function httpURL(description: string): z.ZodString {
  return worded(description, 2048, patterns.httpURL, 'write an absolute URL such as https://stripe-twin.example:12111');
}

/** Path of a URL. */
export function urlPath(description: string): z.ZodString {
  return worded(description, 1024, patterns.urlPath, "write a path that starts with '/', such as /healthz");
}
