export { describeError } from './describe-error.ts';
export type { DescribedError } from './describe-error.ts';
export { createLogger } from './logger.ts';
export type { LoggerOptions } from './logger.ts';
