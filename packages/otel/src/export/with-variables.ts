/**
 * Runs `create` with some environment variables set or, where undefined, unset: the only way to hand settings to SDK
 * code that reads the environment in its constructors. Nothing else runs meanwhile.
 */
export function withVariables<T>(variables: Readonly<Record<string, string | undefined>>, create: () => T): T {
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const)
  try {
    for (const [name, value] of Object.entries(variables)) setVariable(name, value)
    return create()
  } finally {
    for (const [name, value] of before) setVariable(name, value)
  }
}

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
}
