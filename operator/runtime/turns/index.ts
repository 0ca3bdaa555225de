export { takeTurns, type Decided, type Turns } from './turns.ts';
