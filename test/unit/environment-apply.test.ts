import test from 'ava';
import { applyPlan } from '../../operator/environments/act/apply.ts';
import { DriftView, environmentInformers } from '../../operator/environments/gather/cache/index.ts';
import type { Context } from '../../operator/environments/gather/context.ts';
import { HASH_ANNOTATION } from '../../operator/environments/naming/index.ts';
import { Applier, ApiError, Cache, type Client, type KubeObject } from '../../operator/kube/index.ts';
import { ManualClock } from '../stage/manual-clock.ts';
import { accepted, environment, image, settings, twinClass } from './environment-fixtures.ts';
import { lifetime } from './environment-situations.ts';

const spec = {
  workloads: [
    { name: 'api', image, port: 8080 },
    { name: 'web', image, port: 8080 },
  ],
};
const of = {
  environment: environment(spec),
  twinClass: twinClass(),
  catalogue: new Map(),
  settings,
  hasRoutes: true,
  asleep: false,
};
const plan = accepted(spec);
const action = { do: 'Apply', of, plan, parts: plan.manifests.parts, surplus: [], lifetime } as const;

const down = (name: string): ApiError =>
  new ApiError({ method: 'PATCH', path: `/${name}`, status: 500, body: { message: 'failed calling webhook' } });

test('of what fails at once the first in order is told: the same at every try', async (t) => {
  const failed: string[] = [];
  const client = {
    find: async () => undefined,
    create: async (_type: unknown, object: KubeObject) => object,
    apply: async (_type: unknown, object: KubeObject) => {
      const { name } = object.metadata;
      if (object.kind !== 'Deployment' || (name !== 'api' && name !== 'web')) return object;
      // The first one takes longer to fail.
      if (name === 'api') await new Promise((resolve) => setImmediate(resolve));
      failed.push(name);
      throw down(name);
    },
  } as unknown as Client;
  const clock = new ManualClock();
  const cache = new Cache({ client, clock });
  const drift = new DriftView(cache);
  const applier = new Applier({ client, cache: drift, fieldManager: 'x', hashAnnotation: HASH_ANNOTATION });
  const context = { client, clock, drift, applier, informers: environmentInformers(cache) } as unknown as Context;
  await t.throwsAsync(applyPlan(context, { home: undefined }, action, new AbortController().signal), {
    message: /^PATCH \/api answered 500/,
  });
  t.deepEqual(failed, ['web', 'api']);
});
