import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const root = join(import.meta.dirname, '../..');
const digest = `sha256:${'c'.repeat(64)}`;
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBQn8Ignjqktd96uHRD28s90tZ+dafH+Ah/np8NSjvhq';

/** An object that a page shows, with its placeholders filled. */
export interface Shown {
  readonly page: string;
  readonly object: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string };
  };
}

/** Every whole object in a yaml block of the README and of docs/. Fragments, without `apiVersion`, are left out. */
export async function shownObjects(): Promise<readonly Shown[]> {
  const pages = (await readdir(join(root, 'docs'), { recursive: true })).filter((name) => name.endsWith('.md'));
  const texts = await Promise.all(
    ['README.md', ...pages.map((page) => `docs/${page}`)].map(async (page) => ({
      page,
      text: await readFile(join(root, page), 'utf8'),
    })),
  );
  return texts.flatMap(({ page, text }) =>
    [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].flatMap(([, block = '']) =>
      parseAllDocuments(filled(block))
        .map((document) => document.toJS() as Shown['object'] & { readonly apiVersion: string | undefined })
        .filter(({ apiVersion }) => apiVersion !== undefined)
        .map((object) => ({ page, object })),
    ),
  );
}

/** Of Flux and Argo CD: test/cluster/flux.test.ts has the API server judge them by their own CRDs. */
export function isOfGitOps({ object: { apiVersion } }: Shown): boolean {
  return /^(kustomize\.toolkit\.fluxcd\.io|argoproj\.io)\//.test(apiVersion);
}

/** A file that kustomize reads, and no object of a cluster. */
export function isOfKustomize({ apiVersion }: Shown['object']): boolean {
  return apiVersion.startsWith('kustomize.config.k8s.io/');
}

/** The commands of a program in the sh blocks of a page, each a list of words, with placeholders filled. */
export async function shownCommands(page: string, program: string): Promise<readonly (readonly string[])[]> {
  const text = await readFile(join(root, page), 'utf8');
  return [...text.matchAll(/^[ \t]*```sh\n([\s\S]*?)```/gm)]
    .flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replaceAll('<the 64 digits>', 'c'.repeat(64)).trim().split(/\s+/))
    .filter(([first]) => first === program);
}

function filled(block: string): string {
  return block.replaceAll('@sha256:...', `@${digest}`).replaceAll('ssh-ed25519 AAAA...', key);
}
