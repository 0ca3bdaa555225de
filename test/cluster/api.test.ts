import test from 'ava';
import { isDeepStrictEqual } from 'node:util';

import { rootSchema } from '../../operator/api/convert/index.ts';
import type { Structural } from '../../operator/api/convert/index.ts';
import { kinds } from '../../operator/api/index.ts';
import type { CelRule } from '../../operator/api/schema/rule.ts';
import { kstatusOf, waitFor } from '../harness/index.ts';
import { fieldsOf, general, places, printed, variants, withValue } from './api-fields.ts';
import type { Path, Variant } from './api-fields.ts';
import { breachedRules } from './api-rules.ts';
import { samples, smallest } from './api-samples.ts';
import type { Sample } from './api-samples.ts';
import { crdTexts, crdName, installCRDs } from '../stage/crds.ts';
import * as server from './api-server.ts';

let api: server.Api;
test.before(async () => {
  api = await server.apiWithCRDs();
});
test.after.always(() => api?.stop());

const parts = ['spec', 'status'] as const;
type Part = (typeof parts)[number];

test('every CRD is established, structural, and unchanged by a second install', async (t) => {
  const read = async (): Promise<readonly Installed[]> => {
    const { body } = await api.request('GET', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions');
    return (body as { readonly items: readonly Installed[] }).items;
  };
  const installed = await read();
  t.deepEqual(installed.map(({ metadata }) => metadata.name).sort(), kinds.map(crdName).sort());
  for (const { metadata, status } of installed) {
    const conditions = new Map(status.conditions.map((condition) => [condition.type, condition]));
    t.is(conditions.get('Established')?.status, 'True', metadata.name);
    t.is(conditions.get('NonStructuralSchema')?.message, undefined, metadata.name);
  }
  await installCRDs(api.cluster, await crdTexts());
  t.deepEqual(versions(await read()), versions(installed));
});

for (const kind of kinds) {
  test(`kubectl explain has words for every field of ${kind.kind}`, async (t) => {
    const published = fieldsOf(await publishedSchema(kind.kind));
    const ours = [...fieldsOf(rootSchema(kind)).keys()].filter((field) => parts.some((part) => field.startsWith(part)));
    t.deepEqual(
      ours.filter((field) => (published.get(field)?.description ?? '') === ''),
      [],
    );
    const { stdout } = await api.cluster.kubectl(['explain', `${kind.plural}.spec`]);
    t.true(flat(stdout).includes(flat(kind.spec.description!)), stdout);
  });

  test(`${kind.kind}: every field takes what its schema takes and refuses the rest by its path`, async (t) => {
    for (const sample of samplesOf(kind.kind)) {
      const accepted = await server.dryCreate(api, sample);
      t.is(accepted.status, 201, JSON.stringify(server.causesOf(accepted)));
      for (const part of parts.filter((name) => sample[name] !== undefined)) {
        if (part === 'status') await server.createForStatus(api, sample);
        await inBatches(variantsOf(sample, part), async (variant) => {
          const problem = await tryVariant(sample, part, variant);
          t.is(problem, undefined, `${kind.kind} ${sample.metadata.name} ${variant.what}`);
        });
      }
    }
  });
}

test('the samples use every field of every kind', (t) => {
  for (const kind of kinds) {
    const schema = rootSchema(kind);
    const used = samplesOf(kind.kind).flatMap((sample) => [...places(schema, sample)].map(({ path }) => general(path)));
    const unused = [...fieldsOf(schema).keys()].filter(
      (field) => !used.includes(field) && !field.startsWith('metadata.'),
    );
    t.deepEqual(unused, [], kind.kind);
  }
});

for (const breach of breachedRules) {
  const at = breach.changes.map(([path, value]) => `${printed(path)}=${JSON.stringify(value)}`).join(', ');
  test(`${breach.kind} ${breach.sample} with ${at} is told "${breach.message}"`, async (t) => {
    const sample = samplesOf(breach.kind).find(({ metadata }) => metadata.name === breach.sample)!;
    const broken = breach.changes.reduce((object, [path, value]) => withValue(object, path, value), sample);
    const causes = server.causesOf(await server.dryCreate(api, broken, { keepName: true }));
    const cause = causes.find(({ message }) => message.includes(breach.message));
    t.truthy(cause, JSON.stringify(causes));
    // A rule over the whole object has no field of its own.
    if (breach.field !== 'metadata.name') t.is(cause?.field, breach.field);
    const { spec } = server.kindOf(sample);
    if (breach.field !== 'metadata.name') t.false(spec.safeParse(broken.spec).success, 'zod takes it');
  });
}

test('every rule over more than one string has a sample that breaks it', (t) => {
  const broken = new Set(breachedRules.map(({ message }) => message));
  for (const kind of kinds) {
    const unbroken = rulesOf(rootSchema(kind)).filter(
      ({ rule, message }) => !rule.includes('oldSelf') && ![...broken].some((words) => message.includes(words)),
    );
    t.deepEqual(unbroken, [], kind.kind);
  }
});

const changes: readonly (readonly [string, Path, unknown, string])[] = [
  ['Promotion', ['spec', 'reason'], 'another', 'a Promotion cannot be changed: create another one'],
  ['Promotion', ['spec', 'images', 0, 'container'], 'other', 'a Promotion cannot be changed: create another one'],
  ['Promotion', ['spec', 'expiresAfter'], undefined, ''],
  [
    'TwinEnvironment',
    ['spec', 'lifecycle'],
    'LongLived',
    'lifecycle cannot be changed: create another TwinEnvironment',
  ],
  ['TwinEnvironment', ['spec', 'workloads', 0, 'port'], 8081, ''],
  ['PromotionRecord', ['spec', 'time'], '2026-11-21T08:00:01Z', 'a PromotionRecord cannot be changed'],
  [
    'PromotionRecord',
    ['spec', 'currentSpecs', 0, 'spec', 'template', 'spec', 'hostNetwork'],
    true,
    'a PromotionRecord cannot be changed',
  ],
  [
    'PromotionRecord',
    ['spec', 'currentSpecs', 0, 'spec', 'selector'],
    undefined,
    'a PromotionRecord cannot be changed',
  ],
  ['PromotionRecord', ['metadata', 'labels'], { note: 'x' }, ''],
];
for (const [kind, path, value, refusal] of changes) {
  test(`update of ${kind} ${printed(path)} to ${JSON.stringify(value)} is ${refusal === '' ? 'taken' : 'refused'}`, async (t) => {
    const [sample] = samplesOf(kind);
    const answer = await server.dryUpdate(api, sample!, path, value);
    if (refusal === '') t.is(answer.status, 200, JSON.stringify(server.causesOf(answer)));
    else
      t.true(
        server.causesOf(answer).some(({ message }) => message.includes(refusal)),
        JSON.stringify(answer.body),
      );
  });
}

test('the smallest useful YAML is valid as it stands', async (t) => {
  for (const object of smallest) {
    const answer = await server.dryCreate(api, object);
    t.is(answer.status, 201, `${object.kind}: ${JSON.stringify(server.causesOf(answer))}`);
  }
});

test('what nobody has looked at yet is in progress, by the library that Flux waits with', async (t) => {
  const fresh: object[] = [];
  for (const kind of kinds.filter(({ alwaysObserved }) => alwaysObserved)) {
    const [sample] = samplesOf(kind.kind);
    const { status, body } = await server.dryCreate(api, sample!);
    t.is(status, 201, kind.kind);
    fresh.push(body as object);
  }
  t.deepEqual(
    (await kstatusOf(fresh)).map(({ status }) => status),
    fresh.map(() => 'InProgress'),
  );
  t.true(fresh.length > 0);
});

test('a field that no schema has is refused by name', async (t) => {
  const [sample] = samplesOf('TwinEnvironment');
  const answer = await server.dryCreate(api, withValue(sample!, ['spec', 'services', 0, 'modus'], 'Real'));
  t.regex(server.causesOf(answer)[0]!.message, /unknown field "spec\.services\[0\]\.modus"/);
});

test('kubectl knows the kinds by category and short name, and shows their columns', async (t) => {
  const { stdout } = await api.cluster.kubectl(['api-resources', '--categories=twinlock', '--no-headers']);
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.split(/ +/));
  t.deepEqual(rows.map((row) => row.at(-1)).sort(), kinds.map(({ kind }) => kind).sort());
  for (const { kind, shortNames } of kinds) {
    const row = rows.find((cells) => cells.at(-1) === kind)!;
    for (const name of shortNames) t.true(row.includes(name), `${kind} has no short name ${name}`);
  }
});

test('kubectl get shows which version of a twin is the default: the last one', async (t) => {
  const sample = withValue(samplesOf('VendorTwin')[0]!, ['metadata', 'name'], 'columns');
  const path = server.collection(server.kindOf(sample));
  await api.request('POST', path, sample);
  const { stdout } = await api.cluster.kubectl(['get', 'vtwin', 'columns', '--no-headers']);
  t.regex(stdout, /^columns +Stripe, Inc\. +v3 /);
});

interface Installed {
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly status: {
    readonly conditions: readonly { readonly type: string; readonly status: string; readonly message: string }[];
  };
}

const versions = (list: readonly Installed[]): object =>
  Object.fromEntries(list.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));

/** What kubectl explain reads; published some time after the CRD. */
async function publishedSchema(kind: string): Promise<Structural> {
  return waitFor(`the OpenAPI document to have ${kind}`, async () => {
    const { body } = await api.request('GET', '/openapi/v3/apis/twinlock.dev/v1alpha1');
    const { components } = body as { readonly components?: { readonly schemas: Readonly<Record<string, Structural>> } };
    return components?.schemas[`dev.twinlock.v1alpha1.${kind}`];
  });
}

function samplesOf(kind: string): readonly Sample[] {
  return samples.filter((sample) => sample.kind === kind);
}

function variantsOf(sample: Sample, part: Part): readonly Variant[] {
  const schema = rootSchema(server.kindOf(sample)).properties![part]!;
  const inside = [...places(schema, sample[part], [part])].filter(({ path }) => path.length > 1);
  return inside.flatMap((place) => [...variants(place)]);
}

/** What is wrong with the answer to a variant: zod and the API server must agree, and a refusal must name the field. */
async function tryVariant(sample: Sample, part: Part, { path, value, refused }: Variant): Promise<string | undefined> {
  const changed = withValue(sample, path, value);
  const zod = server.kindOf(sample)[part]!.safeParse(changed[part]);
  const answer = await (part === 'spec' ? server.dryCreate : server.dryStatus)(api, changed);
  const causes = server.causesOf(answer);
  const seen = `${answer.status} ${JSON.stringify(causes)}`;
  if (zod.success !== answer.status < 300)
    return `zod ${zod.success ? 'takes' : 'refuses'} it, the API server: ${seen}`;
  if (refused && zod.success) return 'it was taken';
  if (refused) return causes.some(({ field }) => field.startsWith(printed(path))) ? undefined : `no path in ${seen}`;
  // Both fill in the same defaults: what the operator reads is what its types say.
  const stored = (answer.body as Readonly<Record<Part, unknown>>)[part];
  if (zod.success && !isDeepStrictEqual(stored, zod.data)) {
    return `zod makes ${JSON.stringify(zod.data)} of it, the API server ${JSON.stringify(stored)}`;
  }
  return undefined;
}

async function inBatches<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += 8) await Promise.all(items.slice(start, start + 8).map(act));
}

/** Rules that look at more than the pattern of one string; {@link variants} breaks those. */
function rulesOf(schema: Structural): readonly CelRule[] {
  const below = [...Object.values(schema.properties ?? {}), schema.items ?? {}, schema.additionalProperties ?? {}];
  const own = (schema['x-kubernetes-validations'] ?? []).filter(({ rule }) => !rule.startsWith('self.matches('));
  return [...own, ...(below.some((child) => Object.keys(child).length > 0) ? below.flatMap(rulesOf) : [])];
}

const flat = (text: string): string => text.replaceAll(/\s+/g, ' ');
