import test from 'ava';
import {
  asApproved,
  proposalFor,
  proposalRefused,
  wantedFor,
  type Wanted,
} from '../../operator/promotions/decide/plan/index.ts';
import { podTemplateOf, type WorkloadObject } from '../../operator/workloads/index.ts';
import { deployment, images, lockOf, promotion } from './promotion-world.ts';

const web = { kind: 'Deployment', name: 'web' } as const;
const artifact = (container: string) => ({ ...web, container, image: images.second });
const manifest = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { team: 'shop' } },
  spec: { template: { spec: { containers: [{ name: 'web', image: images.third }] } } },
} as unknown as NonNullable<Wanted['manifest']>;
const byImages: Wanted = { manifest: undefined, images: [artifact('web')] };

const imagesOf = (object: WorkloadObject): readonly (string | undefined)[] =>
  (podTemplateOf('Deployment', object)?.spec?.containers ?? []).map(({ image }) => image);

test('what a promotion brings is what it names for that very workload', (t) => {
  const { spec } = promotion();
  const other = { ...artifact('web'), name: 'api' };
  t.deepEqual(wantedFor(spec, [artifact('web'), other], web), byImages);
  t.is(wantedFor(spec, [other], web), undefined, 'it does not touch this one');
  t.deepEqual(wantedFor({ ...spec, objects: [manifest] }, [], web), { manifest, images: [] });
});

test('images are proposed to what is live, of whatever version it is by now', (t) => {
  const live = deployment(images.first);
  const proposal = proposalFor({ ...web, live }, byImages, 'shop');
  if (!('object' in proposal)) return t.fail(proposal.message);
  t.deepEqual(imagesOf(proposal.object), [images.second]);
  t.false('resourceVersion' in proposal.object.metadata);
  return t.is(live.metadata.resourceVersion, '7', 'what was read stays as it was');
});

test('a manifest is proposed as it is, whatever images there are', (t) => {
  const proposal = proposalFor({ ...web, live: deployment(images.first) }, { ...byImages, manifest }, 'shop');
  if (!('object' in proposal)) return t.fail(proposal.message);
  t.deepEqual(imagesOf(proposal.object), [images.third]);
  return t.is(proposal.object.metadata.labels?.['team'], 'shop');
});

test('a workload that is not there is proposed as its manifest has it, and nothing else says what it is', (t) => {
  const proposal = proposalFor({ ...web, live: undefined }, { ...byImages, manifest }, 'shop');
  if (!('object' in proposal)) return t.fail(proposal.message);
  t.deepEqual(proposal.object.metadata, { name: 'web', namespace: 'shop', labels: { team: 'shop' } });
  return t.deepEqual(imagesOf(proposal.object), [images.third]);
});

test('to a workload that is not there images alone are not proposed', (t) => {
  t.deepEqual(proposalFor({ ...web, live: undefined }, byImages, 'shop'), {
    reason: 'NoSuchWorkload',
    message:
      'Deployment/web does not exist in production, and images alone do not make it: put its whole manifest into spec.objects of a new Promotion, or name in spec.workloads what is promoted without it',
  });
});

test('nor to containers that it does not have', (t) => {
  const wanted = { ...byImages, images: [artifact('web'), artifact('side\u202e')] };
  const proposal = proposalFor({ ...web, live: deployment(images.first) }, wanted, 'shop');
  if ('object' in proposal) return t.fail('it has no such container');
  t.is(proposal.reason, 'NoSuchContainer');
  return t.regex(proposal.message, /^Deployment\/web has no container side\\u202e: name the containers alike/);
});

test('a refusal stands in the words of the API server, and says what it refuses', (t) => {
  t.deepEqual(proposalRefused(web, byImages, 'no\nimage from there'), {
    reason: 'PlanRefused',
    message: 'the API server refuses Deployment/web with these images: no\\u000aimage from there',
  });
  const long = proposalRefused(web, { ...byImages, manifest }, 'x'.repeat(9000)).message;
  t.regex(long, /^the API server refuses Deployment\/web as spec\.objects has it: x+\.\.\.$/);
  t.true(long.length < 600);
});

test('what others may add is not in what a plan starts from', (t) => {
  const live = deployment(images.first);
  const { template, ...spec } = live.spec!;
  const marked = {
    ...live,
    spec: {
      ...spec,
      template: {
        ...template,
        spec: { containers: [{ name: 'web', image: images.first, env: [{ name: 'MARK', value: 'one' }] }] },
      },
    },
  };
  const lock = lockOf(live)!.spec;
  const lets = lock.approved.map((entry) => ({ ...entry, mutations: [{ field: 'Env' as const, names: ['MARK'] }] }));
  t.deepEqual(asApproved({ ...web, live: marked }, { ...lock, approved: lets }).live?.spec, live.spec);
  t.deepEqual(asApproved({ ...web, live: marked }, lock).live?.spec, marked.spec, 'nobody let it in');
  t.is(asApproved({ ...web, live: marked }, undefined).live, marked, 'there is no lock yet');
  t.is(asApproved({ ...web, live: undefined }, lock).live, undefined);
});
