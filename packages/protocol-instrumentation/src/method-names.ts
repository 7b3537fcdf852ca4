import { OTHER } from './bounded-names.ts'
import { fieldsOf } from './message.ts'

/** Methods of every revision of the specification so far. */
const SPECIFIED: ReadonlySet<string> = new Set([
  'completion/complete',
  'elicitation/create',
  'initialize',
  'logging/setLevel',
  'notifications/cancelled',
  'notifications/elicitation/complete',
  'notifications/initialized',
  'notifications/message',
  'notifications/progress',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
  'notifications/resources/updated',
  'notifications/roots/list_changed',
  'notifications/subscriptions/acknowledged',
  'notifications/tasks',
  'notifications/tasks/status',
  'notifications/tools/list_changed',
  'ping',
  'prompts/get',
  'prompts/list',
  'resources/list',
  'resources/read',
  'resources/subscribe',
  'resources/templates/list',
  'resources/unsubscribe',
  'roots/list',
  'sampling/createMessage',
  'server/discover',
  'subscriptions/listen',
  'tasks/cancel',
  'tasks/get',
  'tasks/list',
  'tasks/result',
  'tasks/update',
  'tools/call',
  'tools/list',
])

/** Returns a received method as a label: what neither the specification nor the application knows is `_OTHER`. */
export function receivedMethod(method: string, protocol: object): string {
  return SPECIFIED.has(method) || isHandled(method, protocol) ? method : OTHER
}

function isHandled(method: string, protocol: object): boolean {
  const { _requestHandlers: requests, _notificationHandlers: notifications } = fieldsOf(protocol)
  return (
    (requests instanceof Map && Map.prototype.has.call(requests, method)) ||
    (notifications instanceof Map && Map.prototype.has.call(notifications, method))
  )
}

/** Is it the specification's own? */
export function isSpecified(method: string): boolean {
  return SPECIFIED.has(method)
}
