// `npm test [-- vitest arguments]`: sets up, then every test of every package; the last line is the totals.
import process from 'node:process'

import { node, root, run, setUp } from './setup.mjs'

setUp()
const vitest = `${root}/node_modules/vitest/vitest.mjs`
process.exitCode = await run(node(), [vitest, 'run', ...process.argv.slice(2)])
