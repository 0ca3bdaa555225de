# The clusters of the tests and the demo; included by the Makefile.
HARNESS := node test/harness/main.ts

.PHONY: cluster cluster-down kubeconfig
cluster: node_modules/.package-lock.json ## Start the full cluster (kind), or find the one that runs
	@$(HARNESS) up

cluster-down: node_modules/.package-lock.json ## Remove every cluster and all they left behind
	@$(HARNESS) down

kubeconfig: node_modules/.package-lock.json ## Print the path of the full cluster's kubeconfig
	@$(HARNESS) kubeconfig
