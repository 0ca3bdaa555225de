/** `2026-11-30 09:00`, by the clocks of a zone; undefined where there is no such zone. */
export function localTime(at: number, timeZone: string): string | undefined {
  try {
    const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
    return format.format(at);
  } catch {
    return undefined;
  }
}
