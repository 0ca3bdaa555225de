import type { Promotion } from '../../api/index.ts';
import { askerOf } from '../decide/index.ts';
import type { Caches } from './caches.ts';

type Followed = Pick<Caches, 'promotions'>;

/** The other promotions into the same target. */
export function siblingsOf({ promotions }: Followed, { metadata, spec }: Promotion): readonly Promotion[] {
  return promotions.lister
    .list(metadata.namespace ?? '')
    .filter((other) => other.spec.targetRef.name === spec.targetRef.name && other.metadata.uid !== metadata.uid);
}

/** The uids of what the same person asks for beside this one, in its namespace. */
export function sameRequester({ promotions }: Followed, promotion: Promotion): readonly string[] {
  const { namespace = '', uid } = promotion.metadata;
  return promotions.lister
    .list(namespace)
    .filter((other) => other.metadata.uid !== uid && askerOf(other) === askerOf(promotion))
    .map(({ metadata }) => metadata.uid ?? '');
}
