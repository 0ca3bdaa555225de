import { pino } from 'pino';
import type { DestinationStream, Logger as PinoLogger } from 'pino';
import { describeError } from './describe-error.ts';

export interface LoggerOptions {
  readonly level: string;
  /** Name of the process. */
  readonly name: string;
  /** Default: standard output. */
  readonly destination?: DestinationStream | undefined;
}

/** Fields whose values never reach a log, at the first three levels of what is logged. */
const secretFields = [
  'authorization',
  'cookie',
  'data',
  'key',
  'password',
  'privateKey',
  'secret',
  'stringData',
  'token',
  'env',
];

/** JSON lines with RFC 3339 times, level names, errors by their safe fields, and secrets blanked. */
export function createLogger({ level, name, destination }: LoggerOptions): PinoLogger {
  const paths = secretFields.flatMap((field) => [field, `*.${field}`, `*.*.${field}`]);
  const options = {
    level,
    base: { name },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string): object => ({ level: label }) },
    serializers: {
      err: (error: unknown): object => describeError(error),
      error: (error: unknown): object => describeError(error),
    },
    redact: { paths, censor: '[redacted]' },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
