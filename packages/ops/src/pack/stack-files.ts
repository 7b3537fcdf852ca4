export interface StackOptions {
  /** Uid of Grafana's data source. */
  readonly datasource?: string
  /** Address of a trace but for its id, `https://jaeger.example.com/trace/`, where exemplars lead to. */
  readonly traces?: string
}

/** What runs the pack: scrape, provisioning of Grafana, collector, and all of it together in containers. */
export function stackFiles({ datasource = 'prometheus', traces }: StackOptions): Record<string, unknown> {
  return {
    'prometheus/prometheus.yaml': {
      global: { scrape_interval: '15s', evaluation_interval: '15s' },
      rule_files: ['mcp.rules.yaml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: ['alertmanager:9093'] }] }] },
      scrape_configs: [{ job_name: 'mcp', static_configs: [{ targets: ['app:9464'] }] }],
    },
    'grafana/provisioning/datasources/prometheus.yaml': {
      apiVersion: 1,
      datasources: [
        {
          name: 'Prometheus',
          uid: datasource,
          type: 'prometheus',
          access: 'proxy',
          url: 'http://prometheus:9090',
          isDefault: true,
          jsonData: { timeInterval: '15s', ...(traces === undefined ? {} : exemplarLinks(traces)) },
        },
      ],
    },
    'grafana/provisioning/dashboards/mcp.yaml': {
      apiVersion: 1,
      providers: [{ name: 'mcp', folder: 'MCP', type: 'file', options: { path: '/var/lib/grafana/dashboards/mcp' } }],
    },
    'collector/collector.yaml': {
      receivers: { otlp: { protocols: { http: { endpoint: '0.0.0.0:4318' }, grpc: { endpoint: '0.0.0.0:4317' } } } },
      processors: { batch: {} },
      exporters: { debug: {} },
      service: {
        pipelines: {
          traces: { receivers: ['otlp'], processors: ['batch'], exporters: ['debug'] },
          logs: { receivers: ['otlp'], processors: ['batch'], exporters: ['debug'] },
        },
      },
    },
    'compose.yaml': compose(),
  }
}

/** Grafana puts variables of the environment in place of `$`, but for a doubled one. */
function exemplarLinks(traces: string): object {
  return {
    exemplarTraceIdDestinations: [{ name: 'trace_id', url: `${traces}$\${__value.raw}`, urlDisplayLabel: 'Trace' }],
  }
}

/**
 * The pinned images speak the formats of the files beside them: Grafana is the one whose schema the dashboards are held
 * against, Prometheus the one whose parser reads the expressions.
 */
function compose(): object {
  return {
    services: {
      app: {
        // The user's own server, with @mcp/otel in its node_modules.
        image: '${MCP_IMAGE:?set MCP_IMAGE to the image of your server}',
        environment: {
          NODE_OPTIONS: '--require @mcp/otel/register',
          OTEL_SERVICE_NAME: 'mcp',
          OTEL_EXPORTER_PROMETHEUS_HOST: '0.0.0.0',
          OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
          OTEL_METRICS_EXPORTER: 'prometheus',
        },
        ports: ['127.0.0.1:5000:5000'],
      },
      collector: {
        image: 'otel/opentelemetry-collector:0.138.0',
        command: ['--config=/etc/otelcol/collector.yaml'],
        volumes: ['./collector/collector.yaml:/etc/otelcol/collector.yaml:ro'],
      },
      prometheus: {
        image: 'prom/prometheus:v3.15.0',
        command: [
          '--config.file=/etc/prometheus/prometheus.yaml',
          '--enable-feature=exemplar-storage',
          '--storage.tsdb.path=/prometheus',
          // Messages lead here, and not to the container's own name.
          '--web.external-url=http://localhost:9090',
        ],
        volumes: ['./prometheus:/etc/prometheus:ro', 'prometheus:/prometheus'],
        ports: ['127.0.0.1:9090:9090'],
      },
      alertmanager: {
        image: 'prom/alertmanager:v0.29.0',
        command: [
          '--config.file=/etc/alertmanager/alertmanager.yaml',
          '--storage.path=/alertmanager',
          '--web.external-url=http://localhost:9093',
        ],
        volumes: [
          './alertmanager/alertmanager.yaml:/etc/alertmanager/alertmanager.yaml:ro',
          './alertmanager/secrets:/etc/alertmanager/secrets:ro',
          'alertmanager:/alertmanager',
        ],
        ports: ['127.0.0.1:9093:9093'],
      },
      grafana: {
        image: 'grafana/grafana:13.2.3',
        volumes: [
          './grafana/provisioning:/etc/grafana/provisioning:ro',
          './grafana/dashboards:/var/lib/grafana/dashboards/mcp:ro',
          'grafana:/var/lib/grafana',
        ],
        ports: ['127.0.0.1:3000:3000'],
      },
    },
    volumes: { prometheus: {}, alertmanager: {}, grafana: {} },
  }
}
