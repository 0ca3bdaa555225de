import { ownVariables } from '../names.ts';
import { patterns } from './patterns.ts';
import type { Rule } from './rule.ts';
import { worded } from './text.ts';
import { choice } from './values.ts';

/** What of a service a variable gets; the parts of every binding. */
export const bound = {
  source: choice(
    "What the variable gets: the service's URL (the default), Host, Port, HostPort (host:port), or DummyKey (the twin's stand-in for a vendor's key).",
    ['URL', 'Host', 'Port', 'HostPort', 'DummyKey'],
  ).optional(),
  value: worded(
    'What the variable gets, in place of source: text with {url}, {host}, {port} and {key} in it, e.g. redis://{host}:{port}/0 or {url}/v1.',
    1024,
    patterns.bindingValue,
    'write text with one of {url}, {host}, {port} and {key} in it, e.g. redis://{host}:{port}/0; other braces have no place there, and a constant belongs into env',
  ).optional(),
};

interface Written {
  readonly source?: string | undefined;
  readonly value?: string | undefined;
}

/** A binding says in one way what it is. */
export const oneWay = {
  cel: '!has(self.source) || !has(self.value)',
  message: 'write source or value, not both',
  check: ({ source, value }: Written): boolean => source === undefined || value === undefined,
} as const satisfies Rule<Written>;

/** What Twinlock sets by itself is nobody else's to bind. */
export const notOwn = {
  cel: `!(self.env in [${Object.values(ownVariables)
    .map((name) => `'${name}'`)
    .join(', ')}])`,
  message: `${Object.values(ownVariables).join(' and ')} are always set: bind another variable`,
  fieldPath: '.env',
  check: ({ env }: { readonly env: string }): boolean => !Object.values(ownVariables).some((name) => name === env),
} as const satisfies Rule<{ readonly env: string }>;

/** CEL and TypeScript: whether one of the bindings of `self` needs the twin's key. */
export const needsKey = {
  cel: "has(self.bindings) && self.bindings.exists(b, (has(b.source) && b.source == 'DummyKey') || (has(b.value) && b.value.contains('{key}')))",
  check: (bindings: readonly Written[] | undefined): boolean =>
    (bindings ?? []).some(({ source, value }) => source === 'DummyKey' || value?.includes('{key}') === true),
};
