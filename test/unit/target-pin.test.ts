import test from 'ava';
import type { Deployment, Pod } from '../../operator/kube/index.ts';
import { howToPin, shownTags, tagImages } from '../../operator/targets/decide/images.ts';
import { deployment, images, type Spec } from './promotion-world.ts';
import { decideTarget, fresh, pod, withLive } from './target-world.ts';

const DIGEST = `sha256:${'d'.repeat(64)}`;
const OTHER = `sha256:${'e'.repeat(64)}`;
const live = (spec: object, changes: Partial<Deployment['metadata']> = {}): Deployment => {
  const made = deployment(images.first, { template: { metadata: {}, spec } } as unknown as Partial<Spec>);
  return { ...made, metadata: { ...made.metadata, ...changes } };
};
const of = (spec: object) => ({ kind: 'Deployment', name: 'web', live: live(spec) }) as const;
const reporting = (statuses: object): Pod => pod({ status: statuses });
const whole = of({
  containers: [
    { name: 'web', image: 'registry.example:5000/web:v1' },
    { name: 'side', image: 'side' },
    { name: 'pinned', image: images.first },
  ],
  initContainers: [{ name: 'web', image: 'registry.example/init:2' }],
  volumes: [
    { name: 'v', emptyDir: {} },
    { name: 'model', image: { reference: 'registry.example/model:7' } },
    { name: 'fixed', image: { reference: images.first } },
    { name: 'odd', image: {} },
  ],
});

test('every part without a digest is found, and what has one or is no image is not', (t) => {
  t.deepEqual(tagImages(whole), [
    { part: 'init container', name: 'web', image: 'registry.example/init:2' },
    { part: 'container', name: 'web', image: 'registry.example:5000/web:v1' },
    { part: 'container', name: 'side', image: 'side' },
    { part: 'image volume', name: 'model', image: 'registry.example/model:7' },
    { part: 'image volume', name: 'odd', image: '' },
  ]);
  t.is(
    shownTags(tagImages(whole).slice(0, 2)),
    'init container web (registry.example/init:2), container web (registry.example:5000/web:v1)',
  );
  t.deepEqual(tagImages({ kind: 'Deployment', name: 'web', live: undefined }), []);
  t.deepEqual(tagImages(of({})), []);
  t.deepEqual(tagImages({ ...whole, live: { ...live({}), spec: { replicas: 1 } } }), []);
  t.deepEqual(tagImages(of({ containers: [{ name: 'web' }] })), [{ part: 'container', name: 'web', image: '' }]);
});

const names = (container: string, imagePrefix: string): readonly string[] =>
  tagImages(whole, [{ container, imagePrefix }]).map(({ part, name }) => `${part} ${name}`);

test('what others may inject is theirs to pin: that container with an image of theirs, and no volume', (t) => {
  const all = ['init container web', 'container web', 'container side', 'image volume model', 'image volume odd'];
  t.deepEqual(
    names('side', 'si'),
    all.filter((each) => each !== 'container side'),
  );
  t.deepEqual(names('side', 'registry.example'), all, 'an image of somebody else');
  t.deepEqual(names('proxy', 'si'), all, 'another container');
  t.deepEqual(names('model', 'registry.example/model'), all, 'a volume is no container');
});

test('the command pins each container by what its pods report, and tells how to ask for the others', (t) => {
  const pods = [
    reporting({
      containerStatuses: [
        { name: 'web', imageID: `registry.example:5000/web@${DIGEST}` },
        { name: 'side', imageID: OTHER },
      ],
      initContainerStatuses: [{ name: 'web', imageID: `registry.example/init@${OTHER}` }],
    }),
    reporting({ containerStatuses: undefined, initContainerStatuses: undefined }),
    reporting({ containerStatuses: [{ name: 'web' }] }),
  ];
  t.is(
    howToPin(whole, tagImages(whole), pods),
    [
      `kubectl set image deployment/web -n shop web=registry.example/init@${OTHER} web=registry.example:5000/web@${DIGEST} side=side@sha256:<digest>`,
      'kubectl edit deployment/web -n shop (image.reference of volume model, volume odd) (digests as the pods report them: compare them with the registry)',
      'crane digest side prints a digest',
    ].join('; '),
  );
});

test('where every digest is known nothing is asked for, where none is nothing is said of pods', (t) => {
  const one = of({ containers: [{ name: 'web', image: 'registry.example:5000/team/web' }] });
  const known = reporting({ containerStatuses: [{ name: 'web', imageID: `x@${DIGEST}` }] });
  t.is(
    howToPin(one, tagImages(one), [known]),
    `kubectl set image deployment/web -n shop web=registry.example:5000/team/web@${DIGEST} (digests as the pods report them: compare them with the registry)`,
  );
  t.is(
    howToPin(one, tagImages(one), []),
    'kubectl set image deployment/web -n shop web=registry.example:5000/team/web@sha256:<digest>; crane digest registry.example:5000/team/web prints a digest',
  );
  const volume = of({ volumes: [{ name: 'model', image: { reference: 'm;rm' } }] });
  t.is(
    howToPin(volume, tagImages(volume), [known]),
    'kubectl edit deployment/web -n shop (image.reference of volume model); crane digest <image> prints a digest',
  );
});

test('a name with a tag and no registry loses its tag', (t) => {
  const one = of({
    containers: [
      { name: 'web', image: 'web:1' },
      { name: 'b', image: 'team/b:1' },
    ],
  });
  t.regex(howToPin(one, tagImages(one), []), / web=web@sha256:<digest> b=team\/b@sha256:<digest>;/);
});

test('pods that do not agree, or report a container of another kind, pin nothing', (t) => {
  const one = of({ containers: [{ name: 'web', image: 'web:1' }] });
  const report = (digest: string): Pod => reporting({ containerStatuses: [{ name: 'web', imageID: `x@${digest}` }] });
  t.regex(howToPin(one, tagImages(one), [report(DIGEST), report(OTHER)]), /web=web@sha256:<digest>/);
  t.regex(howToPin(one, tagImages(one), [report(DIGEST), report(DIGEST)]), new RegExp(`web=web@${DIGEST}`));
  const init = reporting({ initContainerStatuses: [{ name: 'web', imageID: `x@${DIGEST}` }] });
  t.regex(howToPin(one, tagImages(one), [init]), /web=web@sha256:<digest>/);
});

test('only the pods of the workload are asked', (t) => {
  const object = live({ containers: [{ name: 'web', image: 'web:1' }] });
  const before = withLive(fresh(), object);
  const bare = pod({ status: { containerStatuses: [{ name: 'web', imageID: `x@${DIGEST}` }] } }, {});
  const verdict = decideTarget({ ...before, running: { ...before.running, pods: [bare] } });
  t.is(verdict.reason, 'ImageNotByDigest');
  t.is(
    verdict.message,
    'Deployment/web has images without a digest, which can change without any change here: container web (web:1). Pin what runs: kubectl set image deployment/web -n shop web=web@sha256:<digest>; crane digest web:1 prints a digest',
  );
});
