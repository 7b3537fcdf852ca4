import { env } from 'node:process'

import * as fc from 'fast-check'

/**
 * One seed for every property, so that a run of the tests says the same each time; `npm run fuzz` gives new ones.
 * What a property finds is printed with its own seed and path.
 */
const { FUZZ_SEED: seed = '20261122' } = env

fc.configureGlobal({ seed: Number(seed) })
