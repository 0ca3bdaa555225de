import { field, group, texts } from './cel.ts';
import type { FieldRule } from './pod-fields.ts';

/**
 * What differs, in words for a person who looks for the webhook that did it. These expressions are evaluated for a pod
 * that is refused, never for one that is let in, so they may repeat the comparison.
 */

/** More than so many are counted, not named: the message has one line. */
const NAMED = 5;

/** A list of texts as one text. */
function few(list: string, separator = ', '): string {
  return `[${list}].map(l, l.size() == 0 ? 'their order' : l.size() > ${NAMED} ? string(l.size()) + ' of them' : l.join('${separator}'))[0]`;
}

/**
 * Names of what differs from the first of some entries, as one text.
 *
 * @param entries CEL of approved entries, at least one
 * @param names CEL of a list of texts, in which `a` is the entry
 */
export function namesOf(entries: string, names: string): string {
  return `[${entries}[0]].map(a, ${few(names)})[0]`;
}

/** Keys of two maps that differ, beyond what is accepted. */
export function differentKeys(
  part: string,
  whole: string,
  accepted: (key: string) => string,
  ignored: readonly string[] = [],
): string {
  const counts = ignored.length === 0 ? '' : `!(k in ${texts(ignored)}) && `;
  return `${whole}.filter(k, ${counts}!(${part}[?k] == optional.of(${whole}[k]))) + ${part}.filter(k, !(k in ${whole}) && !(${accepted('k')}))`;
}

/** Entries of two lists that differ, by what names them. */
export function differentEntries(
  found: string,
  approved: string,
  name: string,
  isAdded: (entry: string) => string,
): string {
  return `${found}.filter(e, !(e in ${approved}) && !(${isAdded('e')})).map(e, e.${name}) + ${approved}.filter(e, !${found}.exists(f, f.${name} == e.${name})).map(e, e.${name})`;
}

/** Names of the fields that differ by a table, and by equality beyond it. */
export function differentFields(p: string, t: string, table: Readonly<Record<string, FieldRule>>): string {
  const ruled = texts(Object.keys(table));
  const byRule = Object.entries(table).flatMap(([name, { compare, entries }]) => {
    const rule = compare(p, t);
    const said = entries === undefined ? `'${name}'` : `'${name} ' + ${few(entries(p, t), ' ')}`;
    return rule === 'true' ? [] : [`(${group(rule)} ? [] : [${said}])`];
  });
  return [
    `${p}.filter(k, !(k in ${ruled}) && !(${t}[?k] == optional.of(${p}[k])))`,
    `${t}.filter(k, !(k in ${ruled}) && !(k in ${p}))`,
    ...byRule,
  ].join('\n+ ');
}

/** Containers that differ, each with its fields. */
export function differentContainers(
  found: string,
  approved: string,
  isInjected: string,
  table: Readonly<Record<string, FieldRule>>,
): string {
  const fields = `[${differentFields('c', 'd', table)}].map(l, l.join(', '))[0]`;
  return [
    `${found}.filter(c, !(${isInjected}) && !${approved}.exists(d, d.name == c.name)).map(c, c.name + ' is not approved')`,
    `${approved}.filter(d, !${found}.exists(c, c.name == d.name)).map(d, d.name + ' is missing')`,
    `${approved}.filter(d, ${found}.exists(c, c.name == d.name))
  .map(d, [dyn(d.name), dyn(${found}.filter(c, c.name == d.name).map(c, ${fields.replaceAll('\n', '\n    ')})[0])])
  .filter(l, l[1] != '').map(l, l[0] + ' (' + l[1] + ')')`,
  ].join('\n+ ');
}

/** Volumes that differ. */
export function differentVolumes(p: string, approved: string, isAdded: string): string {
  const found = field(p, 'volumes', '[]');
  return `${found}.filter(v, !(v in ${approved}) && !(${isAdded})).map(v, v.name) + ${approved}.filter(w, !${found}.exists(v, v.name == w.name)).map(w, w.name + ' is missing')`;
}
