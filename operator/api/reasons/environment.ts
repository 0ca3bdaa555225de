/**
 * Reasons in the conditions of a TwinEnvironment. Each is explained in docs/reasons.md; one that is not in this list does not
 * compile.
 */
export const environmentReasons = [
  // Of Ready, Reconciling and Stalled.
  'Ready',
  'Queued',
  'Suspended',
  'Expired',
  'Terminating',
  'NamespaceTaken',
  'NamespaceTerminating',
  'NotApplied',
  'WorkloadNotReady',
  'WorkloadFailed',
  // What the plan or the API server finds wrong with the spec.
  'ClassNotFound',
  'NoDefaultClass',
  'DefaultClassAmbiguous',
  'NamespaceNotAllowed',
  'ImageNotByDigest',
  'ImageNotAllowed',
  'TemplateInvalid',
  'TemplateFieldRefused',
  'TemplateTooLarge',
  'QuotaTooSmall',
  'ContainerNotFound',
  'NameClash',
  'NeedsInvalid',
  'BindingClash',
  'NoDummyKey',
  'VendorTwinNotFound',
  'VendorTwinVersionNotFound',
  'VendorTwinInvalid',
  'NoStatePath',
  'InvalidURL',
  'EgressNotAllowed',
  'ExposeNotHTTP',
  'BoundaryTooLarge',
  'HostTooLong',
  'CertificateRefused',
  'NoForwardAuth',
  'LiveKeyRefused',
  'CopyNotAllowed',
  'CopyNotPossible',
  'Forbidden',
  'Invalid',
  // Of Admitted.
  'Admitted',
  // Of TwinsReady.
  'TwinsReady',
  'NoServices',
  'TwinNotReady',
  'TwinFailed',
  // Of TwinsWired.
  'Verified',
  'NotVerified',
  'WiringDiffers',
  'ImageDiffers',
  // Of Isolated.
  'Enforced',
  'NotEnforced',
  // Of Exposed.
  'BoundaryReady',
  'BoundaryNotReady',
  'NotReached',
  'NoCertificate',
  'NoGatewayAPI',
  'RouteNotAccepted',
  'BoundaryFailed',
  'NoBoundary',
  // Of Awake, and of the others while it sleeps.
  'Awake',
  'Sleeping',
  'ScheduleUnreadable',
  // Of Expiring.
  'ExpiresSoon',
  'ReachesMax',
] as const;

export type EnvironmentReason = (typeof environmentReasons)[number];
