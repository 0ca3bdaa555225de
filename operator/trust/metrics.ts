import { Gauge } from 'prom-client';
import type { Informer } from '../kube/index.ts';
import type { Metrics } from '../runtime/index.ts';
import { keyOf, keyText, type SealedObject } from './decide/index.ts';
import type { Sealing } from './gather/index.ts';

/** Registers what to alert on; read from the caches at every scrape. */
export function trustMetrics(
  { registry }: Pick<Metrics, 'registry'>,
  sealing: Sealing,
  informers: readonly Pick<Informer<SealedObject>, 'lister'>[],
): void {
  const registers = [registry];
  const differs: Gauge = new Gauge({
    name: 'twinlock_trust_not_accepted',
    help: 'Keyrings, policies and targets that are not what people signed, or are gone though nobody signed that.',
    registers,
    collect: (): void => {
      const lives = informers.flatMap(({ lister }) => lister.list());
      const there = new Set(lives.map((object) => keyText(keyOf(object))));
      const gone = [...sealing.state().objects].filter(
        ([key, { content }]) => content !== undefined && !there.has(key),
      );
      differs.set(lives.filter((object) => sealing.standing(object).state !== 'Accepted').length + gone.length);
    },
  });
  const broken: Gauge = new Gauge({
    name: 'twinlock_trust_broken',
    help: 'Whether the chain of what people signed does not hold: nothing can be approved or signed; 0 is well.',
    registers,
    collect: (): void => broken.set(sealing.state().fault === undefined ? 0 : 1),
  });
}
