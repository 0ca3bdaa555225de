/** A target's chain as the tests of its lock write it down: what was adopted, asked for and decided, by spec. */
import { digestOf } from '../../operator/canonical/index.ts';
import { nameOf, type OutcomeResult, type RecordSpec } from '../../operator/records/index.ts';
import { specDigestOrFault } from '../../operator/workloads/index.ts';
import { targetRef } from './promotion-world.ts';

export type Spec = Readonly<Record<string, unknown>>;
type Recorded = NonNullable<RecordSpec['currentSpecs']>;

const time = '2026-11-21T10:00:00Z';
const opened = { nonce: 'n', openedAt: time, notAfter: time };

export const spec = (image: string, extra: Spec = {}): Spec => ({
  selector: { matchLabels: { app: 'web' } },
  template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image }] } },
  ...extra,
});

/** What has no digest gets one all the same: somebody wrote it into the record. */
export const digestIn = (content: Spec): string => {
  const digested = specDigestOrFault('Deployment', content);
  return 'digest' in digested ? digested.digest : digestOf('nothing that has a digest');
};
export const recorded = (content: Spec, name = 'web'): Recorded[number] => ({
  kind: 'Deployment',
  name,
  digest: digestIn(content),
  spec: { ...content },
});
const about = (uid: string): NonNullable<RecordSpec['promotion']> => ({ namespace: 'shop', name: 'web-42', uid });

/** One record of a chain; its place says the number, what the digest would be is of no account here. */
export type Link = (sequence: number, before: readonly RecordSpec[]) => RecordSpec;
const link = (content: Omit<RecordSpec, 'target' | 'sequence' | 'digest' | 'time'>, sequence: number): RecordSpec => ({
  ...content,
  time,
  target: targetRef,
  sequence,
  digest: digestOf(sequence),
});

export const adopted =
  (...currentSpecs: Recorded): Link =>
  (sequence) =>
    link({ type: 'Adopted', currentSpecs }, sequence);
export const round =
  (desired: Recorded | undefined, current: Recorded | undefined, uid = 'a'): Link =>
  (sequence) =>
    link(
      {
        type: 'Round',
        promotion: about(uid),
        round: opened,
        ...(current !== undefined && { currentSpecs: current }),
        ...(desired !== undefined && { desiredSpecs: desired }),
      },
      sequence,
    );
/** How the last round ended. */
export const outcome =
  (result: OutcomeResult, uid = 'a'): Link =>
  (sequence, before) => {
    const last = before.findLast(({ type }) => type === 'Round');
    return link(
      {
        type: 'Outcome',
        promotion: about(uid),
        outcome: { result, reason: 'Applying', message: result },
        ...(last !== undefined && { round: { ...opened, record: nameOf(last) } }),
      },
      sequence,
    );
  };
/** A round that was approved. */
export const approved = (desired: Spec, replaced: Spec | undefined, uid = 'a'): readonly Link[] => [
  round([recorded(desired)], replaced === undefined ? undefined : [recorded(replaced)], uid),
  outcome('Approved', uid),
];

export function chain(...links: readonly (Link | readonly Link[])[]): readonly RecordSpec[] {
  const records: RecordSpec[] = [];
  for (const make of links.flat()) records.push(make(records.length + 1, records));
  return records;
}
