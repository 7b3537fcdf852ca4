import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const ROOT = path.join(import.meta.dirname, '../../../..')

/** A type by its name, and the module that has it: a package, or a file beside this one. */
export interface TypeName {
  readonly name: string
  readonly from: string
}

/**
 * Returns what the compiler says against values that should be of a type, by the names of the values, each with the line
 * that it is about. A field that the type does not have is an error, at any depth.
 */
export async function typeErrors(
  { from, name }: TypeName,
  values: Readonly<Record<string, unknown>>,
): Promise<Record<string, string[]>> {
  const cache = path.join(ROOT, '.cache')
  await mkdir(cache, { recursive: true })
  // Within the repository, where the compiler finds its packages.
  const folder = await mkdtemp(path.join(cache, 'types-'))
  try {
    const module = from.startsWith('.') ? path.join(import.meta.dirname, from) : from
    const type = `import type { ${name} } from ${JSON.stringify(module)}\nexport const value: ${name} = `
    const names = Object.keys(values)
    const sources = Object.values(values).map((value) => type + JSON.stringify(value, undefined, 2))
    for (const [index, source] of sources.entries()) await writeFile(path.join(folder, `${index}.ts`), source)
    const config = { extends: path.join(ROOT, 'tsconfig.json'), include: ['*.ts'], exclude: [] }
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
    const told = await compilerOutput(folder)
    return Object.fromEntries(names.map((each, index) => [each, errorsOf(`${index}.ts`, sources[index] ?? '', told)]))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compilerOutput(folder: string): Promise<string> {
  const tsc = path.join(ROOT, 'node_modules/.bin/tsc')
  try {
    await run(tsc, ['-p', '.', '--pretty', 'false'], { cwd: folder })
    return ''
  } catch (error) {
    const { code, stdout } = error as { code: unknown; stdout: string }
    // The compiler itself has failed, or says something that is about no value.
    if (typeof code !== 'number' || !/^\d+\.ts\(/.test(stdout)) throw error
    return stdout
  }
}

function errorsOf(file: string, source: string, output: string): string[] {
  const lines = source.split('\n')
  return output
    .split(/\n(?=\S)/)
    .filter((message) => message.startsWith(`${file}(`))
    .map((message) => {
      const line = Number(/\((\d+),\d+\)/.exec(message)?.[1])
      // The last line of a message is the innermost reason.
      const reason = message
        .trim()
        .split('\n')
        .at(-1)
        ?.replace(/^.*error TS\d+: /, '')
        .trim()
      return `${lines[line - 1]?.trim()}: ${reason}`
    })
}
