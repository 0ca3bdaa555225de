import test from 'ava';
import { sources } from './sources.ts';

/**
 * What a kind of workload is called and what its controller does is the matter of its row. Code elsewhere that names one
 * would be forgotten when the next kind comes.
 */
const NAMES = '(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|ControllerRevision|CronJob)';
/** Each with why kinds are at home there. */
const AT_HOME: ReadonlyMap<string, string> = new Map([
  ['workloads/', 'the table of kinds, and what each controller does with its pods: a row is what a kind is'],
  ['kube/objects/', "Kubernetes' own types and where the API server serves them; knows nothing of what is promoted"],
  ['api/workload-kinds.ts', 'the one list of kinds that a lock can hold, which schemas and rows are both made from'],
]);
/** Each with why it has to name one. */
const ALLOWED: ReadonlyMap<string, string> = new Map([
  ['admission/pod-fields.ts', 'a CEL table: which fields of a pod only one kind may bring, judged by the API server'],
]);

/** In quotes of its own it is a value, of CEL within a text too; among other words of a text it is for people. */
const quoted = new RegExp(`(['"\`])${NAMES}\\1`);
const bare = new RegExp(`\\b${NAMES}\\b`);
const texts = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|\/\/.*$/g;

function namesOne(line: string): boolean {
  if (/^\s*(?:\*|\/\*|\/\/)/.test(line)) return false;
  return quoted.test(line) || bare.test(line.replaceAll(texts, "''"));
}

test('what names a kind of workload is told from words for people', (t) => {
  const naming = [
    "if (kind === 'StatefulSet') return;",
    'const isDaemonSet = "a.kind == \'DaemonSet\'";',
    "import { Deployment } from '../kube/index.ts';",
    'lister: Lister<ReplicaSet>,',
  ];
  const telling = [
    "why: 'the StatefulSet controller sets it',",
    '/** A Deployment. */',
    ' * of a CronJob',
    'const isDaemonSet = true;',
    'run(); // as a Deployment does',
  ];
  for (const line of naming) t.true(namesOne(line), line);
  for (const line of telling) t.false(namesOne(line), line);
});

test('only the table of workloads and the objects name a kind of workload', (t) => {
  const found = sources().flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (namesOne(line) ? [{ path, line: `${index + 1}: ${line.trim()}` }] : [])),
  );
  const elsewhere = found.filter(({ path }) => ![...AT_HOME.keys()].some((home) => path.startsWith(home)));
  t.deepEqual(
    elsewhere.flatMap(({ path, line }) => (ALLOWED.has(path) ? [] : [`operator/${path}:${line}`])),
    [],
    'ask the row of the kind (operator/workloads), or say in ALLOWED why this has to name it',
  );
  for (const [path, why] of ALLOWED)
    t.true(
      elsewhere.some((each) => each.path === path),
      `${path} names none any more: take "${why}" out of the list`,
    );
  for (const [home, why] of AT_HOME)
    t.true(
      found.some(({ path }) => path.startsWith(home)),
      `${home} names none any more: take "${why}" out of the list`,
    );
});
