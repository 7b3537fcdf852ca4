import { readFileSync } from 'node:fs'
import { arch, hostname } from 'node:os'

import type { ResourceDetector } from '@opentelemetry/resources'

const ARCHITECTURES: Readonly<Record<string, string>> = { arm: 'arm32', ppc: 'ppc32', x64: 'amd64' }

/**
 * Detects the host at once: the stock detector answers later, so that what is shown or exported before lacks it, and
 * starts a program to ask for the id on macOS and Windows.
 */
export const hostDetector: ResourceDetector = {
  detect: () => {
    const id = machineId()
    const host = { 'host.name': hostname(), 'host.arch': ARCHITECTURES[arch()] ?? arch() }
    return { attributes: id === undefined ? host : { ...host, 'host.id': id } }
  },
}

function machineId(): string | undefined {
  for (const file of ['/etc/machine-id', '/var/lib/dbus/machine-id']) {
    try {
      const id = readFileSync(file, 'utf8').trim()
      if (id !== '') return id
    } catch {
      // Not this file; many containers have none.
    }
  }
  return undefined
}
