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
const licences = licensePlugin({
  failOnUnlicensed: true,
  done: (packages, context) => {
    const byText = Map.groupBy(packages, ({ licenseText }) => licenseText.trim())
    const parts = [...byText].map(([text, under]) => {
      const names = under.map(({ name, version, license }) => `${name} ${version} (${license})`)
      return `${names.join('\n')}\n\n${text}\n`
    })
    context.emitFile({ type: 'asset', fileName: 'start-directly.licences.txt', source: parts.join('\n----\n\n') })
  },
})

const config: UserConfig[] = [
  base(['src/index.ts', 'src/register.ts']),
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
  {
    ...base(['src/start-directly.ts']),
    format: 'cjs',
    dts: false,
    clean: false,
    // The API and the module hooks have to be the very ones that the app and its other instrumentations have.
    deps: {
      alwaysBundle: [/.*/],
      neverBundle: ['@opentelemetry/api', 'import-in-the-middle', 'require-in-the-middle'],
      onlyBundle: false,
    },
    // Names are kept: stack traces and error classes show them.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: true } },
    outputOptions: { codeSplitting: false },
    plugins: [withSdk, licences],
  },
]
export default config
