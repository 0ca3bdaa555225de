/** A bundler that splits code gives CommonJS packages their named exports only where they are imported statically. */
export { parse } from 'yaml';
