import PQueue from 'p-queue'

import { runBatches, work } from './run-batches.cjs'

const queue = new PQueue({ concurrency: 10 })
runBatches((jobs) => Promise.all(Array.from({ length: jobs }, () => queue.add(work))))
