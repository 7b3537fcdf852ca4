// `npm run derive [-- --check]`: writes what follows from the catalogues and the configuration's table.
import process from 'node:process'

import { node, root, run, setUp } from './setup.mjs'

setUp({ build: false })
const main = `${root}/scripts/derive/main.ts`
process.exitCode = await run(node(), ['--conditions=@mcp/source', main, ...process.argv.slice(2)])
