import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

import { VERSION } from '../version.ts'
import type { Facts, LoadedModule } from './facts.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

/** The oldest Node.js that OpenTelemetry 3.x runs on. */
const OLDEST = [22, 15]

/** Names whose copies have to agree with each other, or be one. */
const OF_INTEREST = /^@opentelemetry\/(?:api|core|instrumentation|resources|sdk-[\w-]+)$|^@mcp\/otel/

/** A copy of a package that was loaded. */
interface Copy {
  readonly name: string
  readonly version: string
  readonly folder: string
}

/** What can be told of the process: versions, copies, what was loaded when. */
export function checkProcess(facts: Facts): Finding[] {
  const copies = findCopies(facts.modules)
  return [checkNode(facts), ...checkCopies(facts, copies), checkLoadOrder(facts), checkEsm(facts), ...checkHooks(facts)]
}

export function checkNode({ node, watchesModules }: Pick<Facts, 'node' | 'watchesModules'>): Finding {
  const [major = 0, minor = 0] = node.slice(1).split('.').map(Number)
  const isOld = major < OLDEST[0]! || (major === OLDEST[0] && minor < OLDEST[1]!)
  const what = `Node.js ${node.slice(1)}, @mcp/otel ${VERSION}`
  if (isOld) return fail('versions', what, `use Node.js ${OLDEST.join('.')} or later; 24 is what is tested most`)
  if (!watchesModules)
    return warn('versions', `${what}: its synchronous module hooks are faulty`, 'use Node.js 22.22.3, 24.11.1 or later')
  return ok('versions', what)
}

function checkCopies({ registeredApi, watchesModules }: Facts, copies: readonly Copy[]): Finding[] {
  if (!watchesModules) return []
  const byName = Map.groupBy(copies, ({ name }) => name)
  const several = [...byName].filter(([, group]) => group.length > 1)
  const apis = byName.get('@opentelemetry/api') ?? []
  const newer = apis.filter(({ version }) => registeredApi !== undefined && isNewer(version, registeredApi))
  const findings = newer.map(({ folder, version }) =>
    fail(
      'copies',
      `@opentelemetry/api ${registeredApi} was registered first, and ${version} (${folder}) is deaf to it: what it records is lost`,
      'have one version of it in the app: npm ls @opentelemetry/api, then npm dedupe or an override',
    ),
  )
  const rest = several
    .filter(([name]) => name !== '@opentelemetry/api' || newer.length === 0)
    .map(([name, group]) =>
      warn(
        'copies',
        `${name} is loaded ${group.length} times: ${group.map(({ version, folder }) => `${version} in ${folder}`).join(', ')}`,
        `npm dedupe, or npm ls ${name} to see who brings it`,
      ),
    )
  if (findings.length + rest.length > 0) return [...findings, ...rest]
  const [api] = apis
  return [ok('copies', api === undefined ? 'no copy twice' : `@opentelemetry/api ${api.version}, no copy twice`)]
}

/** Compares `major.minor`, as the API does; what comes after does not matter to it. */
function isNewer(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [otherMajor = 0, otherMinor = 0] = than.split('.').map(Number)
  return major > otherMajor || (major === otherMajor && minor > otherMinor)
}

function findCopies(modules: readonly LoadedModule[]): Copy[] {
  const folders = new Set(modules.map(({ url }) => packageFolder(fileURLToPath(url))).filter((it) => it !== undefined))
  return [...folders].flatMap((folder) => readCopy(folder) ?? [])
}

/** The package of a file: by `node_modules`, or of our own by its `dist`, which a link may have led to. */
function packageFolder(file: string): string | undefined {
  const [, installed] = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/.exec(file) ?? []
  return installed ?? /^(.*)[\\/]dist[\\/][^\\/]+$/.exec(file)?.[1]
}

function readCopy(folder: string): Copy | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Partial<Copy>
    if (name === undefined || version === undefined || !OF_INTEREST.test(name)) return undefined
    return { name, version, folder }
  } catch {
    return undefined
  }
}

function checkLoadOrder({ hooks, modules, telemetry }: Facts): Finding {
  if (telemetry === undefined) return fail('load order', '@mcp/otel was not started', 'start it before the app')
  const missed = hooks.filter((hook) => hook.missed.length > 0)
  const before = modules.filter(({ isBefore, url }) => isBefore && isOfTheApp(url))
  if (missed.length > 0) {
    return fail(
      'load order',
      `loaded before @mcp/otel, and so unobserved: ${missed.map(({ what }) => what).join('; ')}`,
      `start with --import @mcp/otel/register, or ${missed[0]?.instead}`,
    )
  }
  if (before.length === 0) return ok('load order', '@mcp/otel was started before the app')
  return ok(
    'load order',
    `@mcp/otel was started after ${before.length} ${before.length === 1 ? 'module' : 'modules'} of the app, none of which it has to see first`,
  )
}

/** Neither what is installed nor what of ours is linked. */
function isOfTheApp(url: string): boolean {
  return !/[\\/]node_modules[\\/]|[\\/]mcp\.otel\.\w+$|[\\/]dist[\\/](?:register|start|index|chunk|rolldown|stderr)/.test(
    url,
  )
}

function checkEsm({ entry, hooks, modules, watchesModules }: Facts): Finding {
  if (!watchesModules)
    return warn(
      'ES modules',
      'what is loaded cannot be watched in this version of Node.js',
      'use Node.js 22.22.3, 24.11.1 or later',
    )
  const esm = modules.filter(({ format, url }) => format.startsWith('module') && isOfTheApp(url))
  if (esm.length === 0) return ok('ES modules', 'the app has none')
  const before = esm.filter(({ isBefore }) => isBefore).length
  const what = `${esm.length} of the app${entry === undefined ? '' : ` (${path.basename(entry)})`}`
  if (before === 0) return ok('ES modules', `${what}, all loaded under synchronous hooks`)
  const isHarmless = hooks.every(({ missed }) => missed.length === 0)
  if (isHarmless) return ok('ES modules', `${what}, ${before} of them loaded before the hooks; none needs one`)
  return warn(
    'ES modules',
    `${what}, ${before} of them loaded before the hooks`,
    'start with --import @mcp/otel/register',
  )
}

function checkHooks({ hooks, telemetry }: Facts): Finding[] {
  if (telemetry?.state !== 'running') return []
  const took = hooks.filter(({ loaded, missed }) => loaded > missed.length).map(({ what }) => what)
  const active = telemetry.instrumentations.join(', ')
  if (active === '') return [warn('instrumentations', 'none is active', 'see what the app said on stderr')]
  return [ok('instrumentations', `${active}${took.length === 0 ? '' : `; found in the app: ${took.join('; ')}`}`)]
}
