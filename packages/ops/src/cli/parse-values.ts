/** Reads an address; throws when it is none that a browser could open. `undefined` stays so, as in the others here. */
export function parseAddress(flag: string, value: string | undefined): string | undefined {
  const isAddress = value !== undefined && URL.canParse(value) && /^https?:$/.test(new URL(value).protocol)
  return checked(flag, value, isAddress, 'an address such as https://ops.example.com')
}

/** Reads where a link leads: an address, or a path within Grafana. */
export function parseLink(flag: string, value: string | undefined): string | undefined {
  return value?.startsWith('/') === true ? value : parseAddress(flag, value)
}

/** Reads `host:port`. */
export function parseHostPort(flag: string, value: string | undefined): string | undefined {
  const port = Number(
    /^[^\s:/]+:(\d{1,5})$|^\[[\da-f:.]+\]:(\d{1,5})$/i
      .exec(value ?? '')
      ?.slice(1)
      .join(''),
  )
  return checked(flag, value, port > 0 && port < 65_536, 'host:port, such as smtp.example.com:587')
}

/** Reads one or more addresses of mail, separated by commas. */
export function parseMail(flag: string, value: string | undefined): string | undefined {
  const areMails = value?.split(',').every((each) => /^[^\s@]+@[^\s@]+$/.test(each.trim())) === true
  return checked(flag, value, areMails, 'an address such as team@example.com')
}

/** Reads the uid of something in Grafana. */
export function parseUid(flag: string, value: string | undefined): string | undefined {
  return checked(flag, value, /^[\w-]{1,40}$/.test(value ?? ''), 'a uid of up to 40 letters, digits, - and _')
}

function checked(flag: string, value: string | undefined, isAccepted: boolean, expected: string): string | undefined {
  if (value !== undefined && !isAccepted) throw new Error(`${flag} is ${JSON.stringify(value)}; expected ${expected}`)
  return value
}
