/** The TwinEnvironment controller. */
export { environmentManagerRole, environmentPeopleRoles, environmentSourceRole, environmentsRights } from './rights.ts';
