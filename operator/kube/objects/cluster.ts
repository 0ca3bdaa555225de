import type {
  EventsV1Event,
  V1CustomResourceDefinition,
  V1Lease,
  V1MutatingAdmissionPolicy,
  V1MutatingAdmissionPolicyBinding,
  V1MutatingWebhookConfiguration,
  V1ValidatingAdmissionPolicy,
  V1ValidatingAdmissionPolicyBinding,
} from '@kubernetes/client-node';
import { resourceType } from './resource-type.ts';
import type { ObjectFrom } from './wire.ts';

export type Lease = ObjectFrom<V1Lease>;
export const Lease = resourceType<Lease>({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
});

export type KubeEvent = ObjectFrom<EventsV1Event>;
export const KubeEvent = resourceType<KubeEvent>({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
});

export type ValidatingAdmissionPolicy = ObjectFrom<V1ValidatingAdmissionPolicy>;
export const ValidatingAdmissionPolicy = resourceType<ValidatingAdmissionPolicy>({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  namespaced: false,
});

export type ValidatingAdmissionPolicyBinding = ObjectFrom<V1ValidatingAdmissionPolicyBinding>;
export const ValidatingAdmissionPolicyBinding = resourceType<ValidatingAdmissionPolicyBinding>({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  namespaced: false,
});

export type MutatingAdmissionPolicy = ObjectFrom<V1MutatingAdmissionPolicy>;
export const MutatingAdmissionPolicy = resourceType<MutatingAdmissionPolicy>({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  namespaced: false,
});

export type MutatingAdmissionPolicyBinding = ObjectFrom<V1MutatingAdmissionPolicyBinding>;
export const MutatingAdmissionPolicyBinding = resourceType<MutatingAdmissionPolicyBinding>({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  namespaced: false,
});

export type MutatingWebhookConfiguration = ObjectFrom<V1MutatingWebhookConfiguration>;
export const MutatingWebhookConfiguration = resourceType<MutatingWebhookConfiguration>({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'MutatingWebhookConfiguration',
  plural: 'mutatingwebhookconfigurations',
  namespaced: false,
});

export type CustomResourceDefinition = ObjectFrom<V1CustomResourceDefinition>;
export const CustomResourceDefinition = resourceType<CustomResourceDefinition>({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
});
