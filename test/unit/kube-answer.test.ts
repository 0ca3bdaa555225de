import test from 'ava';
import { answerOf, ApiError, fieldsOf, type Status } from '../../operator/kube/index.ts';

const answered = (status: number, body: Status): ApiError =>
  new ApiError({ method: 'PATCH', path: '/api/v1/x', status, body });
const fields = ['spec.a', '', 'spec.b'].map((field) => ({ field, message: 'Invalid value: "hunter2"' }));

test('a refusal stands in the words of the API server', (t) => {
  const message = 'exceeded quota: mem, requested: 2Gi';
  t.is(answerOf(answered(403, { reason: 'Forbidden', message })), `PATCH /api/v1/x answered 403 Forbidden: ${message}`);
});

test('so does a server that cannot, and a policy or a webhook that says no, whatever it answers', (t) => {
  for (const [status, message] of [
    [500, 'failed calling webhook "guard": connection refused'],
    [422, "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: a team is needed"],
    [400, 'admission webhook "guard" denied the request: a team is needed'],
    [422, "policy 'p' with binding 'b' denied request: failed to configure policy: not found"],
  ] as const)
    t.true(answerOf(answered(status, { message })).endsWith(`: ${message}`), message);
});

test('of an object that breaks its schema only the fields are told: its values may be quoted', (t) => {
  const message = 'X "web" is invalid: spec.a: Invalid value: "hunter2"';
  for (const status of [422, 400]) {
    const error = answered(status, { reason: 'Invalid', message, details: { causes: fields } });
    t.is(answerOf(error), `PATCH /api/v1/x answered ${status} Invalid because of spec.a, spec.b`);
  }
  t.is(answerOf(answered(422, { message })), 'PATCH /api/v1/x answered 422');
});

test('a field of another type is one of them, though the answer is a 500', (t) => {
  const message =
    'failed to create typed patch object (shop/web; apps/v1, Kind=Deployment): .spec.replicas: expected numeric, got "hunter2"';
  t.deepEqual(fieldsOf(answered(500, { message })), ['.spec.replicas']);
  t.is(answerOf(answered(500, { message })), 'PATCH /api/v1/x answered 500 because of .spec.replicas');
});

test('an answer is short and fit for any terminal', (t) => {
  const answer = answerOf(answered(403, { message: '\u202e'.repeat(9000) }));
  t.regex(answer, /^[\x20-\x7e]+$/);
  t.true(answer.length < 1100);
});

test('as many fields as anybody reads', (t) => {
  const causes = Array.from({ length: 20 }, (_, index) => ({ field: `spec.f${index}` }));
  t.is(fieldsOf(answered(422, { details: { causes } })).length, 8);
});
