import { any, all } from './cel.ts';
import { refusal } from './denial.ts';
import { BOUNDARY_NAME } from './names.ts';
import { ENDPOINT_CONTROLLERS } from './lifecycle.ts';
import type { PolicyRule } from './policy.ts';
import { controllers, type Who } from './who.ts';

const byEndpointController = controllers(ENDPOINT_CONTROLLERS);

/**
 * The front door dials the Service of this name in whatever namespace a host names, so one that anybody could make would
 * open any namespace, production included, to whoever reaches the front door. Only environments have one.
 */
export function boundary(by: Who): PolicyRule {
  return {
    name: 'boundary',
    description: `Services and Endpoints named ${BOUNDARY_NAME} are written by the environments process only.`,
    match: [
      { groups: [''], resources: ['services', 'endpoints'], operations: ['CREATE', 'UPDATE'], names: [BOUNDARY_NAME] },
    ],
    validations: [
      {
        expression: any(by.environments, all("request.resource.resource == 'endpoints'", byEndpointController)),
        message: refusal("' is what the front door dials, and the environments process alone makes it'"),
      },
    ],
  };
}

/** The slices behind it: they have names of their own and belong to the Service by a label. */
export function boundarySlices(): PolicyRule {
  return {
    name: 'boundary-slices',
    description: `EndpointSlices of Services named ${BOUNDARY_NAME} are written by their controllers only.`,
    objects: { matchLabels: { 'kubernetes.io/service-name': BOUNDARY_NAME } },
    match: [{ groups: ['discovery.k8s.io'], resources: ['endpointslices'], operations: ['CREATE', 'UPDATE'] }],
    validations: [
      {
        expression: byEndpointController,
        message: refusal("' is what the front door dials, and its controller alone writes it'"),
      },
    ],
  };
}
