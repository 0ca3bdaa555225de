/**
 * Bounds of a condition's texts, tighter than those of `metav1.Condition` (reason 1024, message 32768 characters). The
 * schemas of kinds are made of these; messages are fitted to them, and every reason of a union keeps to them (a test).
 */
export const conditionBounds = {
  reason: { max: 128, pattern: /^[A-Z][A-Za-z0-9]*$/ },
  message: { max: 8192 },
} as const;
