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

const INTEROP = /\b(\w+) = __toESM\(\1, 1\);/g

/**
 * Leaves modules as they were loaded. Where one file imports all of a module, it would be wrapped for all, with an accessor for
 * each export: that takes time at the start, and the compiler does not look through an accessor, not even to `context` or `trace`
 * on the way of each request.
 */
const plainModules: Rolldown.Plugin = {
  name: 'plain-modules',
  renderChunk(code) {
    if (!INTEROP.test(code)) this.error('modules are not wrapped any more: take this plugin out')
    if (/\b_opentelemetry_api\.default\b/.test(code))
      this.error('the default export of the API would be looked up in vain')
    const plain = (wrapping: string, name: string): string =>
      code.includes(`${name}.default`)
        ? `${name} = Object.create(${name}, { default: { value: ${name} } });`
        : // As long as it was, so that the source map holds.
          ' '.repeat(wrapping.length)
    return { code: code.replace(INTEROP, plain), map: null }
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
    plugins: [withSdk, withoutModuleHooks, plainModules, licences(name)],
  }
}

const config: UserConfig[] = [
  base(),
  // By itself, so that it shares no file with the others: each one more is looked for at every start.
  { ...base(['src/register.ts']), define: { BUNDLED_API_VERSION: JSON.stringify(apiVersion) }, clean: false },
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
