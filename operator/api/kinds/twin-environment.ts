import type { z } from 'zod';

import type { KindDefinition, TwinlockObject } from '../kind.ts';
import { columns, nameIsDnsLabel, resourceOf } from '../kind.ts';
import { twinEnvironmentSpec } from './twin-environment-spec.ts';
import { twinEnvironmentStatus } from './twin-environment-status.ts';

export type TwinEnvironmentSpec = z.output<typeof twinEnvironmentSpec>;
export type TwinEnvironmentStatus = z.output<typeof twinEnvironmentStatus>;
export type TwinEnvironment = TwinlockObject<'TwinEnvironment', TwinEnvironmentSpec, TwinEnvironmentStatus>;

export const twinEnvironmentKind = {
  kind: 'TwinEnvironment',
  plural: 'twinenvironments',
  shortNames: ['twinenv'],
  namespaced: true,
  description:
    'One environment: an app and stand-ins (twins) for the third-party services that it talks to, in a namespace of its own.',
  spec: twinEnvironmentSpec,
  status: twinEnvironmentStatus,
  alwaysObserved: true,
  columns: columns(
    [
      { name: 'Phase', type: 'string', jsonPath: '.status.phase', description: 'Summary.' },
      { name: 'URL', type: 'string', jsonPath: '.status.url', description: 'Where the environment is reached.' },
      { name: 'Expires', type: 'string', jsonPath: '.status.expiresAt', description: 'When it expires.', priority: 1 },
      {
        name: 'Namespace',
        type: 'string',
        jsonPath: '.status.namespace',
        description: 'Its own namespace.',
        priority: 1,
      },
    ],
    { ready: true },
  ),
  rules: [nameIsDnsLabel],
} as const satisfies KindDefinition;

export const TwinEnvironment = resourceOf<TwinEnvironment>(twinEnvironmentKind);
