import { SEVERITIES, type Severity } from '../rules/rule.ts'

/** Where alerts go, and how long they are collected; what the guide writes is the default. */
export interface AlertmanagerOptions {
  readonly email?: {
    readonly to?: string
    readonly from?: string
    /** Mail server as `host:port`. */
    readonly smarthost?: string
    readonly requireTls?: boolean
    readonly username?: string
  }
  readonly slack?: { readonly channel?: string }
  /** Folder with the files that hold the secrets. */
  readonly secrets?: string
}

/** Which receivers hear of which severity, in the order in which they are asked. */
export const RECEIVERS: Readonly<Record<Severity, readonly string[]>> = {
  critical: ['pagerduty', 'slack', 'email'],
  warning: ['slack', 'email'],
  info: ['email'],
}

const SUBJECT =
  '[{{ .Status | toUpper }}{{ if eq .Status "firing" }}:{{ .Alerts.Firing | len }}{{ end }}] {{ .CommonLabels.severity }}: {{ .CommonLabels.alertname }} {{ .CommonLabels.job }}'

/** Each alert with its sentence and its links. */
const TEXT = `{{ range .Alerts }}*{{ .Annotations.summary }}*{{ if eq .Status "resolved" }} (resolved){{ end }}
{{ .Annotations.description }}
{{ with .Annotations.runbook_url }}Runbook: {{ . }}
{{ end }}{{ with .Annotations.dashboard_url }}Dashboard: {{ . }}
{{ end }}{{ end }}`

const HTML = `<h2>{{ .CommonLabels.alertname }}: {{ .Status }}</h2>
{{ range .Alerts }}<h3>{{ .Annotations.summary }}{{ if eq .Status "resolved" }} (resolved){{ end }}</h3>
<p>{{ .Annotations.description }}</p>
<p>Since {{ .StartsAt.Format "2006-01-02 15:04:05 MST" }}.
{{ with .Annotations.runbook_url }}{{ if match "^https?:" . }}<a href="{{ . }}">Runbook</a>{{ else }}Runbook: {{ . }}.{{ end }}{{ end }}
{{ with .Annotations.dashboard_url }}<a href="{{ . }}">Dashboard</a>{{ end }}
<a href="{{ .GeneratorURL }}">Query</a></p>
<table>{{ range .Labels.SortedPairs }}<tr><td>{{ .Name }}</td><td>{{ .Value }}</td></tr>{{ end }}</table>
{{ end }}`

/** The content of the Alertmanager's configuration; secrets are in files, since it reads no environment. */
export function buildAlertmanager(options: AlertmanagerOptions = {}): object {
  const { email = {}, secrets = '/etc/alertmanager/secrets', slack = {} } = options
  const secret = (name: string): string => `${secrets}/${name}`
  return {
    route: {
      receiver: 'email',
      group_by: ['alertname', 'job'],
      group_wait: '30s',
      group_interval: '5m',
      repeat_interval: '4h',
      routes: routes(),
    },
    inhibit_rules: [
      // A service that is down has one alert, whatever its last figures were.
      {
        source_matchers: ['alertname="McpServiceDown"'],
        target_matchers: ['alertname!="McpServiceDown"', 'severity=~".+"'],
        equal: ['job'],
      },
      {
        source_matchers: ['alertname="McpTargetDown"'],
        target_matchers: ['alertname!~"McpTargetDown|McpServiceDown"', 'severity=~".+"'],
        equal: ['job', 'instance'],
      },
      // What cannot be exported is lost in the end.
      {
        source_matchers: ['alertname="McpTelemetryExportFailing"'],
        target_matchers: ['alertname="McpTelemetryRecordsLost"'],
        equal: ['job', 'instance', 'signal'],
      },
      // What is urgent silences its slower twin.
      ...['McpErrorBudgetBurn', 'McpLatencyBudgetBurn'].map((name) => ({
        source_matchers: [`alertname="${name}Fast"`],
        target_matchers: [`alertname="${name}Slow"`],
        equal: ['job'],
      })),
    ],
    receivers: [
      {
        name: 'email',
        email_configs: [
          {
            to: email.to ?? 'team@example.com',
            from: email.from ?? 'alerts@example.com',
            smarthost: email.smarthost ?? 'smtp.example.com:587',
            require_tls: email.requireTls ?? true,
            ...(email.username === undefined
              ? {}
              : { auth_username: email.username, auth_password_file: secret('smtp-password') }),
            headers: { Subject: SUBJECT },
            html: HTML,
            send_resolved: true,
          },
        ],
      },
      {
        name: 'slack',
        slack_configs: [
          {
            channel: slack.channel ?? '#alerts',
            api_url_file: secret('slack-url'),
            title: SUBJECT,
            // A runbook without an address is a file of the pack, which the text names.
            title_link:
              '{{ $runbook := (index .Alerts 0).Annotations.runbook_url }}{{ if match "^https?:" $runbook }}{{ $runbook }}{{ else }}{{ template "slack.default.titlelink" . }}{{ end }}',
            text: TEXT,
            color:
              '{{ if eq .Status "resolved" }}good{{ else if eq .CommonLabels.severity "critical" }}danger{{ else }}warning{{ end }}',
            send_resolved: true,
          },
        ],
      },
      {
        name: 'pagerduty',
        pagerduty_configs: [
          {
            service_key_file: secret('pagerduty-key'),
            description:
              '{{ .CommonLabels.alertname }} {{ .CommonLabels.job }}: {{ (index .Alerts 0).Annotations.summary }}',
            details: {
              description: '{{ range .Alerts }}{{ .Annotations.description }}\n{{ end }}',
              runbook: '{{ (index .Alerts 0).Annotations.runbook_url }}',
              firing: '{{ .Alerts.Firing | len }}',
            },
            severity: '{{ .CommonLabels.severity }}',
            send_resolved: true,
          },
        ],
      },
    ],
  }
}

/** One route for each receiver, which goes on to the next; what has no severity goes to the first receiver. */
function routes(): object[] {
  const receivers = [...new Set(SEVERITIES.flatMap((severity) => RECEIVERS[severity]))]
  return receivers.map((receiver, index) => {
    const heard = SEVERITIES.filter((severity) => RECEIVERS[severity].includes(receiver))
    return {
      receiver,
      matchers: [`severity=~"${heard.join('|')}"`],
      ...(index < receivers.length - 1 ? { continue: true } : {}),
    }
  })
}
