import test from 'ava';
import {
  imagesOfManifest,
  manifestFault,
  manifestOf,
  MAX_MANIFEST_BYTES,
  withManifestMetadata,
  type Manifest,
} from '../../operator/promotions/decide/plan/index.ts';
import { images, promotion } from './promotion-world.ts';

/** A kind beside Deployment, whichever the schema has. */
const OTHER = 'StatefulSet' as 'Deployment';
const web = { kind: 'Deployment', name: 'web' } as const;
const db = { kind: OTHER, name: 'db' } as const;
const manifest = (changes: Partial<Manifest> = {}, args: readonly string[] = []): Manifest => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web' },
  spec: { template: { spec: { containers: [{ name: 'web', image: images.second, args }] } } },
  ...changes,
});
const of = (...objects: readonly Manifest[]): ReturnType<typeof promotion> =>
  promotion('web-42', { spec: { objects: [...objects] } });

test('what is wrong with a manifest is told with what there is instead', (t) => {
  t.deepEqual(manifestFault(of(manifest({ metadata: { name: 'web', namespace: 'live' } })), { workloads: [web] }), {
    reason: 'ManifestInvalid',
    message: 'Deployment/web of spec.objects has namespace live: leave it out, or create the Promotion there',
  });
  t.deepEqual(manifestFault(of(manifest({ metadata: { name: 'db' } })), { workloads: [web, db] }), {
    reason: 'WorkloadNotMapped',
    message:
      'spec.objects has Deployment/db, and the target has no such workload: it has Deployment/web, StatefulSet/db',
  });
  t.is(manifestFault(of(manifest()), { workloads: [db, web] }), undefined);
  t.is(manifestFault(of(), { workloads: [] }), undefined, 'an empty list says nothing');
  const odd = promotion('web-42', { spec: { environmentRef: { namespace: 'shop-dev', name: '\ud800' } } });
  t.is(manifestFault(odd, { workloads: [] }), undefined, 'nothing is said of a promotion without manifests');
});

test('manifests are looked at whatever else the promotion takes away', (t) => {
  const { spec } = of(manifest({ metadata: { name: 'other' } }));
  const both = promotion('web-42', { spec: { ...spec, removes: [db] } });
  t.is(manifestFault(both, { workloads: [web, db] })?.reason, 'WorkloadNotMapped');
});

test('manifests may take as many bytes as they may, and not one more', (t) => {
  const size = (length: number): number => Buffer.byteLength(JSON.stringify([manifest({}, ['x'.repeat(length)])]));
  const room = MAX_MANIFEST_BYTES - size(0);
  t.is(manifestFault(of(manifest({}, ['x'.repeat(room)])), { workloads: [web] }), undefined);
  t.deepEqual(manifestFault(of(manifest({}, ['x'.repeat(room + 1)])), { workloads: [web] }), {
    reason: 'RecordTooLarge',
    message: 'spec.objects takes 400001 bytes and may take 400000: promote fewer workloads at once',
  });
});

test('the manifest of a workload is the one of its kind and name', (t) => {
  const { spec } = of(manifest({ kind: OTHER }), manifest({ metadata: { name: 'db' } }), manifest());
  t.is<unknown, unknown>(manifestOf(spec, web), spec.objects?.[2]);
  t.is(manifestOf(spec, db), undefined);
  t.is(manifestOf({}, web), undefined);
});

test('the images of a manifest are those of all its containers', (t) => {
  const initContainers = [{ name: 'migrate', image: images.first }];
  const { containers = [] } = manifest().spec.template?.spec ?? {};
  const both = manifest({ spec: { template: { spec: { containers, initContainers } } } });
  t.deepEqual(imagesOfManifest(both), {
    ...web,
    images: [
      { container: 'web', image: images.second },
      { container: 'migrate', image: images.first },
    ],
  });
  t.deepEqual(imagesOfManifest(manifest()).images, [{ container: 'web', image: images.second }]);
});

test('metadata without anything new stays what it was, key for key', (t) => {
  const before = { name: 'web', namespace: 'shop' };
  t.deepEqual(withManifestMetadata(before, undefined), before);
  t.deepEqual(withManifestMetadata(before, manifest()), before);
  t.deepEqual(withManifestMetadata(before, manifest({ metadata: { name: 'web', labels: { a: 'b' } } })), {
    ...before,
    labels: { a: 'b' },
  });
  t.deepEqual(withManifestMetadata(before, manifest({ metadata: { name: 'web', annotations: { a: 'b' } } })), {
    ...before,
    annotations: { a: 'b' },
  });
});
