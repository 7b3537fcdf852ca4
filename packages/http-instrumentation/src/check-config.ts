import { inspect } from 'node:util'

import { diag } from '@opentelemetry/api'

import type { HttpServerInstrumentationConfig } from './http-server-config.ts'

type Option = keyof HttpServerInstrumentationConfig

interface Rule {
  readonly expected: string
  readonly accepts: (value: unknown) => boolean
}

const isBoolean = (value: unknown) => typeof value === 'boolean'
const isFunction = (value: unknown) => typeof value === 'function'
const isListOf = (accepts: (value: unknown) => boolean) => (value: unknown) =>
  Array.isArray(value) && value.every((item) => accepts(item))
const isTemplate = (value: unknown) => typeof value === 'string' && value.startsWith('/')
const isObjectWith = (method: string) => (value: unknown) =>
  typeof value === 'object' && value !== null && isFunction((value as Record<string, unknown>)[method])

const RULES: Readonly<Record<Option, Rule>> = {
  enabled: { expected: 'true or false', accepts: isBoolean },
  spans: { expected: "'own' or 'off'", accepts: (value) => value === 'own' || value === 'off' },
  routes: { expected: 'a list of templates that begin with /', accepts: isListOf(isTemplate) },
  route: { expected: 'a function', accepts: isFunction },
  ignore: { expected: 'a function', accepts: isFunction },
  captureQuery: { expected: 'true or false', accepts: isBoolean },
  redactQuery: { expected: 'a list of names', accepts: isListOf((value) => typeof value === 'string') },
  onRequest: { expected: 'a function', accepts: isFunction },
  meterProvider: { expected: 'a MeterProvider', accepts: isObjectWith('getMeter') },
  tracerProvider: { expected: 'a TracerProvider', accepts: isObjectWith('getTracer') },
}

/** Returns the options that are valid; the others are named, once each with all that is wrong, and left at their default. */
export function checkConfig(config: HttpServerInstrumentationConfig): HttpServerInstrumentationConfig {
  const given = Object.entries(config).filter(([, value]) => value !== undefined)
  const wrong = given.filter((entry) => !isValid(entry))
  if (wrong.length > 0) {
    const complaints = wrong.map(([option, value]) => {
      const expected = Object.hasOwn(RULES, option) ? RULES[option as Option].expected : undefined
      const shown = inspect(value, { depth: 1, breakLength: Infinity })
      return expected === undefined ? `there is no option ${option}` : `${option} is ${shown}, expected ${expected}`
    })
    diag.error(`[mcp-otel] wrong options of HttpServerInstrumentation: ${complaints.join('; ')}; the defaults apply`)
  }
  return Object.fromEntries(given.filter(isValid))
}

function isValid([option, value]: [string, unknown]): boolean {
  return Object.hasOwn(RULES, option) && RULES[option as Option].accepts(value)
}
