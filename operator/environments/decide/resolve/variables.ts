import { isKeyOnly, type WorkloadBinding } from './bindings.ts';

/** A variable of a container that a binding speaks about. */
export interface Variable {
  readonly workload: string;
  readonly container: string;
  readonly env: string;
  readonly value: string;
}

/** An entry of a container's `env`; anything but name and value stays as it was written. */
export interface EnvEntry {
  readonly name: string;
  readonly value?: string | undefined;
}

/**
 * A literal for `env[].value`: the kubelet reads `$(NAME)` as a reference and `$$` as `$`
 * (k8s.io/kubernetes/third_party/forked/golang/expansion), so every `$` is doubled.
 */
export function literal(value: string): string {
  return value.replaceAll('$', '$$$$');
}

/**
 * Whether a binding decides about its variable. A key is the exception: for Real and Disabled it stays what the workload
 * has, since only the base URL makes the vendor's SDK fall back to the vendor.
 */
export function governs(binding: WorkloadBinding): boolean {
  return binding.value !== undefined || !isKeyOnly(binding);
}

/**
 * `env` of a container with the bindings in it: variables of twins are set, those of Real and Disabled services taken
 * out. Twins' variables come first, so that the container's own values may refer to them.
 */
export function renderEnv<E extends EnvEntry>(
  own: readonly E[] | undefined,
  bindings: readonly WorkloadBinding[],
): readonly (E | EnvEntry)[] {
  const governed = new Set(bindings.filter(governs).map(({ env }) => env));
  const set = bindings.flatMap(({ env, value }) => (value === undefined ? [] : [{ name: env, value: literal(value) }]));
  return [...set, ...(own ?? []).filter(({ name }) => !governed.has(name))];
}

/** What {@link renderEnv} set, as it is compared with what runs and shown to people. */
export function renderedVariables(
  workload: string,
  containers: readonly string[],
  bindings: readonly WorkloadBinding[],
): readonly Variable[] {
  return containers.flatMap((container) =>
    bindings.flatMap(({ env, value }) => (value === undefined ? [] : [{ workload, container, env, value }])),
  );
}
