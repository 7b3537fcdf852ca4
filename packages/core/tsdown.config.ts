import type { UserConfig } from 'tsdown'

import { base } from '../../tsdown.base.ts'

const config: UserConfig = base(['src/index.ts', 'src/main-thread.ts'])
export default config
