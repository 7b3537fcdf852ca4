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
    setupFiles: ['./test/support/fuzz-seed.ts', './test/support/patience.ts'],
    expect: { poll: { timeout: 20_000 } },
    pool: 'forks',
    // Most tests wait for processes of their own, so that one worker a core would leave the cores idle.
    maxWorkers: 4,
    reporters: [['default', { summary: false }], './scripts/totals-reporter.mjs'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
export default config
