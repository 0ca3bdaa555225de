import test from 'ava';
import { artifactsOf, withImages, type ArtifactsInput } from '../../operator/promotions/decide/plan/index.ts';
import type { WorkloadObject } from '../../operator/workloads/index.ts';
import { deployment, images } from './promotion-world.ts';

const web = { kind: 'Deployment', name: 'web' } as const;
const base: ArtifactsInput = {
  target: [web],
  environment: [{ name: 'web', images: [{ container: 'web', image: images.second }] }],
};
const workload = (spec: WorkloadObject['spec']): WorkloadObject => ({ ...deployment(images.first), spec });
const mirror = images.second.replace('registry.example', 'mirror.example');

/** Input, then either images or a reason. */
const plans: readonly (readonly [string, ArtifactsInput, readonly string[] | string])[] = [
  ['by name', base, [`web/web=${images.second}`]],
  ['nothing of that name', { ...base, environment: [{ name: 'api', images: [] }] }, 'WorkloadNotMapped'],
  ['mapped to another name', { ...base, mapping: [{ from: 'web', to: web }] }, [`web/web=${images.second}`]],
  [
    'mapped to what the target does not have',
    { ...base, mapping: [{ from: 'web', to: { kind: 'Deployment', name: 'db' } }] },
    'WorkloadNotMapped',
  ],
  ['mapped from what does not run', { ...base, mapping: [{ from: 'api', to: web }] }, 'NoImages'],
  ['no pod has reported an image', { ...base, environment: [{ name: 'web' }] }, 'NoImages'],
  [
    'a tag',
    { ...base, environment: [{ name: 'web', images: [{ container: 'web', image: 'registry.example/web:1' }] }] },
    'ImageNotByDigest',
  ],
  [
    'a tag beside a digest of another length',
    {
      ...base,
      environment: [{ name: 'web', images: [{ container: 'web', image: 'registry.example/web@sha256:abc' }] }],
    },
    'ImageNotByDigest',
  ],
  [
    'the very image is asked for',
    { ...base, images: [{ container: 'web', image: images.second }] },
    [`web/web=${images.second}`],
  ],
  ['the same content by a mirror', { ...base, images: [{ container: 'web', image: mirror }] }, [`web/web=${mirror}`]],
  [
    'another image is asked for',
    { ...base, images: [{ container: 'web', image: images.third }] },
    'ImageNotInEnvironment',
  ],
  [
    'an image is asked for in another container',
    { ...base, images: [{ container: 'api', image: images.second }] },
    'ImageNotInEnvironment',
  ],
];
for (const [what, input, expected] of plans)
  test(`artifacts: ${what}`, (t) => {
    const result = artifactsOf(input);
    if (typeof expected === 'string') t.is('reason' in result ? result.reason : 'artifacts', expected);
    else
      t.deepEqual(
        'artifacts' in result
          ? result.artifacts.map(({ name, container, image }) => `${name}/${container}=${image}`)
          : result.reason,
        expected,
      );
  });

test('images are replaced by container name, init containers too, and nothing else is touched', (t) => {
  const spec = {
    replicas: 3,
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        initContainers: [{ name: 'migrate', image: images.first, args: ['up'] }],
        containers: [
          { name: 'web', image: images.first, env: [{ name: 'A', value: 'b' }] },
          { name: 'proxy', image: images.third },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    },
  };
  const { object, unmatched } = withImages('Deployment', workload(spec), [
    { container: 'web', image: images.second },
    { container: 'migrate', image: images.second },
  ]);
  t.deepEqual(unmatched, []);
  t.deepEqual(object.spec, {
    replicas: 3,
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        initContainers: [{ name: 'migrate', image: images.second, args: ['up'] }],
        containers: [
          { name: 'web', image: images.second, env: [{ name: 'A', value: 'b' }] },
          { name: 'proxy', image: images.third },
        ],
        volumes: [{ name: 'v', emptyDir: {} }],
      },
    },
  });
});

test('a container that the workload does not have is named', (t) => {
  t.deepEqual(
    withImages('Deployment', workload({ template: { spec: { containers: [{ name: 'app' }] } } }), [
      { container: 'web', image: images.second },
    ]).unmatched,
    ['web'],
  );
});
