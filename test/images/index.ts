import { caddyImage, fakeGcsImage, stripeMockImage } from './go-images.ts';
import { maildevImage, operatorImage, storefrontImage } from './node-images.ts';
import type { FullCluster } from '../harness/index.ts';

export { caddyImage, fakeGcsImage, maildevImage, operatorImage, storefrontImage, stripeMockImage };

/** Every image that the demo and the end-to-end tests need, as `repository@sha256:...`. */
export interface DemoImages {
  readonly operator: string;
  readonly storefront: { readonly v1: string; readonly v2: string };
  readonly stripeMock: string;
  readonly fakeGcs: string;
  readonly caddy: string;
  readonly maildev: string;
}

/** Builds and pushes what they need; what is there already costs little. */
export async function demoImages(cluster: FullCluster): Promise<DemoImages> {
  const [operator, v1, v2, stripeMock, fakeGcs, caddy, maildev] = await Promise.all([
    operatorImage(cluster),
    storefrontImage(cluster, 'v1'),
    storefrontImage(cluster, 'v2'),
    stripeMockImage(cluster),
    fakeGcsImage(cluster),
    caddyImage(cluster),
    maildevImage(cluster),
  ]);
  return { operator, storefront: { v1, v2 }, stripeMock, fakeGcs, caddy, maildev };
}
