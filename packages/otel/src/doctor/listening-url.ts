import { readdir, readFile, readlink } from 'node:fs/promises'

import { reach } from './reach.ts'

/** Where a process serves its metrics, and its environment; or why that cannot be told. */
export type Listening =
  | { readonly url: string; readonly env: Readonly<Record<string, string>> }
  | { readonly problem: { readonly found: string; readonly remedy: string } }

const LISTEN = '0A'
const REMEDY = 'give the URL of its endpoint, which its first line on stderr names'

/** Finds the endpoint of a process of this machine among the ports that it listens on, as Linux tells them. */
export async function listeningUrl(pid: number): Promise<Listening> {
  if (process.platform !== 'linux')
    return { problem: { found: `the ports of process ${pid} can only be found out on Linux`, remedy: REMEDY } }
  try {
    const [env, ports] = await Promise.all([environmentOf(pid), portsOf(pid)])
    for (const url of ports) {
      const reached = await reach(`${url}/metrics`, { token: env['MCP_OTEL_TOKEN'], timeoutMillis: 3000 })
      const isOurs = !('reason' in reached) && (reached.status === 401 || reached.body.includes('mcp_build_info'))
      if (isOurs) return { url, env }
    }
    const where =
      ports.length === 0 ? 'listens nowhere' : `listens on ${ports.join(', ')}, where there is no /metrics of ours`
    return { problem: { found: `process ${pid} ${where}`, remedy: 'start the app with --require @mcp/otel/register' } }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const found = code === 'ENOENT' ? `there is no process ${pid}` : `process ${pid} cannot be looked at: ${code}`
    return { problem: { found, remedy: code === 'ENOENT' ? 'give the id of one that runs' : REMEDY } }
  }
}

async function environmentOf(pid: number): Promise<Record<string, string>> {
  const text = await readFile(`/proc/${pid}/environ`, 'utf8')
  const pairs = text.split('\0').filter((entry) => entry.includes('='))
  return Object.fromEntries(
    pairs.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}

async function portsOf(pid: number): Promise<string[]> {
  const inodes = await socketsOf(pid)
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map(async (table) => readFile(`/proc/${pid}/net/${table}`, 'utf8').catch(() => '')),
  )
  const ports = tables.flatMap((table) =>
    table
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === LISTEN && inodes.has(fields[9] ?? ''))
      .map(([, local = '']) => ({
        isLoopback6: local.startsWith('00000000000000000000000001000000:'),
        port: parseInt(local.slice(-4), 16),
      })),
  )
  return ports.map(({ isLoopback6, port }) => `http://${isLoopback6 ? '[::1]' : '127.0.0.1'}:${port}`)
}

async function socketsOf(pid: number): Promise<Set<string>> {
  const folder = `/proc/${pid}/fd`
  const links = await Promise.all(
    (await readdir(folder)).map(async (fd) => readlink(`${folder}/${fd}`).catch(() => '')),
  )
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []))
}
