{{- define "balance.name" -}}
{{- if contains "balance" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-balance" (.Release.Name | trunc 42 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "balance.secret" -}}
{{ default (printf "%s-admin" (include "balance.name" .)) .Values.admin.secretName }}
{{- end }}

{{- define "balance.selector" -}}
app.kubernetes.io/name: balance
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "balance.labels" -}}
{{ include "balance.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}
