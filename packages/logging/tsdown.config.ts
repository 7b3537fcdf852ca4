import type { UserConfig } from 'tsdown'

import { base } from '../../tsdown.base.ts'

const config: UserConfig = base(['src/index.ts', 'src/preload.ts', 'src/audit.ts'])
export default config
