import type { UserConfig } from 'tsdown'

import { base } from '../../tsdown.base.ts'

const config: UserConfig[] = [
  base(['src/index.ts', 'src/register.ts', 'src/start-directly.ts']),
  { ...base(['src/cli.ts']), format: 'esm', dts: false, clean: false },
]
export default config
