import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesOf, tar } from './tar.ts';
import type { ImageFiles, ImageOptions } from '../types.ts';
import type { Entry } from './tar.ts';

interface Blob {
  readonly digest: string;
  readonly data: Buffer;
}

/** An image in memory: its manifest's digest is the image's. */
export interface Image {
  readonly digest: string;
  readonly manifest: Buffer;
  readonly blobs: readonly Blob[];
}

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** Layers above this size are a file's own, so that images which share a runtime share (and send) it once. */
const large = 1 << 20;

/** An OCI image of exactly these files. Equal files and options give an equal digest. */
export async function buildImage(files: ImageFiles, options: ImageOptions): Promise<Image> {
  const sorted = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = await Promise.all(sorted.map(([path, file]) => entriesOf(path, file)));
  const own = parts.filter((entries) => size(entries) > large);
  const rest = parts.filter((entries) => size(entries) <= large).flat();
  const layers = [...own, ...(rest.length > 0 ? [rest] : [])].map((entries) => blob(tar(entries)));
  const config = blob(
    json({
      architecture: process.arch === 'x64' ? 'amd64' : process.arch,
      os: 'linux',
      config: {
        Entrypoint: options.entrypoint,
        ...(options.cmd && { Cmd: options.cmd }),
        Env: Object.entries({ PATH: '/usr/local/bin:/usr/bin:/bin', ...options.env }).map((pair) => pair.join('=')),
        User: options.user ?? '65532:65532',
        WorkingDir: options.workdir ?? '/',
      },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
    }),
  );
  const manifest = json({
    schemaVersion: 2,
    mediaType: manifestType,
    config: described(config, 'application/vnd.oci.image.config.v1+json'),
    layers: layers.map((layer) => described(layer, 'application/vnd.oci.image.layer.v1.tar')),
  });
  return { digest: digestOf(manifest), manifest, blobs: [config, ...layers] };
}

/** Writes the image as an OCI layout (image-layout.md of the OCI image specification) into an empty folder. */
export async function writeLayout({ digest, manifest, blobs }: Image, folder: string): Promise<void> {
  await mkdir(join(folder, 'blobs', 'sha256'), { recursive: true });
  const write = async (name: string, data: Buffer): Promise<void> =>
    writeFile(join(folder, 'blobs', 'sha256', name.replace('sha256:', '')), data);
  await Promise.all([write(digest, manifest), ...blobs.map((one) => write(one.digest, one.data))]);
  await writeFile(join(folder, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }));
  const descriptor = described({ digest, data: manifest }, manifestType);
  await writeFile(join(folder, 'index.json'), json({ schemaVersion: 2, manifests: [descriptor] }));
}

function size(entries: readonly Entry[]): number {
  return entries.reduce((total, entry) => total + (entry.type === 'file' ? entry.data.length : 0), 0);
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
const digestOf = (data: Buffer): string => `sha256:${createHash('sha256').update(data).digest('hex')}`;
const blob = (data: Buffer): Blob => ({ digest: digestOf(data), data });
const described = ({ digest, data }: Blob, mediaType: string): object => ({ mediaType, digest, size: data.length });
