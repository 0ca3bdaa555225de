type Labels = Readonly<Record<string, string>>;
type Requirement = (labels: Labels) => boolean;

const setBased = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/;
const equality = /^([^\s=!]+)\s*(==|=|!=)\s*(\S*)$/;
const presence = /^(!?)\s*([^\s=!()]+)$/;

/**
 * Compiles a label selector (`a=b,c!=d,e in (f,g),h notin (i),j,!k`) to a test. The grammar is the API's
 * (k8s.io/apimachinery labels.Parse) without its numeric comparisons. Throws RangeError for anything else.
 */
export function labelSelector(selector: string): (labels: Labels | undefined) => boolean {
  const requirements = split(selector).map(compile);
  return (labels) => requirements.every((requirement) => requirement(labels ?? {}));
}

function compile(text: string): Requirement {
  const set = setBased.exec(text);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    const inside = (labels: Labels): boolean => labels[key] !== undefined && values.has(labels[key]);
    return operator === 'in' ? inside : (labels) => !inside(labels);
  }
  const equal = equality.exec(text);
  if (equal !== null) {
    const [, key = '', operator, value] = equal;
    return operator === '!=' ? (labels) => labels[key] !== value : (labels) => labels[key] === value;
  }
  const exists = presence.exec(text);
  if (exists === null) throw new RangeError(`not a label selector: ${text}`);
  const [, not, key = ''] = exists;
  return not === '!' ? (labels) => labels[key] === undefined : (labels) => labels[key] !== undefined;
}

/** Splits at commas outside parentheses. */
function split(selector: string): string[] {
  return selector
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
