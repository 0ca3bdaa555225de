export { Transport } from './transport.ts';
export type { Outgoing, RequestReport, TransportOptions } from './transport.ts';
export type { AgentOptions } from './agents.ts';
