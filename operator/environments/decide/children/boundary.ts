import { canonicalJSON } from '../../../canonical/index.ts';
import { BOUNDARY_NAME, BOUNDARY_PORT } from '../../naming/index.ts';
import { containerSecurity, podDefaults, podSecurityOf, type PodSecurity } from '../resolve/index.ts';
import { boundaryConfig, HEALTH_PORT, type BoundaryInput } from './caddy.ts';
import { componentManifest, serviceManifest } from './components.ts';
import { componentLabels, pullSecretsOf, type Component, type Home } from './metadata.ts';
import type { PodTemplate } from '../../../workloads/index.ts';
import type { Container, Manifest } from './types.ts';

const CONFIG_ANNOTATION = 'twinlock.dev/boundary-config';
const boundary: Component = { name: BOUNDARY_NAME, role: 'boundary' };

/** Bytes of a configuration: all annotations of a pod have 256 KiB. */
const MAX_CONFIG = 224 * 1024;

/** The boundary's configuration as its pod carries it; undefined when it is more than a pod can carry. */
export function boundaryText(input: BoundaryInput): string | undefined {
  const text = canonicalJSON(boundaryConfig(input));
  return Buffer.byteLength(text) > MAX_CONFIG ? undefined : text;
}

/**
 * The proxy in front of an environment.
 *
 * Its configuration travels in an annotation of the pod template, which the pod reads through the downward API: a change
 * of it is a rollout by itself, and Twinlock needs no right on ConfigMaps.
 *
 * @param config as {@link boundaryText} gives it
 */
export function boundaryManifests(
  home: Home,
  config: string,
  image: string,
  podSecurity: PodSecurity,
): readonly Manifest[] {
  const container: Container = {
    name: 'caddy',
    image,
    command: ['caddy', 'run', '--config', '/etc/twinlock/caddy.json'],
    // Caddy wants places for its state, of which there is none here.
    env: ['XDG_CONFIG_HOME', 'XDG_DATA_HOME'].map((name) => ({ name, value: '/tmp' })),
    ports: [{ name: 'http', containerPort: BOUNDARY_PORT, protocol: 'TCP' }],
    readinessProbe: { httpGet: { path: '/', port: HEALTH_PORT, scheme: 'HTTP' }, periodSeconds: 2 },
    resources: { requests: { cpu: '5m', memory: '24Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
    securityContext: {
      ...containerSecurity,
      readOnlyRootFilesystem: true,
      // Caddy's own image has a file capability on the program; without it in the bounding set, exec fails.
      capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    },
    volumeMounts: [
      { name: 'config', mountPath: '/etc/twinlock', readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
  return [
    componentManifest<PodTemplate>(home, boundary, {
      replicas: 1,
      template: {
        metadata: {
          labels: componentLabels(home, boundary),
          annotations: { [CONFIG_ANNOTATION]: config },
        },
        spec: {
          ...podDefaults,
          ...pullSecretsOf(home),
          containers: [container],
          securityContext: { ...podSecurityOf(podSecurity), runAsUser: 65_532, runAsGroup: 65_532, runAsNonRoot: true },
          volumes: [
            {
              name: 'config',
              downwardAPI: {
                items: [
                  { path: 'caddy.json', fieldRef: { fieldPath: `metadata.annotations['${CONFIG_ANNOTATION}']` } },
                ],
              },
            },
            { name: 'tmp', emptyDir: { sizeLimit: '16Mi' } },
          ],
        },
      },
    }),
    serviceManifest(home, boundary, [{ name: 'http', port: BOUNDARY_PORT, protocol: 'HTTP' }]),
  ];
}
