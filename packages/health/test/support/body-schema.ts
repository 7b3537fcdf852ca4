import { readFileSync } from 'node:fs'

import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect } from 'vitest'

type Schema = Record<string, unknown>

const schema = JSON.parse(readFileSync(new URL('../../health.schema.json', import.meta.url), 'utf8')) as Schema

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

const published = compile(schema)
/** The published schema leaves room for later fields; what we send must have no field that it does not describe. */
const strict = compile(closed(schema) as Schema)

/** Returns what is wrong with a body of `/health`, of either view, by the published schema; a field beyond it is wrong too. */
export function errorsOfBody(body: unknown): string[] {
  return [...errorsOf(published, '', body), ...errorsOf(strict, '', body)]
}

export function expectHealthBody(body: unknown): void {
  expect(errorsOfBody(body)).toEqual([])
}

/** Expects a body of `/livez`, `/readyz` or `/startupz`. */
export function expectProbeBody(body: unknown): void {
  expect(errorsOf(strict, '#/$defs/probe', body)).toEqual([])
}

function compile(from: Schema): Ajv2020 {
  return new Ajv2020({
    strict: true,
    strictTypes: false,
    allErrors: true,
    formats: { 'date-time': ISO_TIME },
  }).addSchema(from, 'health')
}

function errorsOf(ajv: Ajv2020, ref: string, body: unknown): string[] {
  const validate = ajv.getSchema(`health${ref}`)
  if (validate === undefined) throw new Error(`no schema at ${ref}`)
  return validate(body) === true
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)
}

function closed(node: unknown, isSchema = true): unknown {
  if (Array.isArray(node)) return node.map((item) => closed(item))
  if (typeof node !== 'object' || node === null) return node
  const copy = Object.fromEntries(
    Object.entries(node).map(([key, value]) => [key, closed(value, key !== 'properties' && key !== '$defs')]),
  )
  // Conditions only add to what stands beside them, and are closed there.
  const isObject = isSchema && 'properties' in copy && copy['type'] === 'object' && !('additionalProperties' in copy)
  return isObject ? { ...copy, additionalProperties: false } : copy
}
