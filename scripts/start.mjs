// `npm start [-- flags of the example]`: the guide's plugin server, made observable by one line.
import process from 'node:process'

import { node, root, run, setUp } from './setup.mjs'

setUp()
const server = `${root}/examples/plugin-server/src/main.ts`
process.exitCode = await run(node(), ['--require', '@mcp/otel/register', server, ...process.argv.slice(2)])
