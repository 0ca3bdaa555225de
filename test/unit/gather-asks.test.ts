import test from 'ava';
import { sources, type Source } from './sources.ts';

/**
 * Reading decides nothing (gather, decide, act, status). What a gather takes of its decide, but for types, says what is to
 * be read, or in what shape; whoever adds to it says here which of these it is.
 */
const ASKED: Readonly<Record<string, readonly string[]>> = {
  'names what is to be read': [
    'environments/decide: classOf',
    'promotions/decide: askerOf',
    'promotions/decide: jobsOf',
    'promotions/decide: policyNameOf',
    'promotions/decide: touchedObjects',
    'targets/decide: placeOf',
    'targets/decide: unreferenced',
  ],
  'tells which world it is, hence how much of it is read': [
    'environments/decide: hasFinalizer',
    'environments/decide: hasHome',
    'environments/decide: isEnding',
    'promotions/decide: stageFromCaches',
    'promotions/decide: stageOf',
    'targets/decide: asksStill',
    'targets/decide: hasAdopted',
    'targets/decide: needsInventory',
    'targets/decide: onlyWarns',
    'targets/decide: overduePods',
    'targets/decide: unadopted',
    'targets/decide: undecided',
  ],
  'reads what stands in an object, a record or an answer': [
    'environments/decide: keptEnv',
    'environments/decide: observedParts',
    'environments/decide: parseReport',
    'promotions/decide: latchedArtifacts',
    'promotions/decide: runningArtifacts',
    'targets/decide: foundProtection',
    'trust/decide: keyText',
    'trust/decide: keyringSpec',
    'trust/decide: policySpec',
    'trust/decide: standingOf',
    'trust/decide: targetSpec',
    'trust/decide: trustOf',
  ],
  'what a dry run is asked, and how its answer is compared': [
    'promotions/decide: asApproved',
    'promotions/decide: manifestFault',
    'promotions/decide: newJob',
    'promotions/decide: objectManifestOf',
    'promotions/decide: proposalFor',
    'promotions/decide: proposalRefused',
    'promotions/decide: wantedFor',
  ],
};

const statement = /^import\s+\{(?<names>[^}]*)\}\s+from\s+'(?<from>[^']*\bdecide\/[^']*)'/gm;

/** What a file takes of the decide of its room, but for types. */
function taken({ path, text }: Source): readonly string[] {
  const room = path.split('/gather/')[0] ?? '';
  return [...text.matchAll(statement)].flatMap(({ groups }) =>
    (groups?.['names'] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '))
      .map((name) => `${room}/decide: ${name}`),
  );
}

test('what is gathered is decided nowhere but in decide', (t) => {
  const found = sources()
    .filter(({ path }) => path.includes('/gather/'))
    .flatMap(taken);
  t.deepEqual([...new Set(found)].toSorted(), Object.values(ASKED).flat().toSorted());
});

test('a controller is the turn loop over its room and nothing else', (t) => {
  const controllers = sources().filter(({ path }) => /^\w+\/reconcile\.ts$/.test(path));
  t.deepEqual(
    controllers.map(({ path }) => path.split('/')[0]),
    ['environments', 'promotions', 'targets', 'trust'],
  );
  for (const { path, text } of controllers) {
    t.regex(text, /^ {2}return takeTurns\(/m, path);
    t.notRegex(text, /\bwhile \(|\bfor \(;;/, `${path}: a loop of its own`);
  }
});
