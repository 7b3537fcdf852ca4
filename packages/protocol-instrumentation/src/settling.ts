/** Makes a call and tells how it ended, at once or when its promise settles; its caller gets the same result or error. */
export function settling(
  call: () => unknown,
  succeeded: (() => void) | undefined,
  failed: (error: unknown) => void,
): unknown {
  let result: unknown
  try {
    result = call()
  } catch (error) {
    failed(error)
    throw error
  }
  if (!(result instanceof Promise)) {
    succeeded?.()
    return result
  }
  // What is returned follows the promise: a handler beside it would hide a rejection that nobody handles.
  return result.then(
    succeeded &&
      ((value: unknown) => {
        succeeded()
        return value
      }),
    (error: unknown) => {
      failed(error)
      throw error
    },
  )
}
