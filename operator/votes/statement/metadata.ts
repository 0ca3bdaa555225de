import { sortedBy } from '../../canonical/index.ts';
import { bounded, member } from './changes.ts';
import type { Change, ObjectMetadata } from './types.ts';

/** What an object's own labels and annotations would become; not locked, hence no part of what a digest covers. */
export function metadataChanges(
  { kind, name, labels, annotations }: ObjectMetadata,
  live: Pick<ObjectMetadata, 'labels' | 'annotations'>,
): readonly Change[] {
  return [
    ...changed(`${kind}/${name} metadata.annotations`, annotations, live.annotations),
    ...changed(`${kind}/${name} metadata.labels`, labels, live.labels),
  ];
}

type Map = Readonly<Record<string, string>> | undefined;

function changed(path: string, wanted: Map = {}, live: Map = {}): readonly Change[] {
  return sortedBy(Object.entries(wanted), ([key]) => key).flatMap(([key, to]) => {
    const from = Object.hasOwn(live, key) ? live[key] : undefined;
    return from === to
      ? []
      : [{ path: `${path}${member(key)}`, ...(from === undefined ? {} : { from: bounded(from) }), to: bounded(to) }];
  });
}
