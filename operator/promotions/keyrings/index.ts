/** The ApproverKeyring controller: says in the keyring's own status which votes cannot count, and why. */
export { keyringReconciler, type KeyringReconcilerOptions } from './reconcile.ts';
