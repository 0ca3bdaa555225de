const rbac = 'rbac.authorization.k8s.io';
const role = (name: string, rules: readonly object[]): object => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRole',
  metadata: { name },
  rules,
});
const bind = (roleName: string, subject: object): object => ({
  apiVersion: `${rbac}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name: `${roleName}-${(subject as { readonly name: string }).name}` },
  roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: roleName },
  subjects: [subject],
});
const user = (name: string): object => ({ apiGroup: rbac, kind: 'User', name });
const own = (resources: readonly string[], verbs: readonly string[]): object => ({
  apiGroups: ['twinlock.dev'],
  resources,
  verbs,
});
const every = (apiGroups: readonly string[]): object => ({ apiGroups, resources: ['*'], verbs: ['*'] });

/** RBAC of the attackers and of the operator: what the chart grants, and no more than a test needs. */
export function roles(systemNamespace: string): readonly object[] {
  const account = (name: string): object => ({ kind: 'ServiceAccount', name, namespace: systemNamespace });
  const write = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: systemNamespace } },
    ...['twinlock-promotions', 'twinlock-environments'].map((name) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name, namespace: systemNamespace },
    })),
    role('test-developer', [own(['promotions', 'twinenvironments'], write)]),
    role('test-oncall', [own(['productiontargets'], ['rollback'])]),
    role('test-approver', [own(['promotions'], ['get', 'update', 'patch', 'approve'])]),
    // Beyond `edit`: what a careless platform grants an agent, so that only admission is left in the way.
    role('test-careless', [
      own(['*'], write),
      { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
      { apiGroups: [''], resources: ['serviceaccounts'], verbs: ['impersonate'] },
    ]),
    role('test-wildcard', [
      every([
        '',
        'apps',
        'batch',
        'discovery.k8s.io',
        'apiextensions.k8s.io',
        'apiregistration.k8s.io',
        'autoscaling',
        'policy',
      ]),
      own(['*'], write),
    ]),
    bind('test-careless', user('wildcard')),
    bind('test-wildcard', user('system:kube-controller-manager')),
    bind('edit', user('agent')),
    bind('test-developer', user('agent')),
    bind('test-careless', user('agent')),
    bind('edit', user('oncall')),
    bind('test-oncall', user('oncall')),
    bind('test-approver', user('approver')),
    bind('test-wildcard', user('wildcard')),
    bind('cluster-admin', account('twinlock-promotions')),
    bind('cluster-admin', account('twinlock-environments')),
  ];
}
