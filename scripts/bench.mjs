// `npm run bench [-- arguments of bench/command-line.ts]`: sets up, installs what we compare with, and measures.
import process from 'node:process'

import { node, root, run, setUp } from './setup.mjs'

setUp()
process.exitCode = await run(node(), [`${root}/bench/main.ts`, ...process.argv.slice(2)])
