const CLASS_NAME = /^[A-Za-z_$][\w$.]{0,63}$/

/**
 * Returns the class of an error as a bounded label value: its constructor's or own name; `_OTHER` for what has none.
 * Never throws, whatever was thrown.
 */
export function errorType(error: unknown): string {
  try {
    if (typeof error !== 'object' || error === null) return '_OTHER'
    const { name } = error as { name?: unknown }
    if (typeof name === 'string' && name !== 'Error' && CLASS_NAME.test(name)) return name
    const constructorName: unknown = error.constructor?.name
    if (typeof constructorName === 'string' && CLASS_NAME.test(constructorName)) return constructorName
  } catch {
    // A getter or a Proxy of the application's threw: its class stays unknown.
  }
  return '_OTHER'
}
