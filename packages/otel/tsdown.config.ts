import { readFileSync } from 'node:fs'

import { licensePlugin } from 'rolldown-license-plugin'
import type { Rolldown, UserConfig } from 'tsdown'

import { base } from '../../tsdown.base.ts'

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

const apiPackage = new URL('../package.json', import.meta.resolve('@opentelemetry/api'))
const { version: apiVersion } = JSON.parse(readFileSync(apiPackage, 'utf8')) as { version: string }

/** What `require-in-the-middle` would print for those who work on it takes modules of Node's and two packages more. */
const withoutDebug: Rolldown.Plugin = {
  name: 'without-debug',
  resolveId: (specifier) => (specifier === 'debug' ? '\0debug' : undefined),
  load: (id) => (id === '\0debug' ? 'module.exports = () => () => {}' : undefined),
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
    plugins: [withSdk, withoutDebug, licences(name)],
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
  // The module hooks have to be the very ones that the app and its other instrumentations have.
  startFile('start-directly', ['import-in-the-middle']),
  startFile('start-with-installed-api', ['import-in-the-middle', '@opentelemetry/api']),
]
export default config
