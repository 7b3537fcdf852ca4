import { serveStdio } from '@modelcontextprotocol/server/stdio'

import { createLibrary } from './create-library.ts'

serveStdio(createLibrary)
