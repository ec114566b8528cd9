import { parseHost, parseHostPattern } from '../values/host-pattern.ts'
import { parseListenAddress } from '../values/listen-address.ts'
import { parseRedirectHost } from '../values/redirect-host.ts'
import { parseUpstreamUrl } from '../values/upstream-url.ts'
import { pattern, text } from './text.ts'

/** What names things: it ends up in logs, in metrics and in headers. */
export const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export const name = pattern('a name of letters, digits, dots, hyphens and underscores, at most 64', NAME)

export const host = text('a host name, without scheme, port and path', (input) =>
  typeof input === 'string' ? parseHost(input) : undefined,
)

export const hostPattern = text(
  'a host name such as www.example.com, *.example.com or *, without scheme, port and path',
  parseHostPattern,
)

/** A name with an optional port, as a Host header carries it. */
export const hostHeader = text('a host name, or preserve', parseHostHeader)

export const redirectHost = text(
  'a host such as media.example.com or *.example.com, with or without a port',
  parseRedirectHost,
)

export const listenAddress = text('an address such as 0.0.0.0:8080, [::1]:8080 or :8080', parseListenAddress)

export const url = text('a URL such as https://cdn.example.net', parseUpstreamUrl)

export const filePath = text('the path of a file', (input) =>
  typeof input === 'string' && input !== '' && input.length <= 4096 && !input.includes('\0') ? input : undefined,
)

/** What a client must present. Empty means none: the value of a variable that is not set. */
export const token = text<string | null>(
  'a token of visible ASCII characters, at least 8 of them, or null',
  (input) => (input === null || input === '' ? null : isToken(input) ? input : undefined),
  { type: ['string', 'null'] as never },
)

function isToken(input: unknown): input is string {
  return typeof input === 'string' && /^[\x21-\x7e]{8,1024}$/.test(input)
}

function parseHostHeader(input: unknown): string | undefined {
  if (typeof input !== 'string') return undefined
  const found = /^(.+?)(:\d{1,5})?$/.exec(input)
  const parsed = found === null ? undefined : parseHost(found[1]!)
  return parsed === undefined || Number(found![2]?.slice(1) ?? 0) > 65535 ? undefined : `${parsed}${found![2] ?? ''}`
}
