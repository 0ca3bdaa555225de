/** What an auditor does with an export: text and keys in, verdicts out. No Kubernetes. */
export type { Answer, Trust } from './end.ts';
export { readExport, writeExport, type Export } from './lines.ts';
export { verifyExport, type AuditVerdict, type ChainVerdict } from './verify.ts';
export { parseWitnesses } from './witnesses.ts';
