import type { RuleFile } from '../rules/build-rules.ts'

const LABELS = { 'app.kubernetes.io/name': 'mcp', 'app.kubernetes.io/part-of': 'mcp-otel' }

/** The pack for the Prometheus Operator, and dashboards where Grafana's sidecar finds them. */
export function kubernetesFiles(
  rules: RuleFile,
  dashboards: Readonly<Record<string, string>>,
): Record<string, unknown> {
  return {
    'kubernetes/prometheus-rule.yaml': {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'mcp', labels: LABELS },
      spec: rules,
    },
    'kubernetes/service-monitor.yaml': {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'ServiceMonitor',
      metadata: { name: 'mcp', labels: LABELS },
      spec: {
        // The Service of the server needs this label, and a port named `metrics` that leads to 9464.
        selector: { matchLabels: { 'app.kubernetes.io/name': 'mcp' } },
        endpoints: [{ port: 'metrics', path: '/metrics', interval: '15s', scrapeTimeout: '10s' }],
      },
    },
    ...Object.fromEntries(
      Object.entries(dashboards).map(([file, json]) => [
        `kubernetes/dashboard-${file.replace('.json', '.yaml')}`,
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: `dashboard-${file.replace('.json', '')}`, labels: { ...LABELS, grafana_dashboard: '1' } },
          data: { [file]: json },
        },
      ]),
    ),
  }
}
