{{- define "claimgate.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- define "claimgate.selector" -}}
app.kubernetes.io/name: claimgate
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "claimgate.labels" -}}
{{ include "claimgate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "claimgate.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end }}

{{- define "claimgate.mappingConfigMap" -}}
{{- .Values.mapping.existingConfigMap | default (printf "%s-mapping" (include "claimgate.name" .)) -}}
{{- end }}

{{/* Nine tenths of limits.memory. The rest is for memory that Go's runtime does not count. */}}
{{- define "claimgate.memoryLimit" -}}
{{- $limit := .Values.resources.limits.memory -}}
{{- $mib := regexFind "^[0-9]+" $limit | int64 -}}
{{- if hasSuffix "Gi" $limit }}{{ $mib = mul $mib 1024 }}{{ end -}}
{{- printf "%dMiB" (div (mul $mib 9) 10) -}}
{{- end }}

{{/* One value of config.toml. JSON strings, and lists of them, are also valid TOML. */}}
{{- define "claimgate.value" -}}
{{- if or (kindIs "string" .) (kindIs "slice" .) -}}
{{ toJson . }}
{{- else if kindIs "bool" . -}}
{{ . }}
{{- else -}}
{{ int64 . }}
{{- end -}}
{{- end }}

{{- define "claimgate.keys" -}}
{{- range $key, $value := . }}
{{- if not (kindIs "map" $value) }}
{{ $key }} = {{ include "claimgate.value" $value }}
{{- end }}
{{- end }}
{{- end }}

{{- define "claimgate.config" -}}
{{- $config := .Values.config -}}
[server]
listen = ":8080"
caller_tokens_file = "/etc/claimgate/callers/tokens"
shutdown_grace = "{{ .Values.shutdown.graceSeconds }}s"
drain_delay = "{{ .Values.shutdown.drainSeconds }}s"
{{- if .Values.tls.existingSecret }}
tls_cert = "/etc/claimgate/tls/tls.crt"
tls_key = "/etc/claimgate/tls/tls.key"
{{- if .Values.tls.clientCA }}
client_ca = "/etc/claimgate/tls/ca.crt"
{{- end }}
{{- end }}
{{- include "claimgate.keys" ($config.server | default dict) }}

[admin]
listen = {{ ternary ":8081" "127.0.0.1:8081" .Values.metrics.enabled | quote }}

[mapping]
file = "/etc/claimgate/mapping/mapping.toml"
{{- range $section := list "evidence" "owner" "cache" "audit" "log" }}
{{- with index $config $section }}

[{{ $section }}]
{{- include "claimgate.keys" . }}
{{- end }}
{{- end }}
{{- with $config.revocation }}

[revocation]
{{- include "claimgate.keys" . }}
{{- if $.Values.revocation.passwordSecret }}
password_file = "/etc/claimgate/revocation/password"
{{- end }}
{{- if $.Values.revocation.caConfigMap }}
ca_file = "/etc/claimgate/revocation-ca/ca.crt"
{{- end }}
{{- end }}
{{- range $i, $issuer := $config.issuer }}

[[issuer]]
snapshot_file = "/var/lib/claimgate/keys-{{ $i }}.json"
{{- if $.Values.issuerCA.existingConfigMap }}
ca_file = "/etc/claimgate/issuer-ca/ca.crt"
{{- end }}
{{- include "claimgate.keys" $issuer }}
{{- with $issuer.introspection }}

[issuer.introspection]
client_secret_file = {{ printf "/etc/claimgate/introspection/%s" ($issuer.name | default "authentik") | quote }}
{{- include "claimgate.keys" . }}
{{- end }}
{{- end }}
{{ end }}

{{/* Checks that the schema cannot express. */}}
{{- define "claimgate.check" -}}
{{- if not .Values.config.issuer -}}
{{- fail "config.issuer: name at least one issuer, with url and audiences" -}}
{{- end -}}
{{- if not .Values.callerTokens.existingSecret -}}
{{- fail "callerTokens.existingSecret: name the Secret with the caller tokens; make one with: kubectl create secret generic claimgate-callers --from-literal=caller-tokens=\"Bearer $(openssl rand -hex 32)\"" -}}
{{- end -}}
{{- if and (not .Values.mapping.existingConfigMap) (not (hasKey .Values.mapping.files "mapping.toml")) -}}
{{- fail "mapping: name mapping.existingConfigMap, or give the file with --set-file 'mapping.files.mapping\\.toml=mapping.toml'" -}}
{{- end -}}
{{- $store := (.Values.config.revocation | default dict).store | default "memory" -}}
{{- if and (eq $store "memory") (gt (int .Values.replicaCount) 1) (not .Values.revocation.perReplica) -}}
{{- fail "config.revocation.store: with more than one replica a logout reaches only one of them; set a redis(s):// store, or accept this with revocation.perReplica=true" -}}
{{- end -}}
{{- if and .Values.tls.clientCA (not .Values.tls.existingSecret) -}}
{{- fail "tls.clientCA: needs tls.existingSecret" -}}
{{- end -}}
{{- if gt (mul 2 (int .Values.shutdown.drainSeconds)) (int .Values.shutdown.graceSeconds) -}}
{{- fail "shutdown.drainSeconds: at most half of shutdown.graceSeconds, the rest is for running requests" -}}
{{- end -}}
{{- range .Values.config.issuer -}}
{{- if and .introspection (not $.Values.introspection.existingSecret) -}}
{{- fail "introspection.existingSecret: name the Secret that holds the client's secret under the issuer's name" -}}
{{- end -}}
{{- end -}}
{{- end }}
