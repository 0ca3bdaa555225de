/** One entry of `Status.details.causes`: which field, and why. */
export interface StatusCause {
  readonly reason?: string | undefined;
  readonly field?: string | undefined;
  readonly message?: string | undefined;
}

/** `metav1.Status`, as a failed request or an ERROR event of a watch carries it. */
export interface Status {
  readonly message?: string | undefined;
  readonly reason?: string | undefined;
  readonly code?: number | undefined;
  readonly details?:
    | {
        readonly name?: string | undefined;
        readonly causes?: readonly StatusCause[] | undefined;
        readonly retryAfterSeconds?: number | undefined;
      }
    | undefined;
}

export interface ApiErrorOptions {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body?: Status | undefined;
  /** Milliseconds, from the Retry-After header. */
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** The API server answered, and the answer is no. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code = 'KUBE_API';
  readonly method: string;
  readonly path: string;
  /** HTTP status. */
  readonly status: number;
  /** `Status.reason`, such as `NotFound` or `Conflict`; `''` when the body was no Status. */
  readonly reason: string;
  readonly causes: readonly StatusCause[];
  /** The object that the answer is about; undefined when it is about a type or the whole server. */
  readonly objectName: string | undefined;
  /** Milliseconds that the server asked to wait; undefined when it did not say. */
  readonly retryAfter: number | undefined;

  constructor(options: ApiErrorOptions) {
    const { method, path, status, body } = options;
    const secret = namesSecret(path);
    const detail = secret || body?.message === undefined ? undefined : withoutEnvValues(body.message);
    const reason = body?.reason ?? '';
    super(
      `${method} ${path} answered ${status}${reason === '' ? '' : ` ${reason}`}${detail === undefined ? '' : `: ${detail}`}`,
      {
        cause: options.cause,
      },
    );
    this.method = method;
    this.path = path;
    this.status = status;
    this.reason = reason;
    const causes = body?.details?.causes ?? [];
    this.causes = causes.map(({ reason: why, field, message }) => ({
      reason: why,
      field,
      ...(secret || message === undefined ? {} : { message: withoutEnvValues(message) }),
    }));
    this.objectName = body?.details?.name;
    const seconds = body?.details?.retryAfterSeconds;
    this.retryAfter = options.retryAfter ?? (seconds === undefined || seconds <= 0 ? undefined : seconds * 1000);
  }
}

/** Messages about a Secret can quote what is in it. */
function namesSecret(path: string): boolean {
  return /\/secrets(\/|$|\?)/.test(path);
}

/**
 * An API server quotes what it refuses, a whole pod template too: as Go prints it, as JSON, or as JSON in quotes. The values
 * of its environment variables reach no log, event or status.
 */
const VARIABLES = [
  [/(EnvVar\{Name:"(?:[^"\\]|\\.)*", Value:)"(?:[^"\\]|\\.)*"/g, '$1"(masked)"'],
  [/("name":"(?:[^"\\]|\\.)*","value":)"(?:[^"\\]|\\.)*"/g, '$1"(masked)"'],
  [
    /(\\"name\\":\\"(?:[^"\\]|\\\\(?:\\.|[^\\"])|\\[^"\\])*\\",\\"value\\":)\\"(?:[^"\\]|\\\\(?:\\.|[^\\"])|\\[^"\\])*\\"/g,
    '$1\\"(masked)\\"',
  ],
] as const;

function withoutEnvValues(message: string): string {
  return VARIABLES.reduce((text, [variable, masked]) => text.replace(variable, masked), message);
}

/** No answer: the connection failed, timed out or was cut, or what came back was not the protocol. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code = 'KUBE_TRANSPORT';
  readonly method: string;
  readonly path: string;

  constructor(method: string, path: string, problem: string, cause?: unknown) {
    super(`${method} ${path}: ${problem}`, { cause });
    this.method = method;
    this.path = path;
  }
}

/** The connection to a cluster cannot be configured; the message says what to set. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'KUBE_CONFIG';

  constructor(message: string, cause?: unknown) {
    super(message, { cause });
  }
}

const hasReason = (error: unknown, reason: string): error is ApiError =>
  error instanceof ApiError && error.reason === reason;

/** 404: the object (or its type) does not exist. */
export const isNotFound = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 404;
/** 409 Conflict: the object changed since it was read, or another field manager owns the field. */
export const isConflict = (error: unknown): error is ApiError => hasReason(error, 'Conflict');
/** 409 AlreadyExists: an object of that name exists. */
export const isAlreadyExists = (error: unknown): error is ApiError => hasReason(error, 'AlreadyExists');
/** 403: RBAC or an admission policy said no. */
export const isForbidden = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 403;
/** 422: the object breaks its schema, or an admission policy with reason Invalid said no. */
export const isInvalid = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 422;
/** 410: the resource version or the continue token is too old. */
export const isGone = (error: unknown): error is ApiError =>
  error instanceof ApiError && (error.status === 410 || error.reason === 'Expired' || error.reason === 'Gone');
/**
 * A no for want of knowledge: an API server that was just started does not know the kind yet that an admission policy
 * reads its parameters from, and answers 422 (k8s.io/apiserver/pkg/admission/plugin/policy, failurePolicy Fail).
 */
export const isPolicyUnready = (error: unknown): boolean =>
  error instanceof ApiError && error.message.includes('denied request: failed to configure policy');
/** 5xx, 429, a policy that is not ready, or no answer at all: trying again later can help. */
export const isTransient = (error: unknown): boolean =>
  error instanceof TransportError ||
  (error instanceof ApiError && (error.status >= 500 || error.status === 429)) ||
  isPolicyUnready(error);
