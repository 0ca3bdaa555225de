// kstatus reads objects as JSON, one a line, and answers each with a line of JSON: what the kstatus library of Flux makes
// of it ({"status", "message"}), or {"error"} for what it cannot judge. Flux, `kubectl` plugins and Argo CD-like tools
// wait on this answer.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
)

type answer struct {
	Status  string `json:"status,omitempty"`
	Message string `json:"message,omitempty"`
	Error   string `json:"error,omitempty"`
}

// judge decodes as the API machinery does, so that integers stay integers: the library compares generations as int64.
func judge(line []byte) answer {
	object := &unstructured.Unstructured{}
	if err := utiljson.Unmarshal(line, &object.Object); err != nil {
		return answer{Error: err.Error()}
	}
	result, err := status.Compute(object)
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{Status: result.Status.String(), Message: result.Message}
}

func main() {
	in, out := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var line json.RawMessage
		if err := in.Decode(&line); err == io.EOF {
			return
		} else if err != nil {
			fmt.Fprintln(os.Stderr, "kstatus: stdin is no JSON:", err)
			os.Exit(1)
		}
		if err := out.Encode(judge(line)); err != nil {
			fmt.Fprintln(os.Stderr, "kstatus:", err)
			os.Exit(1)
		}
	}
}
