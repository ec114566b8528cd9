import { parseDirectory } from './directory-url.ts'

/**
 * The URL of a CDN's API: https, since credentials are sent there; http on loopback only. Without a query, and without a
 * slash at its end. undefined for anything else.
 */
export function parseApiUrl(input: unknown): string | undefined {
  const url = parseDirectory(input)
  return url === undefined || url.includes('?') ? undefined : url.replace(/\/+$/, '')
}
