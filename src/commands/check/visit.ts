import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { parseHeaderName, parseHeaderValue } from '../../config/values/header-field.ts'
import type { PolycdnError } from '../../errors.ts'
import { admit, type Ground } from '../../http/admit.ts'
import type { Admitted } from '../../http/exchange.ts'

/** The codings are a browser's, in the spelling that the gateway makes of it. */
const DEFAULTS: readonly string[] = ['user-agent', 'polycdn-check', 'accept', '*/*', 'accept-encoding', 'br, gzip']

/** A URL as a visitor would ask for it, or why it is none. */
export function visitedUrl(text: string): URL | string {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') return 'is no http or https URL'
  // Nothing of it is repeated: it holds a password.
  if (url.username !== '' || url.password !== '') return 'has a user name or a password'
  return url
}

/** Flat, from lines like `name: value`; or what is wrong with them. Values may be secret and are not repeated. */
export function visitorFields(lines: readonly string[]): string[] | string {
  const fields = [...DEFAULTS]
  for (const [at, line] of lines.entries()) {
    const colon = line.indexOf(':')
    const name = parseHeaderName(line.slice(0, Math.max(colon, 0)).trim())
    const value = parseHeaderValue(line.slice(colon + 1).trim())
    if (typeof name !== 'string' || value === undefined)
      return `--header ${at + 1} is no "name: value" that can be sent`
    if (name === 'range' || name.startsWith('if-')) return `--header ${at + 1}: ${name} is what check itself asks with`
    const same = fields.findIndex((field, index) => index % 2 === 0 && field === name)
    if (same !== -1 && DEFAULTS.includes(name)) fields.splice(same, 2)
    fields.push(name, value)
  }
  return fields
}

/** Who asks. */
export interface Visitor {
  /** An IP address. */
  readonly ip: string
  /** Header fields besides Host, flat. */
  readonly fields: readonly string[]
}

/**
 * A visitor's request for the URL, let in by the same door as those that come over a socket, so that the endpoints are
 * asked with the same header fields.
 */
export function visit(ground: Ground, url: URL, { ip, fields }: Visitor): Admitted | PolycdnError {
  const socket = Object.defineProperties(new Socket(), {
    remoteAddress: { value: ip },
    encrypted: { value: url.protocol === 'https:' },
  })
  const raw = new IncomingMessage(socket)
  raw.method = 'GET'
  raw.url = url.pathname + url.search
  raw.httpVersion = '1.1'
  raw.rawHeaders = ['host', url.host, ...fields]
  return admit(ground, raw)
}
