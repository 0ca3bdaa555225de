const started = performance.now();

/** Says on standard error what happens, after how many seconds of this process. */
export function say(what: string): void {
  process.stderr.write(`[${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s] ${what}\n`);
}

/** Does one step of something slow and says when it starts and how long it took. */
export async function step<T>(what: string, work: () => Promise<T>): Promise<T> {
  say(`${what} ...`);
  const from = performance.now();
  const result = await work();
  say(`${what}: done in ${((performance.now() - from) / 1000).toFixed(1)} s`);
  return result;
}
