import test from 'ava';
import type { TwinEnvironment } from '../../operator/api/index.ts';
import { factsOf } from '../../operator/promotions/decide/facts.ts';
import type { PlannedWorkload } from '../../operator/promotions/decide/index.ts';
import {
  decide,
  deciding,
  deployment,
  environment,
  images,
  promotion,
  run,
  world,
  worldOfOne,
  type Scene,
  type Spec,
} from './promotion-world.ts';

const env = [{ name: 'LEVEL', value: 'debug' }];
const container = (name: string, image: string) => ({ name, image });
const templateOf = (name: string, image: string, changes: object = {}) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ ...container(name, image), ...changes }] },
});
/** The workload with another image and another variable planned. */
const planned = (name: string, image = images.second): PlannedWorkload => {
  const live = deployment(images.first, {}, '1', name);
  const { selector } = live.spec as Spec;
  return {
    kind: 'Deployment',
    name,
    live,
    planned: { spec: { replicas: 2, selector, template: templateOf(name, image, { env }) } },
  };
};
/** An environment whose workload ran with that template. */
const ranAs = (...ran: readonly (readonly [string, object])[]): TwinEnvironment => ({
  ...environment(images.second),
  spec: { workloads: ran.map(([name, template]) => ({ name, template })) } as unknown as TwinEnvironment['spec'],
});
/** What a variable of it is in words. */
const VARIABLE = ['name', 'value'].map(
  (part) => `Deployment/web spec.template.spec.containers[name=web].env[name=LEVEL].${part}`,
);
const open = (given: Scene): readonly string[] => factsOf(deciding(given)).notExercised;

/** Variables that did not run, images aside. */
const unexercised = (
  environment: TwinEnvironment,
  workloads?: NonNullable<Scene['promotion']['spec']['workloads']>,
): readonly string[] => {
  const spec = workloads === undefined ? {} : { workloads };
  const given = worldOfOne({ environment, workloads: [planned('web')], promotion: promotion('web-42', { spec }) });
  return open(given).filter((path) => !path.endsWith('.image'));
};

test('what the environment ran with is exercised, by the name that the workload has there', (t) => {
  const same = templateOf('web', images.second, { env });
  t.deepEqual(unexercised(ranAs(['web', same])), []);
  t.deepEqual(unexercised(ranAs(['api', same])), VARIABLE);
  const to = { kind: 'Deployment', name: 'web' } as const;
  t.deepEqual(unexercised(ranAs(['front', same]), [{ from: 'front', to }]), []);
  t.deepEqual(unexercised(ranAs(['web', same]), [{ from: 'front', to }]), VARIABLE);
  const other = { kind: 'Deployment', name: 'api' } as const;
  t.deepEqual(unexercised(ranAs(['web', same]), [{ from: 'front', to: other }]), []);
  t.deepEqual(
    unexercised(ranAs(['front', same]), [
      { from: 'x', to: other },
      { from: 'front', to },
    ]),
    [],
  );
  // The schema knows one kind so far.
  const namesake = { kind: 'StatefulSet' as 'Deployment', name: 'web' };
  t.deepEqual(
    unexercised(ranAs(['front', same]), [
      { from: 'x', to: namesake },
      { from: 'front', to },
    ]),
    [],
  );
});

test('what the first round told stays told, also when the environment runs with it later', (t) => {
  const given = worldOfOne({
    environment: ranAs(['web', templateOf('web', images.second)]),
    workloads: [planned('web')],
  });
  t.deepEqual(open(given), VARIABLE);
  const asked = run(given).world;
  const later = { ...asked, environment: ranAs(['web', templateOf('web', images.second, { env })]) };
  t.deepEqual(open(later), VARIABLE);
  t.deepEqual(open({ ...run({ ...given, environment: later.environment }).world, environment: given.environment }), []);
});

test('an image that ran in one workload did not run in another', (t) => {
  const both = {
    ...environment(images.second),
    status: {
      ...environment(images.second).status!,
      workloads: [
        {
          name: 'web',
          images: [container('web', images.second)].map(({ name, image }) => ({ container: name, image })),
          ready: true,
        },
        { name: 'api', images: [{ container: 'web', image: images.third }], ready: true },
      ],
    },
  };
  const api = deployment(images.first, {}, '1', 'api');
  const { selector } = api.spec as Spec;
  const apiPlan = {
    replicas: 2,
    selector,
    template: {
      metadata: { labels: { app: 'api' } },
      spec: { containers: [{ name: 'api', image: images.first }, container('web', images.third)] },
    },
  };
  const given = (image: string): Scene =>
    world({
      environment: both,
      workloads: [
        {
          ...planned('web'),
          planned: { spec: { ...(planned('web').live?.spec as object), template: templateOf('web', image) } },
        },
        { kind: 'Deployment', name: 'api', live: api, planned: { spec: apiPlan } },
      ],
    });
  t.false(open(given(images.second)).some((path) => path.startsWith('Deployment/web')));
  t.true(open(given(images.third)).some((path) => path.startsWith('Deployment/web') && path.endsWith('.image')));
  const asked = run(given(images.second)).world;
  const swapped = given(images.third).workloads;
  t.true(
    open({ ...asked, workloads: swapped }).some((path) => path.startsWith('Deployment/web') && path.endsWith('.image')),
  );
  t.false(open(asked).some((path) => path.startsWith('Deployment/web')));
});

test('a world of which little is known has facts: nothing changes, and nothing is allowed', (t) => {
  const { status: _status, ...silent } = environment(images.second);
  for (const given of [
    world({ target: undefined, lock: undefined, environment: undefined, policy: { missing: 'none' } }),
    world({ target: undefined, lock: undefined, environment: silent, policy: { missing: 'none' } }),
  ]) {
    const facts = factsOf(deciding(given));
    t.deepEqual(facts.lock, { liveAccess: 'Deny', approved: [] });
    t.deepEqual(facts.gates, []);
    t.is('artifacts' in facts.artifacts, false);
  }
  const { creationTimestamp: _at, ...metadata } = promotion().metadata;
  t.is(decide(world({ promotion: { ...promotion(), metadata } })).verdict.phase, 'Expired');
});

test('without a target nothing is mapped, and nothing is promoted', (t) => {
  const { artifacts, notExercised } = factsOf(deciding(world({ target: undefined })));
  t.is('reason' in artifacts ? artifacts.reason : '', 'WorkloadNotMapped');
  t.deepEqual(notExercised.filter((path) => path.endsWith('.image')).length, 2, 'no image of it ran anywhere');
});

test('labels and annotations of manifests are facts where there are some', (t) => {
  const { selector, template } = deployment(images.second).spec as Spec;
  const manifest = (metadata: object) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', ...metadata },
    spec: { selector, template },
  });
  const of = (metadata: object): unknown =>
    factsOf(
      deciding(
        worldOfOne({
          promotion: promotion('web-42', {
            spec: { objects: [manifest(metadata)] as unknown as NonNullable<Scene['promotion']['spec']['objects']> },
          }),
        }),
      ),
    ).metadata;
  const web = { kind: 'Deployment', name: 'web' };
  t.deepEqual(of({}), []);
  t.deepEqual(of({ labels: { a: 'b' } }), [{ ...web, labels: { a: 'b' }, annotations: undefined }]);
  t.deepEqual(of({ annotations: { a: 'b' } }), [{ ...web, labels: undefined, annotations: { a: 'b' } }]);
});

const changed = (workload: PlannedWorkload): number =>
  factsOf(deciding(worldOfOne({ workloads: [workload] }))).changed.length;

test('a workload without a spec, or whose plan is refused, changes nothing yet', (t) => {
  t.is(changed(planned('web')), 1);
  t.is(changed({ ...planned('web'), live: undefined }), 1, 'it is made');
  t.is(changed({ ...planned('web'), live: { ...deployment(images.first), spec: undefined } }), 0);
  t.is(changed({ ...planned('web'), planned: { reason: 'PlanRefused', message: 'no' } }), 0);
});
