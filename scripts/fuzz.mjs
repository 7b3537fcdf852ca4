// `npm run fuzz [-- minutes [seed]]`: the property tests again and again, each round with a new seed, until one fails.
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'

import { node, root, run, say, setUp } from './setup.mjs'

const USAGE = 'usage: npm run fuzz [-- minutes [first seed]]    (10 minutes unless told)'
const [minutes = '10', first = String(Date.now() % 2 ** 31)] = process.argv.slice(2)

if (minutes === '--help' || minutes === '-h') {
  say(USAGE)
} else if (!(Number(minutes) > 0) || !Number.isSafeInteger(Number(first))) {
  say(`minutes is "${minutes}", the first seed is "${first}"; expected a number above 0 and an integer; ${USAGE}`)
  process.exitCode = 2
} else {
  setUp()
  await fuzz(Number(minutes), Number(first))
}

/** @param {number} forMinutes @param {number} firstSeed */
async function fuzz(forMinutes, firstSeed) {
  const files = ['packages', 'examples', 'test'].flatMap((folder) =>
    readdirSync(`${root}/${folder}`, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.test.ts') && !path.includes('node_modules'))
      .map((path) => `${folder}/${path}`)
      .filter((path) => readFileSync(`${root}/${path}`, 'utf8').includes("from 'fast-check'")),
  )
  const end = performance.now() + forMinutes * 60_000
  let rounds = 0
  while (performance.now() < end) {
    const seed = firstSeed + rounds
    const code = await run(node(), [`${root}/node_modules/vitest/vitest.mjs`, 'run', '--reporter=dot', ...files], {
      FUZZ_SEED: String(seed),
    })
    rounds++
    if (code !== 0) {
      say(`seed ${seed} found something; again with: npm run fuzz -- 0.01 ${seed}`)
      process.exitCode = code
      return
    }
  }
  say(`${rounds} rounds of ${files.length} files found nothing`)
}
