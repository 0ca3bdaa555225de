/** The TwinEnvironment controller and its process. */
export { startEnvironments, type EnvironmentsOverrides } from './process.ts';
export { environmentManagerRole, environmentsRights } from './rights.ts';
