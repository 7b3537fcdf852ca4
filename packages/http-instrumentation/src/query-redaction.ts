// The HTTP conventions' list, and the names under which credentials commonly travel.
const SECRET_PARAMETERS = [
  'awsaccesskeyid',
  'signature',
  'sig',
  'x-goog-signature',
  'x-amz-signature',
  'x-amz-credential',
  'x-amz-security-token',
  'access_token',
  'refresh_token',
  'id_token',
  'token',
  'api_key',
  'apikey',
  'client_secret',
  'secret',
  'password',
]

/** Returns what replaces the values of secret query parameters by `REDACTED`, and leaves the rest as it was sent. */
export function createQueryRedaction(further: readonly string[] = []): (query: string) => string {
  const secrets = new Set([...SECRET_PARAMETERS, ...further.map((name) => name.toLowerCase())])
  return (query) =>
    query
      .split('&')
      .map((parameter) => {
        const end = parameter.indexOf('=')
        const name = end === -1 ? '' : parameter.slice(0, end)
        return name !== '' && secrets.has(decoded(name).toLowerCase()) ? `${name}=REDACTED` : parameter
      })
      .join('&')
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
