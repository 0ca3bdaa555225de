import test from 'ava';
import * as fc from 'fast-check';
import { RE2JS } from 're2js';
import { adminPattern } from '../../operator/environments/decide/children/admin-paths.ts';

const admin = ['/_internal/config', '/__admin'];
const pattern = RE2JS.compile(adminPattern(admin));
const refuses = (path: string): boolean => pattern.matcher(path).find();

/** What a server of much good will makes of a path: decoded to the end, parameters off, dots resolved, case ignored. */
function lenient(target: string): string {
  let path = target.split('?')[0] ?? '';
  for (let before = ''; before !== path;) {
    before = path;
    path = path.replaceAll(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  }
  const segments: string[] = [];
  for (const segment of path.replaceAll('\\', '/').split('/')) {
    const [name = ''] = segment.split(';');
    const trimmed = name.replace(/[ .\t\r\n]+$/, '');
    if (name === '..') segments.pop();
    else if (trimmed !== '') segments.push(trimmed.toLowerCase());
  }
  return `/${segments.join('/')}`;
}

/** A character in one of the ways to write it. */
const written = (character: string): fc.Arbitrary<string> => {
  const hex = character.charCodeAt(0).toString(16).padStart(2, '0');
  const forms = ['', '25', '2525'].flatMap((twice) => [`%${twice}${hex}`, `%${twice}${hex.toUpperCase()}`]);
  return fc.constantFrom(character, character, character.toUpperCase(), ...forms);
};
const spelled = (text: string): fc.Arbitrary<string> =>
  fc.tuple(...[...text].map(written)).map((characters) => characters.join(''));
const noise = fc.constantFrom(
  '',
  '',
  './',
  '/',
  ';a=b/',
  '.;x/',
  'x/../',
  '..;/',
  '%2e%2e/',
  '\\',
  '%5c',
  '.',
  ' ',
  'x',
);
const segment = fc.constantFrom('_internal', 'config', '__admin', 'x').chain(spelled);
const slash = fc.oneof(spelled('/'), spelled('\\'));
const target = fc
  .tuple(fc.array(fc.tuple(slash, noise, segment, noise), { maxLength: 4 }), fc.constantFrom('', '?a=/../b', '/', ';a'))
  .map(([parts, end]) => `/${parts.flat().join('')}${end}`);

test('whatever a server could read as an admin path is refused', (t) => {
  let met = 0;
  fc.assert(
    fc.property(target, (path) => {
      const read = lenient(path);
      if (!admin.some((each) => read === each || read.startsWith(`${each}/`))) return;
      met += 1;
      t.true(refuses(path), `${path} is read as ${read}`);
    }),
    { numRuns: 20_000 },
  );
  t.true(met > 500, `${met} admin paths were tried`);
});

test('what vendors’ clients send passes', (t) => {
  for (const path of [
    '/',
    '/_internal',
    '/_internals/config',
    '/_internal/configuration',
    '/v1/__admin',
    '/storage/v1/b/bucket/o/folder%2Fa%20file.txt?alt=media',
    '/storage/v1/b/bucket/o/100%25.txt',
    '/upload/storage/v1/b/b/o?uploadType=resumable&name=../../__admin',
    '/v1/customers/cus_1?expand[]=a//b',
    '/bucket//key',
    '/a.b/c..d/...e',
  ]) {
    t.false(refuses(path), path);
  }
});
