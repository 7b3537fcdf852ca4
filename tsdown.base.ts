import type { UserConfig } from 'tsdown'

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
  }
}
