import { recordCutPrefix } from '../../api/index.ts';
import type { Cut } from '../types.ts';
import type { Checkpoint } from './checkpoint.ts';

/** Where the keys of a cluster stand beside its signed heads, one a line. The fields of chains have a dot. */
export const HEAD_KEYS = 'keys';

/** Where the signed head of a chain stands. A namespace has no dot, so that no two chains share a field. */
export function headFieldOf({ namespace, target }: Pick<Checkpoint, 'namespace' | 'target'>): string {
  return `${namespace}.${target}`;
}

/** Where it stands which records of a chain may be deleted. */
export function cutFieldOf(chain: Pick<Checkpoint, 'namespace' | 'target'>): string {
  return `${recordCutPrefix}${headFieldOf(chain)}`;
}

/** For admission, which reads words: all up to a record, and not those that stay. */
export function cutWords({ size, kept = [] }: Pick<Cut, 'size' | 'kept'>): string {
  return [`upto=${size}`, ...kept.map(({ sequence }) => `not=${sequence}`)].join(' ');
}

/** Every key that signed heads, the newest last. */
export function headKeysOf(data: Readonly<Record<string, string>> | undefined): readonly string[] {
  return (data?.[HEAD_KEYS] ?? '').split('\n').filter((line) => line !== '');
}
