import { readFileSync } from 'node:fs'
import Module, { register, registerHooks } from 'node:module'
import { fileURLToPath } from 'node:url'

import { supportsSyncHooks } from './sync-hooks.ts'

/** A statement for the end of some modules. */
export interface Addition {
  /** The files of these modules, as paths and as URLs have them: of installed packages. */
  readonly files: RegExp
  /** What is appended, by the module's format. */
  readonly lines: Readonly<Record<'commonjs' | 'module', string>>
}

/**
 * Appends to the source of modules that the app loads from now on, by `import` or `require`; their own lines stay where they
 * are. Throws when this Node.js has no way to do it.
 */
export function appendToModules(additions: readonly Addition[]): void {
  if (supportsSyncHooks()) appendByHooks(additions)
  else {
    appendToRequired(additions)
    appendToImported(additions)
  }
}

function appendByHooks(additions: readonly Addition[]): void {
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context)
      if (!url.startsWith('file:')) return loaded
      const lines = linesFor(additions, url)
      if (lines === undefined) return loaded
      // Of a package that does not say its type, Node.js finds the format only when it compiles.
      const format: string = loaded.format ?? 'either'
      if (format !== 'module' && format !== 'commonjs' && format !== 'either') return loaded
      const source = loaded.source ?? readFileSync(fileURLToPath(url))
      return { ...loaded, source: `${textOf(source)}${format === 'either' ? either(lines) : lines[format]}` }
    },
  })
}

function either({ commonjs, module }: Addition['lines']): string {
  return `\n;if (typeof module === 'object') {${commonjs}} else {${module}}\n`
}

interface Compiled {
  _compile: (this: unknown, content: string, filename: string, ...rest: unknown[]) => unknown
}

function appendToRequired(additions: readonly Addition[]): void {
  const prototype = Module.prototype as unknown as Compiled
  const compile = prototype._compile
  prototype._compile = function (content, filename, ...rest) {
    const lines = linesFor(additions, filename)
    return compile.call(this, lines === undefined ? content : `${content}${lines.commonjs}`, filename, ...rest)
  }
}

/** The hooks for `import` live in a thread of Node's, which gets what to append as data. */
function appendToImported(additions: readonly Addition[]): void {
  const data = additions.map(({ files, lines }) => ({ files, line: lines.module }))
  register(new URL('./append-loader.mjs', import.meta.url), { data })
}

function linesFor(additions: readonly Addition[], file: string): Addition['lines'] | undefined {
  return isInstalled(file) ? additions.find(({ files }) => files.test(file))?.lines : undefined
}

/** Whether a file is of an installed package: the app's own modules need not be held against patterns. */
export function isInstalled(file: string): boolean {
  return file.includes('node_modules')
}

function textOf(source: string | ArrayBuffer | NodeJS.TypedArray): string {
  if (typeof source === 'string') return source
  return Buffer.from(
    source instanceof ArrayBuffer
      ? source
      : source.buffer.slice(source.byteOffset, source.byteOffset + source.byteLength),
  ).toString('utf8')
}
