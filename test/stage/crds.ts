import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { kinds } from '../../operator/api/index.ts';
import { waitFor, type Cluster } from '../harness/index.ts';

const crds = join(import.meta.dirname, '../../crds');

/** The CRDs as they are generated, as YAML. */
export async function crdTexts(): Promise<readonly string[]> {
  const files = (await readdir(crds)).filter((name) => name.endsWith('.yaml'));
  return Promise.all(files.toSorted().map((name) => readFile(join(crds, name), 'utf8')));
}

/** Installs the CRDs and waits until the API server serves every kind. */
export async function installCRDs(cluster: Cluster, texts: readonly string[]): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '--field-manager=twinlock-install', '-f', '-'], {
    input: texts.join('\n---\n'),
  });
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', 'crd', ...kinds.map(crdName)]);
  // A kind that was just defined answers 429 until its storage is up: the API server's start, and nobody else's.
  await waitFor('the kinds to be served', async (seen) => {
    for (const { plural } of kinds) {
      const { status, body } = await cluster.request('GET', `/apis/twinlock.dev/v1alpha1/${plural}?resourceVersion=0`);
      seen(body);
      if (status !== 200) return false;
    }
    return true;
  });
}

/** The name of a kind's CRD. */
export const crdName = ({ plural }: { readonly plural: string }): string => `${plural}.twinlock.dev`;
