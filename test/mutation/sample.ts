/** Numbers in [0, 1) that are the same for the same seed (mulberry32), so that a report can be repeated. */
function* numbers(seed: number): Generator<number, never> {
  let state = seed >>> 0;
  for (;;) {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    yield ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

/** `size` of the items, each as likely as any other, in the order in which they stand. */
export function sample<Item>(items: readonly Item[], size: number, seed: number): readonly Item[] {
  const random = numbers(seed);
  const chosen: Item[] = [];
  let left = items.length;
  for (const item of items) {
    if (random.next().value * left < size - chosen.length) chosen.push(item);
    left -= 1;
  }
  return chosen;
}
