import test from 'ava';
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../harness/index.ts';
import { undoing } from '../harness/full/cleanup.ts';
import { buildImage } from '../harness/image/layout.ts';
import { entriesOf, tar } from '../harness/image/tar.ts';

const options = { entrypoint: ['/app'] };

test('an archive is read by tar(1): names, long names, modes, links, contents', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'twinlock-tar-'));
  t.teardown(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, 'inner'));
  await writeFile(join(folder, 'inner', 'program'), '#!', { mode: 0o700 });
  await symlink('program', join(folder, 'inner', 'alias'));
  const long = `/opt/${'a'.repeat(90)}/${'b'.repeat(90)}`;
  const archive = tar([
    ...(await entriesOf('/app', { from: join(folder, 'inner') })),
    ...(await entriesOf(long, { content: 'long' })),
  ]);
  const { stdout } = await run('tar', ['-tv', '--numeric-owner', '--full-time', '--utc', '-f', '-'], {
    input: archive,
  });
  const zero = '1970-01-01 00:00:00';
  t.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/ +/g, ' ')),
    [
      `drwxr-xr-x 0/0 0 ${zero} app/`,
      `lrwxr-xr-x 0/0 0 ${zero} app/alias -> program`,
      `-rwxr-xr-x 0/0 2 ${zero} app/program`,
      `drwxr-xr-x 0/0 0 ${zero} opt/`,
      `drwxr-xr-x 0/0 0 ${zero} opt/${'a'.repeat(90)}/`,
      `-rw-r--r-- 0/0 4 ${zero} ${long.slice(1)}`,
    ],
  );
  const content = await run('tar', ['-xO', '-f', '-', long.slice(1)], { input: archive });
  t.is(content.stdout, 'long');
});

test('equal files give an equal digest, whenever they were written and however they are listed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'twinlock-image-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'file');
  await writeFile(path, 'same');
  const first = await buildImage({ '/a': { from: path }, '/b': { content: 'b' } }, options);
  await utimes(path, 1, 1);
  const second = await buildImage({ '/b': { content: 'b' }, '/a': { from: path } }, options);
  t.is(first.digest, second.digest);
  await writeFile(path, 'other');
  t.not((await buildImage({ '/a': { from: path }, '/b': { content: 'b' } }, options)).digest, first.digest);
});

test('a large file is a layer of its own, shared by images that have it', async (t) => {
  const runtime = { content: 'x'.repeat(2 << 20) };
  const one = await buildImage({ '/runtime': runtime, '/app': { content: 'one' } }, options);
  const two = await buildImage({ '/runtime': runtime, '/app': { content: 'two' } }, options);
  const shared = one.blobs.filter(({ digest }) => two.blobs.some((blob) => blob.digest === digest));
  t.is(shared.length, 1);
  t.true((shared[0]?.data.length ?? 0) > 2 << 20);
});

test('only the chains of containers that are gone are removed, and every use before its chain', (t) => {
  const rules = [
    '-P FORWARD ACCEPT',
    '-N NETAVARK-HOSTPORT-DNAT',
    '-N SOMEBODY',
    '-A PREROUTING -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT',
    '-A PREROUTING -j SOMEBODY',
    '-A NETAVARK-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: twinlock id: 1" -j ACCEPT',
  ].join('\n');
  t.deepEqual(undoing(rules), [
    ['-D', 'PREROUTING', '-m', 'addrtype', '--dst-type', 'LOCAL', '-j', 'NETAVARK-HOSTPORT-DNAT'],
    [
      '-D',
      'NETAVARK-HOSTPORT-DNAT',
      '-p',
      'tcp',
      '-m',
      'comment',
      '--comment',
      'dnat name: twinlock id: 1',
      '-j',
      'ACCEPT',
    ],
    ['-X', 'NETAVARK-HOSTPORT-DNAT'],
  ]);
});
