import type { UserConfig } from 'tsdown'

import { base } from '../../tsdown.base.ts'

// Grafana's builders are built in: what they make is data, and users need not install them. Their maps would be megabytes.
const config: UserConfig = { ...base(), sourcemap: false }
export default config
