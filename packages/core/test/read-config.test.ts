import * as fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'

import { checkedVariables, listSettings, readConfig, settings, type Config } from '../src/config/index.ts'

const named = listSettings(settings)
const known = [...named.flatMap(({ setting }) => setting.env), ...checkedVariables.map(({ name }) => name)]

const problems = (env: Record<string, string>, options?: object) =>
  readConfig({ env, options: options as never }).problems

const withEndpoint = (traces: string) =>
  readConfig({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_TRACES_EXPORTER: traces } })

describe('what counts', () => {
  test('without any source every setting has its documented default, and nothing is a problem', () => {
    const { config, problems: found, origins } = readConfig()
    expect(found).toEqual([])
    expect(config.endpoint).toMatchObject({ enabled: true, host: '127.0.0.1', port: 9464, token: undefined })
    expect(config.metrics).toMatchObject({ seriesLimit: 2000, exporters: [], targetInfo: true })
    expect(config.flushTimeoutMillis).toBe(3000)
    expect(new Set(Object.values(origins))).toEqual(new Set(['default']))
  })

  test('values have the types of their settings', () => {
    expectTypeOf<Config['endpoint']['port']>().toEqualTypeOf<number>()
    expectTypeOf<Config['endpoint']['token']>().toEqualTypeOf<string | undefined>()
    expectTypeOf<Config['http']['serverSpans']>().toEqualTypeOf<'own' | 'stock' | 'off'>()
    expectTypeOf<Config['traces']['exporters']>().toEqualTypeOf<readonly ('otlp' | 'console' | 'zipkin')[]>()
  })

  test('options beat the standard variable, which beats ours', () => {
    const env = { OTEL_EXPORTER_PROMETHEUS_PORT: '9001', MCP_OTEL_PORT: '9002' }
    expect(readConfig({ env, options: { endpoint: { port: 9003 } } }).config.endpoint.port).toBe(9003)
    expect(readConfig({ env }).config.endpoint.port).toBe(9001)
    const ours = readConfig({ env: { MCP_OTEL_PORT: '9002' } })
    expect(ours.config.endpoint.port).toBe(9002)
    expect(ours.origins['endpoint.port']).toBe('MCP_OTEL_PORT')
  })

  test('a map is written as pairs in the environment, and is an object in code', () => {
    const env = { MCP_OTEL_QUEUE_PLUGINS: 'outbox = mail, thumbs*=files' }
    expect(readConfig({ env }).config.queues.plugins).toEqual({ outbox: 'mail', 'thumbs*': 'files' })
    const options = { queues: { plugins: { outbox: 'post' } } }
    expect(readConfig({ env, options }).config.queues.plugins).toEqual({ outbox: 'post' })
    expect(problems({ MCP_OTEL_QUEUE_PLUGINS: 'outbox=mail,thumbs=' })).toEqual([
      expect.stringContaining('expected queue=plugin pairs separated by commas; using outbox=mail'),
    ])
    expect(problems({}, { queues: { plugins: { outbox: 1 } } })).toHaveLength(1)
  })

  test('an empty variable counts as unset, and space around a value does not matter', () => {
    const { config, problems: found } = readConfig({ env: { MCP_OTEL_PORT: ' ', MCP_OTEL_HOST: ' ::1 ' } })
    expect(config.endpoint).toMatchObject({ port: 9464, host: '::1' })
    expect(found).toEqual([])
  })

  test.each([
    ['OTEL_EXPORTER_OTLP_ENDPOINT', { traces: ['otlp'], metrics: ['otlp'], logs: ['otlp'] }],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', { traces: ['otlp'], metrics: [], logs: [] }],
    ['OTEL_EXPORTER_OTLP_LOGS_ENDPOINT', { traces: [], metrics: [], logs: ['otlp'] }],
  ])('%s alone switches on the exports that it is for', (name, expected) => {
    const { config } = readConfig({ env: { [name]: 'http://collector:4318' } })
    const { traces, metrics, logs } = config
    expect({ traces: traces.exporters, metrics: metrics.exporters, logs: logs.exporters }).toEqual(expected)
  })

  test('an OTLP endpoint given in code switches the exports on as the variable does', () => {
    const { config } = readConfig({ options: { otlp: { endpoint: 'http://collector:4318' } } })
    expect(config.traces.exporters).toEqual(['otlp'])
  })

  test('none switches an export off although an endpoint is set, and the page with the metrics', () => {
    const { config } = readConfig({
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_TRACES_EXPORTER: 'none',
      },
    })
    expect(config.metrics.exporters).toEqual([])
    expect(config.traces.exporters).toEqual([])
    expect(config.logs.exporters).toEqual(['otlp'])
    expect(config.endpoint.enabled).toBe(false)
    const env = { OTEL_METRICS_EXPORTER: 'none', MCP_OTEL_ENDPOINT: 'on' }
    expect(readConfig({ env }).config.endpoint.enabled).toBe(true)
  })

  test('the configuration is frozen through and through', () => {
    const { config, problems: found, origins } = readConfig({ options: { http: { ignore: ['/x'] } } })
    const all = [config, config.endpoint, config.traces.batch, config.http.ignore, found, origins]
    expect(all.every((value) => Object.isFrozen(value))).toBe(true)
  })
})

describe('what is said of mistakes', () => {
  test('a wrong value is named with what is accepted and what is used instead', () => {
    expect(problems({ MCP_OTEL_PORT: 'abc' })).toEqual([
      'MCP_OTEL_PORT is "abc"; expected an integer from 0 to 65535; using 9464',
    ])
  })

  test('all mistakes are named at once, each where it came from', () => {
    const env = { OTEL_TRACES_SAMPLER: 'sometimes', MCP_OTEL_BANNER: 'perhaps', OTEL_METRIC_EXPORT_INTERVAL: '-1' }
    expect(problems(env, { endpoint: { port: 70_000 }, metrics: { seriesLimit: '10' } })).toEqual([
      'MCP_OTEL_BANNER is "perhaps"; expected on or off; using on',
      'options.endpoint.port is 70000; expected an integer from 0 to 65535; using 9464',
      'OTEL_METRIC_EXPORT_INTERVAL is "-1"; expected an integer from 1 to 2147483647 (milliseconds); using 60000',
      'options.metrics.seriesLimit is "10"; expected an integer from 1 to 1000000; using 2000',
      'OTEL_TRACES_SAMPLER is "sometimes"; expected always_on, always_off, traceidratio, parentbased_always_on, ' +
        'parentbased_always_off or parentbased_traceidratio; using parentbased_always_on',
    ])
  })

  test('the next source counts when one is wrong, and the message says so', () => {
    const { config, problems: found } = readConfig({
      env: { MCP_OTEL_PORT: '9002' },
      options: { endpoint: { port: -1 } },
    })
    expect(config.endpoint.port).toBe(9002)
    expect(found).toEqual([
      'options.endpoint.port is -1; expected an integer from 0 to 65535; using 9002 from MCP_OTEL_PORT',
    ])
  })

  test('what is right in a list is used', () => {
    const read = readConfig({ env: { OTEL_TRACES_EXPORTER: 'otlp,jaeger' } })
    expect(read.config.traces.exporters).toEqual(['otlp'])
    expect(read.problems).toEqual([
      'OTEL_TRACES_EXPORTER is "otlp,jaeger"; expected one or more, separated by commas, of otlp, console and zipkin, ' +
        'or none; using otlp from OTEL_TRACES_EXPORTER',
    ])
  })

  test('none beside other exporters is a mistake, not a silent choice', () => {
    const read = readConfig({ env: { OTEL_LOGS_EXPORTER: 'none,otlp' } })
    expect(read.config.logs.exporters).toEqual(['otlp'])
    expect(read.problems).toHaveLength(1)
  })

  test.each(['none,jaeger', 'jaeger,None'])('none counts in %s, where nothing else is right', (given) => {
    const read = withEndpoint(given)
    expect(read.config.traces.exporters).toEqual([])
    expect(read.problems).toEqual([
      `OTEL_TRACES_EXPORTER is "${given}"; expected one or more, separated by commas, of otlp, console and zipkin, ` +
        'or none; using none from OTEL_TRACES_EXPORTER',
    ])
  })

  test.each(['jaeger', 'jaeger,nozipkin', ',', ' , ,'])('of %s nothing is right, and the default counts', (given) => {
    const read = withEndpoint(given)
    expect(read.config.traces.exporters).toEqual(['otlp'])
    expect(read.problems).toEqual([
      `OTEL_TRACES_EXPORTER is "${given.trim()}"; expected one or more, separated by commas, of otlp, console and ` +
        'zipkin, or none; using otlp',
    ])
  })

  test.each(['none', 'NONE', 'none,', ',none,none'])('%s is none, as empty and repeated items fall away', (given) => {
    const read = withEndpoint(given)
    expect(read.config.traces.exporters).toEqual([])
    expect(read.problems).toEqual([])
  })

  test('a list or map in the environment without anything right leaves the word to the file', () => {
    const env = { MCP_OTEL_HTTP_ROUTES: 'users,orders', MCP_OTEL_QUEUE_PLUGINS: 'outbox' }
    const options = { http: { routes: ['/users/:id'] }, queues: { plugins: { outbox: 'mail' } } }
    const { config, problems: found } = readConfig({ env, file: { name: 'mcp.otel.json', options } })
    expect(config.http.routes).toEqual(['/users/:id'])
    expect(config.queues.plugins).toEqual({ outbox: 'mail' })
    expect(found).toEqual([
      'MCP_OTEL_HTTP_ROUTES is "users,orders"; expected a list, separated by commas, of a template that begins ' +
        'with /; using /users/:id from mcp.otel.json: http.routes',
      'MCP_OTEL_QUEUE_PLUGINS is "outbox"; expected queue=plugin pairs separated by commas; ' +
        'using outbox=mail from mcp.otel.json: queues.plugins',
    ])
  })

  test('of a list or map in code it is said how code writes it', () => {
    const options = { http: { routes: '/a,/b' }, queues: { plugins: 'outbox=mail' }, traces: { exporters: 'none' } }
    expect(problems({}, options)).toEqual([
      'options.http.routes is "/a,/b"; expected an array, each item a template that begins with /; using none',
      'options.queues.plugins is "outbox=mail"; expected an object with a plugin by each queue; ' +
        "using the queue's name",
      'options.traces.exporters is "none"; expected an array of otlp, console and zipkin, or [] for none; using none',
    ])
  })

  test('an unknown name of ours is named with the nearest right one', () => {
    expect(
      problems({ MCP_OTEL_PROT: '1', MCP_OTEL_TOKN: 'x', MCP_OTEL_QQQQQQQQQQQ: '', MCP_OTEL_ZZZZZZZZZZZZ: '1' }),
    ).toEqual([
      'MCP_OTEL_PROT is not a setting; did you mean MCP_OTEL_PORT? It is ignored',
      'MCP_OTEL_TOKN is not a setting; did you mean MCP_OTEL_TOKEN? It is ignored',
      'MCP_OTEL_ZZZZZZZZZZZZ is not a setting; it is ignored',
    ])
  })

  test('an unknown option is named with the nearest right one, also when it stands in the wrong group', () => {
    expect(problems({}, { endpoint: { prot: 1 }, port: 2, endpiont: {}, log: 7 })).toEqual([
      'options.endpoint.prot is not an option; did you mean options.endpoint.port? It is ignored',
      'options.port is not an option; did you mean options.endpoint.port? It is ignored',
      'options.endpiont is not an option; did you mean options.endpoint? It is ignored',
      'options.log is 7; expected an object; using the defaults',
    ])
  })

  test('a variable that only the SDK reads is checked as well', () => {
    expect(problems({ OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: 'soon' })).toEqual([
      'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT is "soon"; expected an integer from 1 to 2147483647 (milliseconds); ' +
        'using OTEL_EXPORTER_OTLP_TIMEOUT',
    ])
  })

  test.each([
    ['a=b=c', false],
    ['a=b%3Dc, d = e ,', true],
    ['service.name=100%', false],
    ['a=%ff', false],
    ['=a', false],
    ['a', false],
    ['a=', true],
    [`a=${'x'.repeat(255)}`, true],
    [`a=${'x'.repeat(256)}`, false],
  ])('the attributes %s, of which the SDK takes all or none, are named when it takes none', (given, isRight) => {
    expect(readConfig({ env: { OTEL_RESOURCE_ATTRIBUTES: given } }).problems).toHaveLength(isRight ? 0 : 1)
  })

  test.each([
    ['api key=a', false],
    ['café=a', false],
    ['authorization=Bearer%20a==,X-Tenant = b', true],
    ['a=100%', false],
    ['a', false],
  ])('the headers %s are held against what HTTP and the encoding allow', (given, isRight) => {
    for (const name of ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_LOGS_HEADERS']) {
      expect(readConfig({ env: { [name]: given } }).problems).toHaveLength(isRight ? 0 : 1)
    }
  })

  test('secrets are never shown, nor are credentials in a URL', () => {
    const said = problems(
      {
        MCP_OTEL_TOKEN: 'hush hush',
        OTEL_EXPORTER_OTLP_HEADERS: 'hush',
        OTEL_EXPORTER_OTLP_ENDPOINT: 'ftp://user:hush@collector/',
      },
      { endpoint: { token: 'hüsh' } },
    )
    expect(said).toHaveLength(4)
    expect(said.join('\n')).not.toMatch(/h[uü]sh/)
    expect(said.join('\n')).toContain('ftp://[redacted]@collector/')
  })

  test('a host that others can reach is pointed out unless a token or the user vouches for it', () => {
    const open = { MCP_OTEL_HOST: '0.0.0.0' }
    expect(problems(open)).toEqual([expect.stringContaining('MCP_OTEL_TOKEN')])
    expect(problems({ ...open, MCP_OTEL_TOKEN: 'abc' })).toEqual([])
    expect(problems({ ...open, MCP_OTEL_TRUST_NETWORK: 'on' })).toEqual([])
  })

  test('host:port is an endpoint for gRPC alone', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }
    expect(problems({ ...env, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toEqual([])
    expect(problems({}, { otlp: { endpoint: 'collector:4317', protocol: 'grpc' } })).toEqual([])
    expect(problems(env)).toHaveLength(3)
    expect(problems(env)[0]).toBe(
      'OTEL_EXPORTER_OTLP_ENDPOINT is "collector:4317"; expected an http:// or https:// URL with http/protobuf; ' +
        'traces will not arrive',
    )
  })

  test('an export timeout beyond the interval is a mistake only when both are set', () => {
    expect(problems({ OTEL_METRIC_EXPORT_INTERVAL: '100' })).toEqual([])
    expect(problems({ OTEL_METRIC_EXPORT_INTERVAL: '100', OTEL_METRIC_EXPORT_TIMEOUT: '200' })).toHaveLength(1)
  })
})

describe('whatever it is given', () => {
  const anyEnv = fc.dictionary(
    fc.oneof(
      fc.constantFrom(...known),
      fc.string().map((s) => `MCP_OTEL_${s}`),
      fc.string(),
    ),
    fc.string(),
  )
  const throwing: Record<string, never> = new Proxy(
    {},
    {
      get: (_target, name) => {
        // A counterexample with it could otherwise not be shown.
        if (name === fc.toStringMethod) return () => 'an object that throws'
        throw new Error('no')
      },
      has: (_target, name) => name === fc.toStringMethod,
      ownKeys: () => {
        throw new Error('no')
      },
    },
  )
  const anything = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }),
    fc.constant(throwing),
  )
  const groups = fc.constantFrom('endpoint', 'http', 'log', 'metrics', 'traces', 'logs', 'otlp', 'serviceName', 'x')
  const anyOptions = fc.oneof(anything, fc.dictionary(groups, fc.oneof(anything, fc.dictionary(fc.string(), anything))))

  test('it never throws, always yields every setting, and says every mistake in one printable line', () => {
    fc.assert(
      fc.property(anyEnv, anyOptions, (env, options) => {
        const { config, problems: found } = readConfig({ env, options: options as never })
        const values = named.map(({ path }) =>
          path.split('.').reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], config),
        )
        const accepted = named.map(({ setting }, index) =>
          values[index] === undefined ? setting.default : setting.kind.fromValue(values[index]),
        )
        expect(values).toEqual(accepted)
        for (const problem of found) expect(problem).toMatch(/^[^\n\r]+; .+$/)
      }),
      { numRuns: 500 },
    )
  })

  test('a wrong value of any variable is reported, a right one is not', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...named.filter(({ setting }) => setting.env.length > 0)),
        fc.string(),
        ({ setting }, value) => {
          const [name] = setting.env
          const given = value.trim()
          // With gRPC a `host:port` is an endpoint; what is wrong only with another protocol has its own test.
          const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', [name!]: value }
          const about = readConfig({ env }).problems.filter((problem) => problem.startsWith(`${name} is`))
          const wrong = given !== '' && setting.kind.fromText(given) === undefined
          expect(about.length).toBe(wrong ? 1 : 0)
        },
      ),
      { numRuns: 500 },
    )
  })

  test('an environment or options that cannot be read count as empty', () => {
    expect(readConfig({ env: throwing, options: throwing }).config).toEqual(readConfig().config)
    expect(readConfig({ env: null as never, options: 'x' as never }).problems).toEqual([
      'options is "x"; expected an object; using the defaults',
    ])
  })
})

describe('the table', () => {
  test.each(named)('$path is documented, and its default is one that it accepts', ({ setting }) => {
    expect(setting.doc).toMatch(/^[A-Z`].*\.$/)
    expect(setting.default ?? setting.defaultText).toBeDefined()
    expect(setting.default === undefined ? undefined : setting.kind.fromValue(setting.default)).toEqual(setting.default)
  })

  const shown = named.filter(
    ({ setting }) => setting.default !== undefined && setting.kind.show(setting.default as string) !== 'none',
  )
  test.each(shown)(
    'what $path shows of its default is text that it reads back',
    ({ setting: { kind, default: value } }) => {
      expect(kind.fromText(kind.show(value as string))).toEqual(value)
    },
  )

  test('no variable stands for two settings that are not both limits', () => {
    const names = named.flatMap(({ setting }) => setting.env).filter((name) => !name.startsWith('OTEL_ATTRIBUTE_'))
    expect(names).toHaveLength(new Set(names).size)
  })
})
