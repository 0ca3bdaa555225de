import { any, texts } from '../cel.ts';
import { refusal } from '../denial.ts';
import type { PolicyRule } from '../policy.ts';
import { may } from '../who.ts';

/** `nodes/proxy` reaches the kubelet, which runs commands in any pod: figures stay open, the rest does not. */
export function guardNodes(): PolicyRule {
  const open = ['/metrics', '/metrics/cadvisor', '/metrics/probes', '/metrics/resource', '/healthz', '/stats/summary'];
  return {
    name: 'guard-nodes',
    description: "The API server's proxy to kubelets gives figures only.",
    match: [{ groups: [''], resources: ['nodes/proxy'], operations: ['CONNECT'] }],
    validations: [
      {
        expression: any(`dyn(object).?path.orValue('') in ${texts(open)}`, may('unprotect', 'productiontargets')),
        message: refusal(
          "' runs commands in every pod through its proxy, which needs the verb unprotect on productiontargets'",
        ),
      },
    ],
  };
}
