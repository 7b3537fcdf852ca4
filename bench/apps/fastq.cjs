const { promise } = require('fastq')

const { runBatches, work } = require('./run-batches.cjs')

const queue = promise(work, 10)
runBatches((jobs) => Promise.all(Array.from({ length: jobs }, (_, index) => queue.push({ index }))))
