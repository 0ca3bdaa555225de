import { isPinned, itemsOf, printable } from '../../../canonical/index.ts';
import {
  allContainers,
  imagesOf,
  problem,
  type Problem,
  type ResolvedService,
  type ResolvedWorkload,
} from '../resolve/index.ts';

/** What admission of an environment's content looks at. */
export interface Content {
  readonly workloads: readonly ResolvedWorkload[];
  readonly services: readonly ResolvedService[];
  /** Starts that images must have; undefined allows any. */
  readonly allowedImages: readonly string[] | undefined;
}

/** Services and workloads become Services of the same name in one namespace. The schema checks it too. */
export function nameClash({ workloads, services }: Content): Problem | undefined {
  const names = new Set(services.map(({ name }) => name));
  const clash = workloads.find(({ name }) => names.has(name));
  if (clash === undefined) return undefined;
  return problem('NameClash', `${clash.name} is both a workload and a service; rename one of them`);
}

/** The first twin that is to be reached from outside and speaks nothing that the boundary does. */
export function exposeProblem({ services }: Pick<Content, 'services'>): Problem | undefined {
  const closed = services.find(
    ({ twin, expose }) => expose !== 'None' && twin?.ports.every(({ protocol }) => protocol === 'TCP') === true,
  );
  if (closed === undefined) return undefined;
  return problem(
    'ExposeNotHTTP',
    `service ${closed.name}: none of its ports speaks HTTP, and what does not is reached inside the environment only; write expose: None`,
  );
}

/** The first image that could be another one tomorrow. */
export function tagProblem({ workloads }: Content): Problem | undefined {
  for (const { name, written } of workloads) {
    const tagged = imagesOf(written).find(({ image }) => !isPinned(image));
    if (tagged !== undefined) {
      return problem(
        'ImageNotByDigest',
        `workload ${name}: ${printable(tagged.place)} has image "${printable(tagged.image)}"; write it as repository@sha256:<digest>`,
      );
    }
  }
  return undefined;
}

/** The first image that the class does not allow. Twins of the catalogue are the platform's own choice. */
export function imageProblem({ workloads, services, allowedImages }: Content): Problem | undefined {
  if (allowedImages === undefined) return undefined;
  const images = [
    ...workloads.flatMap(({ name, written }) =>
      imagesOf(written).map(({ place, image }) => ({ place: `workload ${name}: ${place}`, image })),
    ),
    ...services.flatMap(({ name, twin }) =>
      twin?.inline === true ? [{ place: `service ${name}`, image: twin.image }] : [],
    ),
  ];
  const refused = images.find(({ image }) => !allowedImages.some((prefix) => startsWith(image, prefix)));
  if (refused === undefined) return undefined;
  return problem(
    'ImageNotAllowed',
    `${printable(refused.place)} has image "${printable(refused.image)}", which the TwinClass does not allow; it allows ${allowedImages.join(', ')}`,
  );
}

/** `registry.example/team` means that repository and what is below it, not `registry.example/team-b`. */
function startsWith(image: string, prefix: string): boolean {
  if (!image.startsWith(prefix)) return false;
  return prefix.endsWith('/') || ['/', '@', ':', ''].includes(image.charAt(prefix.length));
}

/**
 * The first variable, argument or command that looks like a vendor's live key. Says where, never what: the value is a
 * secret of production.
 */
export function liveKeyProblem(content: Content): Problem | undefined {
  const patterns = content.services.flatMap(({ name, liveKeyPatterns }) =>
    liveKeyPatterns.map((source) => ({ service: name, pattern: new RegExp(source, 'u') })),
  );
  if (patterns.length === 0) return undefined;
  for (const { place, value } of textsOf(content)) {
    const match = typeof value === 'string' && patterns.find(({ pattern }) => pattern.test(value));
    if (match) {
      return problem(
        'LiveKeyRefused',
        `${printable(place)} looks like a live key of ${match.service}; an environment gets test keys only. Treat that key as exposed and replace it at the vendor`,
      );
    }
  }
  return undefined;
}

interface Text {
  readonly place: string;
  readonly value: unknown;
}

/** Every text that an author puts into a container. */
function textsOf({ workloads, services }: Content): readonly Text[] {
  const apps = workloads.flatMap(({ name, written, bindings }) => [
    ...bindings.map(({ env, written: value }) => ({ place: `workload ${name}: the binding of ${env}`, value })),
    ...allContainers(written).flatMap(({ name: container, env = [], command, args }) =>
      textsOfContainer(`workload ${name}, container ${container}`, env, { command, args }),
    ),
  ]);
  const twins = services.flatMap(({ name, twin }) =>
    twin?.inline === true
      ? textsOfContainer(`service ${name}`, twin.env ?? [], { command: twin.start.command, args: twin.args })
      : [],
  );
  return [...apps, ...twins];
}

function textsOfContainer(
  whose: string,
  env: readonly { readonly name: string; readonly value?: unknown }[],
  lists: Readonly<Record<'command' | 'args', unknown>>,
): readonly Text[] {
  return [
    ...env.map(({ name, value }) => ({ place: `${whose}: variable ${name}`, value })),
    ...Object.entries(lists).flatMap(([field, list]) =>
      itemsOf(list).map((value) => ({ place: `${whose}: an entry of ${field}`, value })),
    ),
  ];
}

/** The first pattern of the catalogue that is no regular expression: what cannot be checked is not let through. */
export function patternProblem({ services }: Content): Problem | undefined {
  for (const { name, liveKeyPatterns } of services) {
    const broken = liveKeyPatterns.find((source) => !compiles(source));
    if (broken !== undefined) {
      return problem(
        'VendorTwinInvalid',
        `service ${name}: liveKeyPatterns of its VendorTwin holds "${printable(broken)}", which is no regular expression; correct the VendorTwin`,
      );
    }
  }
  return undefined;
}

function compiles(source: string): boolean {
  try {
    void new RegExp(source, 'u');
    return true;
  } catch {
    return false;
  }
}
