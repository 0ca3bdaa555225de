/** What a client does where Kubernetes does not write who asks for a Promotion (before 1.36). */
import { hasMutatingPolicies, type Answer, type Cluster, type RequestOptions } from '../harness/index.ts';
import { messageOf } from './objects.ts';
import type { Json } from './stage.ts';

const LINE = /write under metadata\.annotations the line (\S+): "([^"]+)"/;

/** Sends a request; one that is refused for the want of its requester is sent again with the line that the refusal prints. */
export async function request(
  cluster: Cluster,
  method: string,
  path: string,
  options: RequestOptions,
): Promise<Answer> {
  const answer = await cluster.request(method, path, options);
  const { body } = options;
  if (hasMutatingPolicies || method !== 'POST' || answer.status !== 403 || !isObject(body)) return answer;
  const [, name, user] = LINE.exec(messageOf(answer)) ?? [];
  if (name === undefined) return answer;
  const metadata = isObject(body['metadata']) ? body['metadata'] : {};
  const annotations = isObject(metadata['annotations']) ? metadata['annotations'] : {};
  const asked = { ...body, metadata: { ...metadata, annotations: { ...annotations, [name]: user } } };
  return cluster.request(method, path, { ...options, body: asked });
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}
