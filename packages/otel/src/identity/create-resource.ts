import path from 'node:path'

import type { Config } from '@mcp/otel-core'
import type { Attributes } from '@opentelemetry/api'
import type { Resource, ResourceDetector } from '@opentelemetry/resources'

import { sdkPackages } from '../sdk-packages.ts'
import { VERSION } from '../version.ts'
import { hostDetector } from './host-detector.ts'
import { instanceDetector } from './instance-detector.ts'
import { nearestPackage } from './nearest-package.ts'

/** Who this process is. */
export interface ServiceIdentity {
  readonly name: string
  readonly version: string | undefined
}

/**
 * Creates the resource: what is detected on this machine, then the app's package.json, the environment and the options,
 * each over the one before. Nothing is asked of the network, and neither arguments nor paths are in it unless wanted.
 */
export function createResource(config: Config, given?: Resource): Resource {
  const { defaultResource, detectResources, resourceFromAttributes } = sdkPackages.resources
  const chosen = config.resourceDetectors
  const detectors = detectorsByName()
  const wanted = chosen.includes('all') ? [...detectors.keys()] : chosen.filter((name) => name !== 'all')
  const local = wanted.filter((name) => name !== 'env').flatMap((name) => detectors.get(name) ?? [])
  const environment = wanted.includes('env') ? [sdkPackages.resources.envDetector] : []
  const app = nearestPackage(process.argv[1] ?? process.cwd())
  const resource = defaultResource()
    .merge(detectResources({ detectors: local }))
    .merge(
      resourceFromAttributes(known({ ...OURS, 'service.name': app.name ?? UNKNOWN, 'service.version': app.version })),
    )
    .merge(detectResources({ detectors: environment }))
    .merge(given ?? null)
  const chosenIdentity = { 'service.name': config.serviceName, 'service.version': config.serviceVersion }
  return resource.merge(resourceFromAttributes(known(chosenIdentity)))
}

/** Returns the name and version that a resource carries. */
export function serviceIdentity(resource: Resource): ServiceIdentity {
  const { 'service.name': name, 'service.version': version } = resource.attributes
  return {
    name: typeof name === 'string' ? name : 'unknown_service',
    version: typeof version === 'string' ? version : undefined,
  }
}

/** The SDK's own has the path with which Node was called. */
const UNKNOWN = `unknown_service:${path.basename(process.argv0)}`

const OURS: Attributes = {
  'process.pid': process.pid,
  'process.runtime.name': 'nodejs',
  'process.runtime.version': process.versions.node,
  'telemetry.distro.name': '@mcp/otel',
  'telemetry.distro.version': VERSION,
}

function detectorsByName(): ReadonlyMap<string, ResourceDetector> {
  const { envDetector, osDetector, processDetector } = sdkPackages.resources
  return new Map([
    ['serviceinstance', instanceDetector],
    ['process', processDetector],
    ['host', hostDetector],
    ['os', osDetector],
    ['env', envDetector],
  ])
}

function known(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined))
}
