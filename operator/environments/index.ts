/** The TwinEnvironment controller. */
export { environmentManagerRole, environmentsRights } from './rights.ts';
