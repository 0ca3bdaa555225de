/** The TwinEnvironment controller: gather, plan, apply, one status. */
export { environmentController, type ControllerDependencies } from './controller.ts';
