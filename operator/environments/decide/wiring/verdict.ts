import type { PlannedWorkload } from '../plan/terms.ts';
import { governs, literal, type ResolvedService, type Variable, type WorkloadBinding } from '../resolve/index.ts';
import { sameURL, showURL, type Report, type ReportedService } from './report.ts';
import { keptValue, runningValue, type LiveContainer, type LivePod } from './running.ts';

/** What is known about one service's wiring, from the binding to the app's own words. */
export interface ServiceWiring {
  readonly service: string;
  readonly rendered: readonly Variable[];
  readonly running: readonly Variable[];
  readonly reported: ReportedService | undefined;
  /** All that is missing is what apps say, of which this process has asked none yet. */
  readonly onlyUnheard: boolean;
  /** True: all that exist agree. False: something differs. Unknown: something could not be seen (yet). */
  readonly verdict: 'True' | 'False' | 'Unknown';
  /** What differs or is missing; undefined when the verdict is True. */
  readonly reason: string | undefined;
}

/** A workload with its live pods and its report. */
export interface ObservedWorkload {
  readonly plan: PlannedWorkload;
  readonly pods: readonly LivePod[];
  /** Undefined when the workload has no servicesEndpoint. */
  readonly report: Report | undefined;
  /** It ran to its end, and its pods are gone: what was to be seen of it was seen. */
  readonly over?: boolean | undefined;
}

interface Finding {
  readonly verdict: 'False' | 'Unknown';
  readonly reason: string;
  /** An app has not been asked since this process started. */
  readonly unheard?: boolean | undefined;
}

/**
 * Whether the app really talks to the twin: what was rendered, what the live Ready pods have and what the app reports
 * have to be the same. For Real and Disabled services the variables have to be unset.
 */
export function wiringOf(service: ResolvedService, workloads: readonly ObservedWorkload[]): ServiceWiring {
  const name = service.name;
  const rendered = workloads.flatMap(({ plan }) =>
    plan.variables.filter(({ env }) => plan.bindings.some((each) => each.env === env && each.service === name)),
  );
  const looked = workloads.map((workload) => look(service, workload));
  const findings = looked.flatMap((each) => each.findings);
  if (service.mode === 'Twin' && rendered.length === 0) {
    findings.push(unknown('no workload has a variable for it; add bindings to the workload or to the VendorTwin'));
  }
  const worst = findings.find(({ verdict }) => verdict === 'False') ?? findings[0];
  return {
    service: name,
    rendered,
    running: distinct(looked.flatMap((each) => each.running)),
    reported: looked.find((each) => each.reported !== undefined)?.reported,
    onlyUnheard: findings.length > 0 && findings.every((each) => each.unheard === true),
    verdict: worst?.verdict ?? 'True',
    reason: worst?.reason,
  };
}

interface Look {
  readonly running: readonly Variable[];
  readonly reported: ReportedService | undefined;
  readonly findings: Finding[];
}

function look(service: ResolvedService, { plan, pods, report, over }: ObservedWorkload): Look {
  const bindings = plan.bindings.filter((each) => each.service === service.name && governs(each));
  if (bindings.length === 0) return { running: [], reported: undefined, findings: [] };
  const ready = pods.filter((pod) => pod.ready);
  const findings: Finding[] =
    ready.length === 0 && over !== true
      ? [unknown(`workload ${plan.name} has no Ready pod that could be looked at`)]
      : [];
  const running: Variable[] = [];
  const names = new Set(
    [...(plan.template.spec.initContainers ?? []), ...plan.template.spec.containers].map((each) => each.name),
  );
  for (const pod of ready) {
    // Containers that somebody injected have no binding; those of the template that are missing cannot be checked.
    const containers = pod.containers.filter((container) => names.has(container.name));
    if (containers.length < names.size) {
      findings.push(differs(`pod ${pod.name} does not have the containers of workload ${plan.name}`));
    }
    for (const container of containers) {
      for (const binding of bindings) {
        const { env, value } = binding;
        const found = runningValue(container, env);
        const shown = showRunning(found, binding);
        if (shown !== undefined) running.push({ workload: plan.name, container: container.name, env, value: shown });
        findings.push(...compare(pod, container, env, value, found));
      }
    }
  }
  const { reported, findings: words } = compareReport(service, plan, report);
  return { running, reported, findings: [...findings, ...words] };
}

function compare(
  pod: LivePod,
  container: LiveContainer,
  env: string,
  expected: string | undefined,
  found: { readonly value?: string | undefined; readonly valueFrom?: unknown } | undefined,
): readonly Finding[] {
  const place = `${env} in container ${container.name} of pod ${pod.name}`;
  if (expected === undefined) {
    if (found !== undefined) return [differs(`${place} is set, and should not be`)];
    return container.envFrom
      ? [
          unknown(
            `${place} may come from a ConfigMap or Secret (envFrom) or is one of too many, which cannot be seen; name variables one by one, and fewer of them`,
          ),
        ]
      : [];
  }
  if (found === undefined) return [differs(`${place} is not set`)];
  if (found.valueFrom !== undefined) return [differs(`${place} comes from a reference, not from the binding`)];
  return found.value === keptValue(literal(expected)) ? [] : [differs(`${place} is not what was rendered`)];
}

/** Only what was rendered is shown as it is; of anything else at most where it leads, since it may be a secret. */
function showRunning(
  found: { readonly value?: string | undefined; readonly valueFrom?: unknown } | undefined,
  { written, value: expected }: WorkloadBinding,
): string | undefined {
  if (found === undefined) return undefined;
  if (found.valueFrom !== undefined) return '(from a reference)';
  const value = found.value ?? '';
  if (expected !== undefined && value === keptValue(literal(expected))) return expected;
  return written.startsWith('{url}') ? showURL(value) : '(another value)';
}

function compareReport(
  service: ResolvedService,
  plan: PlannedWorkload,
  report: Report | undefined,
): { readonly reported: ReportedService | undefined; readonly findings: readonly Finding[] } {
  const none = { reported: undefined, findings: [] };
  if (report === undefined) return none;
  if ('pending' in report || 'asBefore' in report) {
    const finding = unknown(`workload ${plan.name} has not been asked for its report yet`);
    return { ...none, findings: [{ ...finding, unheard: 'asBefore' in report }] };
  }
  if ('failure' in report) return { ...none, findings: [unknown(`workload ${plan.name}: ${report.failure}`)] };
  const entry = report.services.get(service.name);
  if (entry === undefined) {
    // A service that is not in use need not be reported.
    return service.mode === 'Twin'
      ? { ...none, findings: [differs(`workload ${plan.name} does not report it`)] }
      : none;
  }
  const reported = {
    mode: entry.mode === undefined ? undefined : knownMode(entry.mode),
    url: entry.url === undefined ? undefined : showURL(entry.url),
  };
  const findings: Finding[] = [];
  if (entry.mode !== undefined && entry.mode.toLowerCase() !== service.mode.toLowerCase()) {
    findings.push(differs(`workload ${plan.name} reports another mode: ${reported.mode}`));
  }
  const { endpoint } = service;
  if (endpoint !== undefined && (entry.url === undefined || !sameURL(entry.url, endpoint.url))) {
    findings.push(differs(`workload ${plan.name} reports another URL: ${reported.url ?? 'none'}`));
  }
  return { reported, findings };
}

function knownMode(mode: string): string {
  const known = ['Twin', 'Real', 'Disabled'].find((each) => each.toLowerCase() === mode.toLowerCase());
  return known ?? '(unknown)';
}

function distinct(variables: readonly Variable[]): readonly Variable[] {
  const seen = new Map(variables.map((each) => [JSON.stringify(Object.values(each)), each]));
  return [...seen.values()];
}

function differs(reason: string): Finding {
  return { verdict: 'False', reason };
}

function unknown(reason: string): Finding {
  return { verdict: 'Unknown', reason };
}
