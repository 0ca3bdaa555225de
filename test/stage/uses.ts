/**
 * Which of the processes' rights the tests use, as the API server's own audit log has it. A stage that ends writes down what
 * was used on it, and when; it fails when a process asked for what no rendered role gives it. `make rights` takes each right
 * away and runs the test that used it.
 */
import { randomUUID } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isNewest, runFolder } from '../harness/index.ts';
import type { AuditedRequest } from './audit.ts';
import { processOfAccount, removedRight, renderedRights, right, type Right } from './rights.ts';

export interface Uses {
  /** With the time of the first use (RFC 3339). */
  readonly used: ReadonlyMap<Right, string>;
  /** What RBAC refused, and no rendered role gives. */
  readonly refused: ReadonlySet<Right>;
}

/** Tests lend themselves a process' token; only the processes name themselves so. */
const isOfProcess = ({ user, objectRef, userAgent = '' }: AuditedRequest): boolean =>
  processOfAccount(user.username) !== undefined &&
  objectRef?.resource !== undefined &&
  userAgent.startsWith('twinlock');

/** The right to do this to what the request is about. */
function rightOf({ user, objectRef }: AuditedRequest, verb: string): Right {
  const { apiGroup = '', resource = '', subresource } = objectRef ?? {};
  const at = subresource === undefined ? resource : `${resource}/${subresource}`;
  return right(processOfAccount(user.username) ?? '', verb, apiGroup, at);
}

/**
 * What the processes used of their rights.
 *
 * A refusal of what a role has is none: a role takes effect a moment after it is bound, and ends with its namespace.
 */
export function usesOf(requests: readonly AuditedRequest[]): Uses {
  const given = renderedRights();
  const used = new Map<Right, string>();
  const refused = new Set<Right>();
  for (const request of requests.filter(isOfProcess)) {
    const { verb, annotations = {}, responseStatus, requestReceivedTimestamp: at } = request;
    const of = (verb: string): Right => rightOf(request, verb);
    const use = (verb: string): void => {
      const before = used.get(of(verb));
      if (before === undefined || at < before) used.set(of(verb), at);
    };
    if (annotations['authorization.k8s.io/decision'] !== 'forbid') use(verb);
    else if (!given.has(of(verb))) refused.add(of(verb));
    // What an apply makes anew takes the right to create it as well.
    if (verb === 'patch' && responseStatus?.code === 201) use('create');
  }
  return { used, refused };
}

const folder = (): string => join(runFolder(), 'rights');
const ends = (): string => join(folder(), 'tests');
const removals = (): string => join(folder(), 'removed');

/** `cluster~trust` of `test/cluster/trust.test.ts`: a folder beside it may have a file of the same name. */
const nameOf = (testFile: string): string => `${basename(dirname(testFile))}~${basename(testFile, '.test.ts')}`;

async function write(to: string, name: string, rights: ReadonlyMap<Right, string>): Promise<void> {
  await mkdir(to, { recursive: true });
  await writeFile(join(to, `${name}.${randomUUID()}.json`), JSON.stringify(Object.fromEntries(rights)));
}

/**
 * Writes down what a test file used.
 *
 * @throws when a process asked for what no rendered role gives it
 */
export async function recordRights(testFile: string, requests: readonly AuditedRequest[]): Promise<void> {
  const removed = removedRight();
  if (removed !== undefined) return recordRefusal(removed, requests);
  const { used, refused } = usesOf(requests);
  const name = nameOf(testFile);
  // Rights are taken away on the newest version; whoever does so runs tests with all of them too, which are no uses of a run.
  if (isNewest && process.env['TWINLOCK_REFUSALS'] === undefined) await write(folder(), name, used);
  if (refused.size > 0)
    throw new Error(
      `${name}: a process asked for what no rendered role gives it: ${[...refused].toSorted().join('; ')}. ` +
        'Give it the right in operator/*/rights.ts, or do not ask.',
    );
}

/** Verbs that the API server looks for beside those of the requests. */
const ASIDE = ['bind', 'rollback'];

/** Whether the API server refused this for want of the right; what an apply makes anew takes the right to create it. */
const refusedFor = (removed: Right, request: AuditedRequest): boolean =>
  isOfProcess(request) &&
  request.responseStatus?.code === 403 &&
  (ASIDE.some((verb) => removed.includes(`: ${verb} `)) ||
    rightOf(request, request.verb) === removed ||
    (request.verb === 'patch' && rightOf(request, 'create') === removed));

/** Whoever took a right away learns that a process was refused for it: the test did not fail for another reason. */
async function recordRefusal(removed: Right, requests: readonly AuditedRequest[]): Promise<void> {
  const file = process.env['TWINLOCK_REFUSALS'];
  const refusals = requests
    .filter((request) => refusedFor(removed, request))
    .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource ?? ''}\n`);
  if (file !== undefined) await appendFile(file, refusals.join(''));
}

/** Writes down that a test took this right away by itself, and showed what becomes of the process. */
export async function recordRemoval(testFile: string, removed: Right): Promise<void> {
  await write(removals(), nameOf(testFile), new Map([[removed, new Date().toISOString()]]));
}

/** A test that has ended: its title with what the runner puts before it. */
export interface EndedTest {
  readonly name: string;
  /** RFC 3339. */
  readonly at: string;
}

/** Writes down when the tests of a phase ended. */
export async function recordTests(phase: string, tests: readonly EndedTest[]): Promise<void> {
  await mkdir(ends(), { recursive: true });
  await writeFile(join(ends(), `${phase}.json`), JSON.stringify(tests));
}

/** A test file that used a right. */
export interface Use {
  /** `cluster/promotion` of `test/cluster/promotion.test.ts`. */
  readonly file: string;
  /** The title of the test that ran then, where the runner wrote it down. */
  readonly title: string | undefined;
  /** Milliseconds: of that test, or of the file until then. */
  readonly takes: number;
  /** It took the right away by itself. */
  readonly removes: boolean;
}

/** For each right, the test files that used it in this run, the quickest first. */
export async function recordedRights(): Promise<ReadonlyMap<Right, readonly Use[]>> {
  const tests = await read<readonly EndedTest[]>(ends());
  const ended = tests
    .flatMap(([json, list]) => list.map((test) => ({ ...test, phase: basename(json, '.json') })))
    .toSorted((a, b) => (a.at < b.at ? -1 : 1));
  const found = new Map<Right, Map<string, Use>>();
  const used = await read<Readonly<Record<Right, string>>>(folder());
  const removed = await read<Readonly<Record<Right, string>>>(removals());
  for (const [name, rights] of [...removed, ...used]) {
    const removes = removed.some(([other]) => other === name);
    const [phase = '', bare = ''] = name.slice(0, name.indexOf('.')).split('~');
    const file = `${phase}/${bare}`;
    const own = ended.filter((test) => test.phase === phase && test.name.split(' › ').slice(0, -1).includes(bare));
    const started = Object.values(rights).toSorted()[0] ?? '';
    for (const [each, at] of Object.entries(rights)) {
      const uses = found.get(each) ?? new Map<string, Use>();
      found.set(each, uses);
      const use = { ...useOf(file, at, started, own), removes };
      const before = uses.get(file);
      if (before === undefined || (!before.removes && use.takes < before.takes)) uses.set(file, use);
    }
  }
  return new Map([...found].map(([each, uses]) => [each, [...uses.values()].toSorted(byCost)]));
}

const since = (from: string, until: string): number => Date.parse(until) - Date.parse(from);

/** They start a process for each write of another one: minutes, and longer where a right is gone. */
const isLong = ({ file }: Use): boolean => file.endsWith('-kill');

const byCost = (a: Use, b: Use): number =>
  Number(b.removes) - Number(a.removes) || Number(isLong(a)) - Number(isLong(b)) || a.takes - b.takes;

/** Tests of a file that run at once end in another order than they begin: then this is a guess. */
function useOf(file: string, at: string, started: string, tests: readonly EndedTest[]): Omit<Use, 'removes'> {
  const index = tests.findIndex((test) => test.at >= at);
  const test = tests[index];
  if (test === undefined) return { file, title: undefined, takes: since(started, at) };
  const title = test.name.split(' › ').at(-1) ?? '';
  return { file, title, takes: since(tests[index - 1]?.at ?? started, test.at) };
}

/** Every JSON file of a folder, with its name. */
async function read<T>(from: string): Promise<readonly (readonly [string, T])[]> {
  const names = (await readdir(from).catch(() => [])).filter((name) => name.endsWith('.json'));
  // Written above.
  return Promise.all(
    names.map(async (name) => [name, JSON.parse(await readFile(join(from, name), 'utf8')) as T] as const),
  );
}

/** A run starts with none. */
export async function forgetRights(): Promise<void> {
  await rm(folder(), { recursive: true, force: true });
}
