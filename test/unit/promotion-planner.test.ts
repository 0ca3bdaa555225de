import test from 'ava';
import { ApiError, TransportError, type Client } from '../../operator/kube/index.ts';
import { Planner } from '../../operator/promotions/gather/planner.ts';
import { decide, run, world, deciding } from './promotion-world.ts';

const { signal } = new AbortController();

/** A planner whose dry run meets this answer. */
function refusing(status: number, message: string): Planner {
  const refusal = new ApiError({ method: 'PUT', path: '/x', status, body: { reason: 'Invalid', message } });
  const refuse = async (): Promise<never> => Promise.reject(refusal);
  return new Planner({ create: refuse, replace: refuse });
}

const asked = run(world()).world;
const bare = { ...asked, workloads: asked.workloads.map(({ planned: _planned, ...workload }) => workload) };

test('a refusal by the API server is shown, and asked again while nothing else changes', async (t) => {
  const message = "ValidatingAdmissionPolicy 'registries' denied request: no image from there";
  const seen = await refusing(422, message).plan(deciding(bare), new Map(), signal);
  const { verdict } = decide(seen);
  t.is(verdict.reason, 'PlanRefused');
  t.true(verdict.message.includes(message));
  t.is(verdict.requeueAfter, 30_000);
});

test('a policy that an API server cannot configure yet, just after its start, is no refusal: it is tried again', async (t) => {
  const message =
    "ValidatingAdmissionPolicy 'twinlock-workloads' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'twinlock.dev/v1alpha1, Kind=WorkloadLock'";
  const error = await t.throwsAsync(refusing(422, message).plan(deciding(bare), new Map(), signal), {
    instanceOf: ApiError,
  });
  t.is(error?.status, 422);
});

test("a reloader's mark is no content: a plan starts without it, and it closes no round", async (t) => {
  const names = ['STAKATER_*'];
  const marked = {
    ...bare,
    lock: bare.lock && {
      ...bare.lock,
      spec: {
        ...bare.lock.spec,
        approved: bare.lock.spec.approved.map((entry) => ({ ...entry, mutations: [{ field: 'Env' as const, names }] })),
      },
    },
    workloads: bare.workloads.map((workload) => {
      const live = structuredClone(workload.live) as unknown as {
        spec: { template: { spec: { containers: { env?: object[] }[] } } };
      };
      for (const container of live.spec.template.spec.containers)
        container.env = [{ name: 'STAKATER_WEB_CONFIGMAP', value: 'one' }];
      return { ...workload, live: live as unknown as typeof workload.live };
    }),
  };
  const sent: string[] = [];
  const replace = async (_type: unknown, object: unknown): Promise<unknown> => {
    sent.push(JSON.stringify(object));
    return object;
  };
  const planner = new Planner({ replace } as unknown as Pick<Client, 'create' | 'replace'>);
  const { facts, verdict } = decide(await planner.plan(deciding(marked), new Map(), signal));
  t.is(sent.length, 2);
  t.notRegex(sent[0] ?? '', /STAKATER/);
  t.is(String(facts?.changed[0]?.currentDigest), String(marked.lock?.spec.approved[0]?.digest));
  t.is(verdict.phase, 'AwaitingApproval', verdict.message);
});

test.serial('a server that goes away during dry runs fails the turn, and nothing beside it', async (t) => {
  const unheard: unknown[] = [];
  const hear = (error: unknown): void => void unheard.push(error);
  process.on('unhandledRejection', hear);
  const gone = new TransportError('POST', '/x', 'no answer');
  // A Job is told at once, a workload after it.
  const planner = new Planner({
    create: async (): Promise<never> => Promise.reject(gone),
    replace: async (): Promise<never> => {
      await new Promise(setImmediate);
      throw gone;
    },
  });
  const job = { when: 'before', name: 'migrate', job: 'migrate-1', spec: { template: {} } } as const;
  const error = await t.throwsAsync(planner.plan({ ...deciding(bare), jobs: [job] }, new Map(), signal));
  await new Promise(setImmediate);
  process.off('unhandledRejection', hear);
  t.is(error, gone);
  t.deepEqual(unheard, []);
});
