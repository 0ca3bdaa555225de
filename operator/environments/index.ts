/** The TwinEnvironment controller. */
export { environmentManagerRole, environmentPeopleRoles, environmentsRights } from './rights.ts';
