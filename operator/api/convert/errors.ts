/** A zod schema says something that a CRD cannot, or that would be lost on the way without a word. */
export class SchemaError extends Error {
  readonly code = 'SCHEMA_NOT_REPRESENTABLE';
  /** Where in the kind, e.g. `spec.workloads[].image`. */
  readonly path: string;

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = 'SchemaError';
    this.path = path;
  }
}
