import test from 'ava';
import packageJSON from '../../package.json' with { type: 'json' };
import { sources } from './sources.ts';

/**
 * What each room may import, lowest first: a room names only rooms above its line, `./` is a folder of its own, or some
 * {@link FILES} of its own. A folder of a room names only those above its line too, and never the room: that is its door.
 * A file belongs to the longest line that its path begins with. Inside a room, `decide` is given everything and asks nobody;
 * `status` says what was decided; `gather` and `act` are the only ones that reach out.
 */
const TABLE: Readonly<Record<string, string>> = {
  canonical: '',

  calendar: '',

  kube: 'canonical ./ground ./objects ./clock ./config ./transport ./client ./cache ./events ./status',
  'kube/ground': '',
  'kube/objects': 'canonical',
  'kube/clock': '',
  'kube/config': 'canonical ./ground ./clock',
  'kube/transport': 'canonical ./ground ./clock ./config',
  'kube/client': 'canonical ./ground ./objects ./clock ./config ./transport',
  'kube/cache': './ground ./objects ./clock ./client',
  'kube/events': 'canonical ./ground ./objects ./clock ./client',
  'kube/status': 'canonical ./ground ./objects ./client ./cache',

  runtime: 'canonical kube ./logging ./queue ./metrics ./election ./controller ./manager ./turns',
  'runtime/logging': 'kube',
  'runtime/queue': 'kube',
  'runtime/metrics': 'kube ./queue',
  'runtime/election': 'canonical kube',
  'runtime/controller': 'kube ./queue ./metrics',
  'runtime/manager': 'kube ./metrics ./election',
  'runtime/turns': 'kube ./controller',

  // No Kubernetes and no kinds of ours: the operator, a command line and an auditor share it.
  votes: 'canonical ./terms ./statement ./sshsig ./keyring ./count',
  'votes/terms': '',
  'votes/statement': 'canonical ./terms',
  'votes/sshsig': 'canonical ./terms',
  'votes/keyring': 'canonical ./terms ./sshsig',
  'votes/count': 'canonical ./terms ./statement ./sshsig ./keyring',

  api: 'canonical kube votes ./ground ./reasons ./schema ./form ./kinds ./convert',
  'api/ground': 'votes',
  'api/reasons': '',
  'api/schema': 'canonical kube votes ./ground',
  'api/form': 'kube ./ground ./schema',
  'api/kinds': 'canonical votes ./ground ./schema ./form',
  'api/convert': './ground ./schema ./form',

  workloads: 'canonical kube api ./ground ./rollout ./row ./deployment ./stateful-set ./daemon-set ./cron-job',
  'workloads/ground': 'kube',
  'workloads/rollout': 'canonical kube ./ground',
  // What a kind is made of; the kinds know nothing of one another.
  'workloads/row': 'kube ./ground ./rollout',
  'workloads/deployment': 'canonical kube api ./ground ./rollout ./row',
  'workloads/stateful-set': 'canonical kube ./ground ./rollout ./row',
  'workloads/daemon-set': 'kube ./rollout ./row',
  'workloads/cron-job': 'kube ./row',

  objects: 'canonical kube api',

  // Of votes what verifies signatures: a witness signs a checkpoint as people sign a statement.
  records: 'canonical kube votes api workloads ./ground ./checkpoint ./audit',
  'records/ground': 'canonical api',
  'records/checkpoint': 'canonical api ./ground',
  'records/audit': 'canonical votes api ./ground ./checkpoint',

  lock: 'canonical kube api workloads objects records',

  admission: 'canonical kube votes api workloads objects ./ground ./guard',
  'admission/ground': 'kube api workloads',
  'admission/guard': 'api workloads ./ground',

  // A clock, and nothing else of Kubernetes.
  outbound: 'canonical kube/clock',

  gates: 'canonical calendar kube api workloads votes records outbound ./ground ./environment ./window',
  'gates/ground': 'api',
  'gates/environment': 'canonical api ./ground',
  'gates/window': 'canonical calendar api',

  trust: 'canonical kube runtime api votes records ./decide ./status ./gather ./act',
  'trust/decide': 'canonical api votes records',
  'trust/status': 'canonical kube api votes ./decide',
  'trust/gather': 'canonical kube api records ./decide',
  'trust/act': 'kube records ./decide ./gather',

  targets:
    'canonical kube runtime api workloads objects votes records lock admission trust ./canary ./decide ./status ./gather ./act',
  'targets/canary': 'canonical kube api workloads objects lock admission',
  'targets/decide': 'canonical kube api workloads objects votes records lock admission trust ./canary',
  'targets/status': 'canonical kube api workloads objects records lock trust ./decide',
  'targets/gather': 'canonical kube api workloads objects records lock admission trust ./canary ./decide',
  'targets/act': 'canonical kube runtime api workloads records lock ./decide ./gather',

  environments:
    'canonical calendar kube runtime api workloads outbound gates ./naming ./decide ./status ./gather ./act ./page',
  'environments/naming': 'canonical kube api',
  'environments/decide': 'canonical calendar kube api workloads ./naming',
  'environments/status': 'canonical calendar kube api workloads ./naming ./decide',
  'environments/gather': 'canonical kube api workloads outbound ./naming ./decide',
  'environments/act': 'canonical kube runtime api workloads ./naming ./decide ./gather',
  'environments/page': 'canonical kube runtime api ./naming',

  promotions:
    'canonical kube runtime api workloads objects votes records lock outbound gates trust targets ./decide ./status ./gather ./act ./keyrings ./heads ./retention',
  'promotions/decide': 'canonical kube api workloads objects votes records lock gates',
  'promotions/status': 'canonical kube api workloads objects votes records lock ./decide',
  'promotions/gather': 'canonical kube api workloads objects votes records lock gates trust targets ./decide',
  'promotions/act': 'canonical kube api workloads objects votes records lock targets ./decide ./gather',
  'promotions/keyrings': 'canonical kube runtime api votes trust',
  'promotions/heads': 'canonical kube runtime api records',
  'promotions/retention': 'canonical kube runtime api records trust ./gather ./heads',

  // Of the rooms their rights alone, never what runs.
  install: 'canonical kube api workloads objects admission environments promotions',

  processes: 'canonical kube runtime api records outbound targets environments promotions ./records',
  'processes/records': 'canonical kube api records',
};

/** Layers of files that lie beside the folders of their room, since these stand on them. */
const FILES: Readonly<Record<string, string>> = {
  'kube/ground': 'errors hash logger',
  'api/ground': 'names object-kinds workload-kinds',
  'api/form': 'kind duration',
  'workloads/ground': 'object owners',
  'workloads/row': 'workload history',
  'records/ground': 'types plain cut parts chain',
  'admission/ground': 'cel denial lifecycle mutations names policy resources volumes who workload-annotations',
  'gates/ground': 'artifact',
};

const LAYERS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  Object.entries(TABLE).map(([layer, names]) => [
    layer,
    names
      .split(' ')
      .filter((name) => name !== '')
      .map((name) => name.replace(/^\./, roomOf(layer))),
  ]),
);

/**
 * Imports that the table forbids and that are there still, from folder to folder. It only shrinks: one that is not needed
 * any more fails the test.
 */
const NOT_YET: readonly string[] = [];

/** Packages that a file imports for more than their types. */
const bare =
  /^(?:import|export)\s+(?!type\b)[^']*?from\s+'(?!node:)([^.'][^']*)'|\bimport\('(?!node:)([^.'][^']*)'\)/gm;

const layers = Object.keys(LAYERS);
const files = sources();
const { dependencies } = packageJSON;

const layerOfFile: ReadonlyMap<string, string> = new Map(
  Object.entries(FILES).flatMap(([layer, names]) =>
    names.split(' ').map((name) => [`${roomOf(layer)}/${name}.ts`, layer] as const),
  ),
);

/** The layer of a file: `promotions/wire.ts` is of `promotions`, `promotions/decide/open.ts` of `promotions/decide`. */
function layerOf(path: string): string | undefined {
  const own = layerOfFile.get(path);
  if (own !== undefined) return own;
  const found = layers.filter((layer) => path.startsWith(`${layer}/`));
  return found.toSorted((a, b) => b.length - a.length)[0];
}

/** A room that is named stands for its door and all that has no line of its own. */
function isAllowed(from: string, path: string): boolean {
  const to = layerOf(path);
  if (to === from) return true;
  const allowed = LAYERS[from] ?? [];
  // From another room every sub-folder may be meant; within a room they are told apart.
  const sameRoom = roomOf(from) === roomOf(to ?? '');
  return allowed.some((each) => (sameRoom ? each === to : path.startsWith(`${each}/`)));
}

function roomOf(layer: string): string {
  return layer.split('/')[0] ?? layer;
}

test('every file is in a layer of the table', (t) => {
  t.deepEqual(
    files.map(({ path }) => path).filter((path) => layerOf(path) === undefined),
    [],
  );
  t.deepEqual(
    files
      .map(({ path }) => path.split('/').slice(0, -1))
      .filter(({ length }) => length > 1)
      .map(([room, folder]) => `${room}/${folder}`)
      .filter((folder) => !layers.includes(folder)),
    [],
    'a folder of a room has a line of its own',
  );
  t.deepEqual(
    [...layerOfFile.keys()].filter((path) => !files.some((file) => file.path === path)),
    [],
    'these files are gone: take them out of the table',
  );
  t.true(files.length > 300, 'the files are found');
});

test('the table goes one way', (t) => {
  for (const layer of layers) {
    const others = (LAYERS[layer] ?? []).map((each) => (layers.includes(each) ? each : roomOf(each)));
    for (const other of others.filter((each) => roomOf(each) !== roomOf(layer))) {
      t.true(layers.indexOf(other) < layers.indexOf(layer), `${layer} may import ${other}, which is above it`);
    }
    // The room itself is the door to its folders, and stands before them.
    for (const other of others.filter((each) => roomOf(each) === roomOf(layer))) {
      t.not(other, roomOf(layer), `${layer} may import the door of its own room, which may import it`);
      if (layer === roomOf(layer)) continue;
      t.true(
        layers.indexOf(other) < layers.indexOf(layer),
        `${layer} may import ${other}, whose line comes after its own`,
      );
    }
  }
});

test('imports go one way, rooms and their folders alike', (t) => {
  const forbidden: string[] = [];
  const used = new Set<string>();
  for (const { path, imports } of files) {
    const from = layerOf(path) ?? '';
    for (const { path: imported } of imports) {
      if (isAllowed(from, imported)) continue;
      const step = `${from} -> ${layerOf(imported)}`;
      if (NOT_YET.includes(step)) used.add(step);
      else forbidden.push(`operator/${path} imports operator/${imported}: ${step} is not in the table`);
    }
  }
  t.deepEqual(forbidden, []);
  t.deepEqual(
    NOT_YET.filter((step) => !used.has(step)),
    [],
    'these are put right: take them off the list',
  );
});

test('what runs takes exactly the packages that are dependencies: the others make it and test it', (t) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const packages = new Set<string>();
  const visit = (path: string): void => {
    const file = byPath.get(path);
    if (file === undefined || reached.has(path)) return;
    reached.add(path);
    for (const [, statement, dynamic] of file.text.matchAll(bare)) {
      const name = /^(?:@[^/]+\/)?[^/]+/.exec(statement ?? dynamic ?? '')?.[0] ?? '';
      packages.add(name);
    }
    for (const { path: imported } of file.imports) visit(imported);
  };
  visit('processes/main.ts');
  t.true(reached.size > 200, 'the files are found');
  t.deepEqual([...packages].toSorted(), Object.keys(dependencies).toSorted());
});

test("the machine's time is read in one place, everything else is given it", (t) => {
  const machine =
    /\bsystemClock\b|\bDate\.now\(|\bnew Date\(\)|\bset(?:Timeout|Interval)\(|\bperformance\.now\(|AbortSignal\.timeout\(/;
  t.deepEqual(
    files
      .filter(
        ({ path, text }) => !path.startsWith('processes/') && !path.startsWith('kube/clock/') && machine.test(text),
      )
      .filter(({ path }) => path !== 'kube/index.ts')
      .map(({ path }) => path),
    [],
  );
});

/** Text of a file without its comments. */
const withoutComments = (text: string): string => text.replace(/\/\*[^]*?\*\/|\/\/.*$/gm, '');

test('what decides and what says what was decided asks nobody and waits for nothing', (t) => {
  const asks = /\basync\b|\bawait\b|\bPromise\b|\bClient\b|\bInformer\b|\bClock\b|\bDate\.now\b|\bMath\.random\b/;
  const pure = files.filter(({ path }) => /^(?:environments|targets|promotions|trust)\/(?:decide|status)\//.test(path));
  t.true(pure.length > 80, 'the files are found');
  t.deepEqual(
    pure.flatMap(({ path, text }) => {
      const found = asks.exec(withoutComments(text))?.[0];
      return found === undefined ? [] : [`operator/${path}: ${found}`];
    }),
    [],
  );
});
