import type { UserConfig } from 'tsdown'

import { base } from '../../tsdown.base.ts'

const config: UserConfig[] = [
  base(['src/index.ts', 'src/register.ts', 'src/start-directly.ts']),
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
]
export default config
