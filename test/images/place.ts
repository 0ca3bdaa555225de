import { HarnessError } from '../harness/index.ts';

/**
 * A place for images as the user writes it: host, port and path of a registry, without a slash at its end.
 *
 * @param option what the user writes it as
 * @throws HarnessError `Configuration`
 */
export function placeOf(written: string, option: string): string {
  const place = written.replace(/\/+$/, '');
  if (/^[\w.-]+(:\d+)?(\/[a-z0-9._-]+)*$/.test(place)) return place;
  throw new HarnessError('Configuration', `${option}=${written} is no registry: write e.g. registry.example/platform`);
}
