import {
  serviceNamespace,
  type Frozen,
  type TwinClass,
  type TwinClassSpec,
  type TwinEnvironment,
} from '../../../api/index.ts';
import type { ForwardAuth } from '../children/index.ts';
import { problem, type Problem } from '../resolve/index.ts';
import type { Egress } from './egress.ts';

type Auth = Frozen<NonNullable<TwinClassSpec['exposure']['auth']>>;

/** Whom the boundary asks who people are, and where that is for its NetworkPolicy. */
export interface PlannedForward extends ForwardAuth {
  readonly egress: readonly Egress[];
}

/** What an environment with `auth: Forward` has of its class, or why it cannot have it; undefined where it asks for none. */
export function forwardOf(
  { spec }: Pick<TwinEnvironment, 'spec'>,
  twinClass: Pick<TwinClass, 'metadata' | 'spec'>,
): PlannedForward | Problem | undefined {
  if (spec.boundary.auth !== 'Forward') return undefined;
  const { auth } = twinClass.spec.exposure;
  if (auth === undefined) {
    return problem(
      'NoForwardAuth',
      `boundary.auth is Forward, and TwinClass ${twinClass.metadata.name} names nobody to ask who people are; write auth: Token, or have the platform write exposure.auth there`,
    );
  }
  const url = URL.parse(auth.forwardURL);
  if (url === null) {
    return problem(
      'InvalidURL',
      `exposure.auth.forwardURL of TwinClass ${twinClass.metadata.name}, ${auth.forwardURL}, is no URL; have the platform write one such as http://oauth2-proxy.auth.svc:4180/`,
    );
  }
  const { identityHeaders = [], cookies = [], headers = [] } = auth;
  return { url, identityHeaders, cookies, headers, egress: egressOf(auth) };
}

function egressOf({ egress, forwardURL }: Auth): readonly Egress[] {
  const namespace = serviceNamespace(forwardURL);
  return egress ?? (namespace === undefined ? [] : [{ namespace }]);
}
