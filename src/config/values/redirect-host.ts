import { parseHostPattern } from './host-pattern.ts'

const WITH_PORT = /^(.+?)(?::(\d{1,5}))?$/

/**
 * A host whose redirects are followed: `media.example.com`, `*.example.com` for every name below it, either with a
 * port. Without one the port is the scheme's own. undefined for anything else, so for `*`.
 */
export function parseRedirectHost(input: unknown): string | undefined {
  const [, name, port] = (typeof input === 'string' ? WITH_PORT.exec(input) : null) ?? []
  const host = parseHostPattern(name)
  if (host === undefined || host === '*' || Number(port ?? 1) < 1 || Number(port ?? 1) > 65535) return undefined
  return port === undefined ? host : `${host}:${Number(port)}`
}

/** Whether one of such hosts is the URL's. */
export function isRedirectHost(hosts: readonly string[], url: URL): boolean {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  const forms = url.port === '' ? ['', `:${port}`] : [`:${port}`]
  const name = url.hostname
  return hosts.some((host) =>
    forms.some((form) =>
      host.startsWith('*.') ? `${name}${form}`.endsWith(host.slice(1)) : `${name}${form}` === host,
    ),
  )
}
