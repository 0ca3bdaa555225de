import test from 'ava';
import { artifactsOf, withImages, type ArtifactsInput } from '../../operator/promotions/decide/plan/index.ts';
import { deployment, images } from './promotion-world.ts';

/** A kind beside Deployment, whichever the schema has. */
const OTHER = 'StatefulSet' as 'Deployment';
const web = { kind: 'Deployment', name: 'web' } as const;
const webs = { kind: OTHER, name: 'web' } as const;
const db = { kind: OTHER, name: 'db' } as const;
const ran = (name: string, image = images.second, container = name) => ({ name, images: [{ container, image }] });
const both: ArtifactsInput = { target: [web, db], environment: [ran('web'), ran('db')] };
const written = (image = images.second, container = 'web') => ({ ...web, images: [{ container, image }] });
const placesOf = (input: ArtifactsInput): readonly string[] | string => {
  const result = artifactsOf(input);
  if ('reason' in result) return `${result.reason}: ${result.message}`;
  return result.artifacts.map(({ kind, name, container }) => `${kind}/${name}/${container}`);
};

/** Input, and what a person reads. */
const refusals: readonly (readonly [string, ArtifactsInput, string])[] = [
  [
    'no workload of the environment is called like one of the target',
    { ...both, environment: [ran('api')] },
    'WorkloadNotMapped: no workload of the environment has the name of a workload of the target (Deployment/web, StatefulSet/db): map them in spec.workloads of a new Promotion',
  ],
  [
    'a mapping to a workload of another kind',
    { ...both, mapping: [{ from: 'web', to: webs }] },
    'WorkloadNotMapped: the target has no workload StatefulSet/web: it has Deployment/web, StatefulSet/db',
  ],
  [
    'a manifest of a workload that the environment has not',
    { ...both, environment: [ran('db')], manifests: [written()] },
    'WorkloadNotMapped: spec.objects has Deployment/web, and no workload of the environment belongs to it: name them alike, or map one in spec.workloads of a new Promotion',
  ],
  [
    'a manifest of another kind than the workload',
    { ...both, target: [webs], manifests: [written()] },
    'WorkloadNotMapped: spec.objects has Deployment/web, and no workload of the environment belongs to it: name them alike, or map one in spec.workloads of a new Promotion',
  ],
  [
    'a workload without an image yet',
    { ...both, environment: [{ name: 'web', images: [] }] },
    'NoImages: the environment reports no image of workload web: its pods have to be Ready',
  ],
  [
    'a manifest whose image did not run',
    { ...both, manifests: [written(images.evil)] },
    'ImageNotInEnvironment: no container of Deployment/web in spec.objects has an image that the environment runs in web: promote what ran there',
  ],
  [
    'an image by tag',
    { ...both, environment: [ran('web', 'registry.example/web:1')] },
    'ImageNotByDigest: container web runs registry.example/web:1 in the environment, which is no image by digest',
  ],
  [
    'an image that did not run',
    { ...both, images: [{ container: 'web', image: images.evil }] },
    `ImageNotInEnvironment: spec.images has ${images.evil} for container web, which does not run in the environment: promote what ran there`,
  ],
  [
    'an image that ran in another container only',
    {
      ...both,
      environment: [ran('web'), ran('db', images.third)],
      images: [{ container: 'web', image: images.third }],
    },
    `ImageNotInEnvironment: spec.images has ${images.third} for container web, which does not run in the environment: promote what ran there`,
  ],
  [
    'images and manifests that disagree',
    {
      ...both,
      manifests: [{ ...web, images: [{ container: 'side', image: images.second }, ...written().images] }],
      images: [{ container: 'web', image: images.third }],
    },
    'ImagesDisagree: spec.images and spec.objects have different images for container web: leave spec.images out, or write the same',
  ],
  [
    'an image that did not run, of a container that no manifest has',
    { ...both, manifests: [written()], images: [{ container: 'db', image: images.third }] },
    `ImageNotInEnvironment: spec.images has ${images.third} for container db, which does not run in the environment: promote what ran there`,
  ],
];
for (const [what, input, expected] of refusals)
  test(`what cannot be promoted is told in words: ${what}`, (t) => t.is(placesOf(input), expected));

/** Something before, after or instead of a digest is none. */
const noDigests: readonly string[] = [
  `${images.second}0`,
  `x@${images.second}`,
  `a b@${images.second.split('@')[1] ?? ''}`,
  `@${images.second.split('@')[1] ?? ''}`,
  `web@sha256:${'g'.repeat(64)}`,
  'web@sha256:a',
];
for (const image of noDigests)
  test(`an image that names its content in no way that a registry checks: ${image}`, (t) => {
    t.regex(String(placesOf({ ...both, environment: [ran('web', image)] })), /^ImageNotByDigest/);
  });

test('artifacts stand in the order of kind, name and container, whatever came first', (t) => {
  const pods = { name: 'web', images: ['z', 'a', 'm'].map((container) => ({ container, image: images.second })) };
  const sorted = ['Deployment/web/a', 'Deployment/web/m', 'Deployment/web/z', 'StatefulSet/db/db'];
  t.deepEqual(placesOf({ target: [db, web], environment: [ran('db'), pods] }), sorted);
  t.deepEqual(placesOf({ target: [web, db], environment: [pods, ran('db')] }), sorted);
});

test('an empty list of images asks for everything that runs', (t) => {
  t.deepEqual(placesOf({ ...both, images: [] }), ['Deployment/web/web', 'StatefulSet/db/db']);
});

test('several manifests each take their own workload', (t) => {
  const manifests = [written(), { ...db, images: [{ container: 'db', image: images.second }] }];
  const target = [...both.target, { kind: 'Deployment', name: 'api' } as const];
  const environment = [...both.environment, ran('api')];
  t.deepEqual(placesOf({ target, environment, manifests }), ['Deployment/web/web', 'StatefulSet/db/db']);
});

test('one of several containers with its image is enough, and only that one goes', (t) => {
  const environment = [
    { name: 'web', images: ['web', 'side'].map((container) => ({ container, image: images.second })) },
  ];
  t.deepEqual(placesOf({ target: [web], environment, images: [{ container: 'side', image: images.second }] }), [
    'Deployment/web/side',
  ]);
});

test('a workload without pods has no place for an image, and stays as it is', (t) => {
  const bare = { ...deployment(images.first), spec: { replicas: 1 } };
  const asked = [{ container: 'web', image: images.second }];
  t.deepEqual(withImages('Deployment', bare, asked), { object: bare, unmatched: ['web'] });
  const { spec: _spec, ...none } = bare;
  t.deepEqual(withImages('Deployment', none, asked), { object: none, unmatched: ['web'] });
});

test('init containers are none where there were none', (t) => {
  const { object } = withImages('Deployment', deployment(images.first), [{ container: 'web', image: images.second }]);
  t.deepEqual(object.spec, { ...deployment(images.second).spec });
});
