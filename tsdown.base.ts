import type { Rolldown, UserConfig } from 'tsdown'

/** Bundlers that make CommonJS of our ES modules leave `import.meta` empty, and an app in such a bundle is to start all the same. */
const requireInBundles: Rolldown.Plugin = {
  name: 'require-in-bundles',
  renderChunk: (code, _chunk, { format }) =>
    format === 'es'
      ? {
          code: code.replaceAll('createRequire(import.meta.url)', 'createRequire(import.meta.url ?? __filename)'),
          map: null,
        }
      : null,
}

/** The one way every package is built: dual ESM and CommonJS with declarations, dependencies left outside. */
export function base(entry: string[] = ['src/index.ts']): UserConfig {
  return {
    entry,
    format: ['esm', 'cjs'],
    platform: 'node',
    target: 'node22.15',
    dts: { tsgo: true },
    sourcemap: true,
    clean: true,
    fixedExtension: true,
    logLevel: 'warn',
    plugins: [requireInBundles],
  }
}
