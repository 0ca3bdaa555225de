// The API server and the controllers of the oldest Kubernetes that is supported: the first argument chooses.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	components := map[string]func() *cobra.Command{
		"kube-apiserver":          apiserver.NewAPIServerCommand,
		"kube-controller-manager": controllers.NewControllerManagerCommand,
	}
	if len(os.Args) > 1 && components[os.Args[1]] != nil {
		os.Args = os.Args[1:]
		os.Exit(cli.Run(components[os.Args[0]]()))
	}
	fmt.Fprintln(os.Stderr, "usage: oldest kube-apiserver|kube-controller-manager [flags]")
	os.Exit(2)
}
