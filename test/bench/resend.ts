import { setTimeout as pause } from 'node:timers/promises';
import type { AuditedRequest } from '../stage/audit.ts';
import type { Wire } from './stage.ts';

const METHODS: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};

/**
 * Sends once more what the operator sent, from a bare client: the same path and body, without the versions and uids that
 * bound it to the objects of the first time.
 *
 * @param change makes the body another one, where the same could not be taken twice
 * @returns `stale` when an update names a version that is no longer the last one: name the present one and send it again
 */
export async function resend(
  sender: Wire,
  request: AuditedRequest,
  change: (body: object) => object = (body) => body,
): Promise<'sent' | 'stale'> {
  const method = METHODS[request.verb];
  if (method === undefined) throw new Error(`a request of the verb ${request.verb} cannot be sent again`);
  const free = method === 'GET' ? undefined : unconditional(request.requestObject);
  const body = free === undefined ? undefined : change(free);
  const patch = Array.isArray(body)
    ? 'json-patch+json'
    : body !== undefined && 'apiVersion' in body
      ? 'apply-patch+yaml'
      : 'merge-patch+json';
  const type = method === 'PATCH' ? `application/${patch}` : 'application/json';
  for (let attempt = 0; attempt < 40; attempt++) {
    const { status, text } = await sender.send(method, request.requestURI, body, type);
    // What was absent or refused the first time is so now: a canary's pod is meant to be refused.
    if (status < 300 || status === request.responseStatus?.code) return 'sent';
    if (status === 409 && request.verb === 'update') return 'stale';
    // RBAC reaches the authorizer a moment after it is written, for the operator as for this loop.
    if (status !== 403) throw new Error(`${request.verb} ${request.requestURI}: ${status} ${text}`);
    await pause(5);
  }
  throw new Error(`${request.verb} ${request.requestURI}: still refused`);
}

const BINDS: ReadonlySet<unknown> = new Set(['/metadata/uid', '/metadata/resourceVersion']);

function unconditional(body: unknown): object | undefined {
  if (Array.isArray(body)) return body.filter(({ op, path }) => op !== 'test' || !BINDS.has(path));
  if (typeof body !== 'object' || body === null || !('metadata' in body)) return (body as object | null) ?? undefined;
  const { resourceVersion: _version, uid: _uid, ...metadata } = body.metadata as Readonly<Record<string, unknown>>;
  return { ...body, metadata };
}
