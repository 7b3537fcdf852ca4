import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  resolve: { conditions: ['@mcp/source', 'node'] },
  ssr: { resolve: { conditions: ['@mcp/source', 'node'] } },
  test: {
    include: [
      'packages/*/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'test/**/*.test.ts',
      'bench/**/*.test.ts',
    ],
    pool: 'forks',
    reporters: [['default', { summary: false }], './scripts/totals-reporter.mjs'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
export default config
