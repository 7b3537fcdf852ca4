import { readFileSync } from 'node:fs'

import { licensePlugin } from 'rolldown-license-plugin'
import type { Rolldown, UserConfig } from 'tsdown'

import { base } from '../../tsdown.base.ts'

const API = '@opentelemetry/api'

/** Has the SDK's packages written into the file instead of loaded by it. */
const withSdk: Rolldown.Plugin = {
  name: 'with-sdk',
  resolveId(specifier, importer) {
    return specifier.endsWith('/sdk-packages.ts') && importer !== undefined
      ? this.resolve(specifier.replace('sdk-packages', 'bundled-sdk-packages'), importer)
      : undefined
  },
}

/** The terms of all that is written into the file ask that they go with it. */
function licences(file: string): Rolldown.Plugin {
  return licensePlugin({
    failOnUnlicensed: true,
    done: (packages, context) => {
      const byText = Map.groupBy(packages, ({ licenseText }) => licenseText.trim())
      const parts = [...byText].map(([text, under]) => {
        const names = under.map(({ name, version, license }) => `${name} ${version} (${license})`)
        return `${names.join('\n')}\n\n${text}\n`
      })
      context.emitFile({ type: 'asset', fileName: `${file}.licences.txt`, source: parts.join('\n----\n\n') })
    },
  })
}

const apiPackage = new URL('../package.json', import.meta.resolve(API))
const { version: apiVersion } = JSON.parse(readFileSync(apiPackage, 'utf8')) as { version: string }

const MODULE_HOOKS = new Set(['require-in-the-middle', 'import-in-the-middle'])

/**
 * The stock instrumentations in the file patch modules of Node's own, for which `patchNodeModules` needs no hook into the app's
 * modules. What is left of the hooks is what their base class makes of them.
 */
const withoutModuleHooks: Rolldown.Plugin = {
  name: 'without-module-hooks',
  resolveId: (specifier) => (MODULE_HOOKS.has(specifier) ? '\0module-hooks' : undefined),
  load: (id) => (id === '\0module-hooks' ? 'export class Hook {}' : undefined),
}

const INTEROP = /\b_opentelemetry_api ?= ?__toESM\(_opentelemetry_api, ?1\);/

/**
 * Leaves the API as it was loaded. Where one module imports all of it, it would be wrapped for all: each `context` or `trace`
 * on the way of a request would then go through an accessor, which the compiler does not look through.
 */
const plainApi: Rolldown.Plugin = {
  name: 'plain-api',
  renderChunk(code) {
    if (!INTEROP.test(code)) this.error('the API is not wrapped any more: take this plugin out')
    if (/\b_opentelemetry_api\.default\b/.test(code))
      this.error('the default export of the API is used: it needs its wrapper')
    // As long as it was, so that the source map holds.
    return { code: code.replace(INTEROP, (interop) => ' '.repeat(interop.length)), map: null }
  },
}

/** One file with all that every process needs, except for what is named. */
function startFile(name: string, outside: string[]): UserConfig {
  return {
    ...base(),
    entry: { [name]: 'src/start-directly.ts' },
    format: 'cjs',
    dts: false,
    clean: false,
    deps: { alwaysBundle: [/.*/], neverBundle: outside, onlyBundle: false },
    // Names of functions and classes are kept: stack traces and errors show them. ASCII takes half the memory.
    minify: {
      compress: true,
      mangle: { toplevel: true, keepNames: true },
      codegen: { removeWhitespace: true, asciiOnly: true },
    },
    outputOptions: { codeSplitting: false },
    plugins: [withSdk, withoutModuleHooks, licences(name), ...(outside.includes(API) ? [plainApi] : [])],
  }
}

const config: UserConfig[] = [
  { ...base(['src/index.ts', 'src/register.ts']), define: { BUNDLED_API_VERSION: JSON.stringify(apiVersion) } },
  {
    ...base(),
    entry: {
      cli: 'src/cli.ts',
      'append-loader': 'src/instrument/append-loader.ts',
      'last-words-worker': 'src/life/last-words-worker.ts',
    },
    format: 'esm',
    dts: false,
    clean: false,
  },
  {
    ...base(),
    entry: { 'doctor-probe': 'src/doctor/probe.ts', 'doctor-exports': 'src/doctor/test-exports.ts' },
    format: 'cjs',
    dts: false,
    clean: false,
  },
  startFile('start-directly', []),
  startFile('start-with-installed-api', [API]),
]
export default config
