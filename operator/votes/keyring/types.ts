/** One enrolled key as ApproverKeyring has it (design: api). Times are RFC 3339. */
export interface KeySpec {
  readonly publicKey: string;
  readonly notBefore?: string | undefined;
  readonly notAfter?: string | undefined;
  readonly revokedAt?: string | undefined;
  readonly reason?: string | undefined;
  readonly requireTouch?: boolean | undefined;
}

export interface PrincipalSpec {
  readonly name: string;
  readonly groups?: readonly string[] | undefined;
  readonly kubernetesUsers?: readonly string[] | undefined;
  readonly emails?: readonly string[] | undefined;
  readonly keys?: readonly KeySpec[] | undefined;
}

/** ApproverKeyring.spec, as far as votes need it. */
export interface KeyringSpec {
  readonly principals?: readonly PrincipalSpec[] | undefined;
}
