import { type Refusal, refuse } from './refusal.ts'

/** A base URL of a CDN or an origin, taken apart. */
export interface UpstreamUrl {
  /** As configured, without a trailing slash. */
  readonly url: string
  /** `https://host[:port]`, without the scheme's own port. */
  readonly origin: string
  /** Without a trailing slash; often empty. */
  readonly basePath: string
  /** The Host header: name, and port where it is not the scheme's own. */
  readonly host: string
  /** Without the port; IPv6 without brackets. */
  readonly hostname: string
  readonly secure: boolean
}

/** An http or https URL that paths can be appended to; undefined for what is no such URL at all. */
export function parseUpstreamUrl(input: unknown): UpstreamUrl | Refusal | undefined {
  if (typeof input !== 'string' || input.length > 2048 || !/^https?:\/\//i.test(input)) return undefined
  if (/[\s\\\p{Cc}]/u.test(input)) return refuse('a URL has no spaces, control characters or backslashes')
  const parsed = URL.parse(input)
  if (parsed === null || parsed.hostname === '' || parsed.port === '0') return undefined
  if (parsed.username !== '' || parsed.password !== '' || /^https?:\/\/[^/?#]*@/i.test(input)) {
    return { refused: 'a URL with a user name or a password is not accepted here', whole: true }
  }
  if (/[?#]/.test(input)) return refuse('the URL of an upstream has no query and no fragment')
  const basePath = parsed.pathname.replace(/\/+$/, '')
  return {
    url: input.replace(/\/+$/, ''),
    origin: parsed.origin,
    basePath,
    host: parsed.host,
    hostname: parsed.hostname.replace(/^\[|\]$/g, ''),
    secure: parsed.protocol === 'https:',
  }
}
