/** What of a record may stand in a log, and what of an API server's refusal. */
import test from 'ava';
import { digestOfBytes } from '../../operator/canonical/index.ts';
import { ApiError } from '../../operator/kube/index.ts';
import { maskedRecord, sealRecord, type RecordEntry } from '../../operator/records/index.ts';
import { targetRef } from './promotion-world.ts';

const time = '2026-11-21T10:00:00Z';
const adopted = (spec: Record<string, unknown>): RecordEntry => ({
  type: 'Adopted',
  time,
  currentSpecs: [{ kind: 'Deployment', name: 'web', digest: digestOfBytes('web'), spec }],
});
const template = (container: object, annotations = {}): Record<string, unknown> => ({
  template: { metadata: { annotations }, spec: { initContainers: [container], containers: [container] } },
});
const logged = (entry: RecordEntry): ReturnType<typeof maskedRecord> => maskedRecord(sealRecord(targetRef, [], entry));

test('values of literal variables are masked wherever they stand, their names and everything else stay', (t) => {
  const env = [
    { name: 'MODE', value: 'hunter2' },
    { name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'shop', key: 'password' } } },
    'hunter2',
  ];
  const applied = JSON.stringify({ spec: { containers: [{ env: [{ name: 'MODE', value: 'hunter2' }] }] } });
  const { record, masked } = logged(adopted(template({ name: 'web', image: 'a', env }, { applied, team: 'b' })));
  const text = JSON.stringify(record);
  t.true(masked);
  t.false(text.includes('hunter2'));
  for (const stays of ['MODE', '"valueFrom":{"secretKeyRef":{"name":"shop","key":"password"}}', '"team":"b"'])
    t.true(text.includes(stays), stays);
  t.true(text.includes(digestOfBytes('web')));
});

test('a record that holds no such value is logged as it is', (t) => {
  const record = sealRecord(targetRef, [], adopted(template({ name: 'web', image: 'a', env: [] })));
  t.deepEqual(maskedRecord(record), { record });
  const statements = { approve: '{"path":"image"}\n', reject: '{}\n' };
  const round = sealRecord(targetRef, [], { type: 'Round', time, statements });
  t.deepEqual(maskedRecord(round), { record: round });
});

test('a statement that shows a value is logged as the digest of its bytes', (t) => {
  const approve = '{"changes":[{"path":"spec.containers[name=web].env[name=MODE].value","to":"hunter2"}]}\n';
  const { record, masked } = logged({ type: 'Round', time, statements: { approve, reject: '{}\n' } });
  t.true(masked);
  t.like(record, { statements: { approve: digestOfBytes(approve), reject: '{}\n' } });
});

test('what an API server quotes of a refused template has no values of variables', (t) => {
  const quoted = [
    'core.PodSpec{Env:[]core.EnvVar{core.EnvVar{Name:"A", Value:"hunter2 \\"x", ValueFrom:nil}}}',
    '{"env":[{"name":"A","value":"hunter2 \\"x"},{"name":"B","value":"hunter2"}]}',
    JSON.stringify('{"env":[{"name":"A","value":"hunter2 \\"x \\n \\\\"},{"name":"B","value":"hunter2"}]}'),
  ];
  for (const what of quoted) {
    const message = `spec.template: Invalid value: ${what}: field is immutable`;
    const body = { message, details: { causes: [{ field: 'spec.template', message }] } };
    const error = new ApiError({ method: 'PUT', path: '/x', status: 422, body });
    for (const text of [error.message, error.causes[0]?.message ?? '']) {
      t.false(text.includes('hunter2'), text);
      t.regex(text, /Invalid value.*\(masked\).*: field is immutable/);
    }
  }
  const plain = new ApiError({ method: 'PUT', path: '/x', status: 422, body: { message: 'Invalid value: "-1": no' } });
  t.regex(plain.message, /"-1"/);
});
