{{- /* The policies name the operator's accounts by namespace: any other one would leave production without a writer. */ -}}
{{- define "twinlock.namespace" -}}
{{- if ne .Release.Namespace "twinlock-system" -}}
{{- fail "install Twinlock into the namespace twinlock-system: helm install twinlock charts/twinlock --namespace twinlock-system" -}}
{{- end -}}
twinlock-system
{{- end -}}

{{- define "twinlock.labels" -}}
app.kubernetes.io/part-of: twinlock
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "twinlock.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "twinlock.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}
