/**
 * The URL of an ACME directory: https, since keys to names are trusted to it; http on loopback only. undefined for anything
 * else.
 */
export function parseDirectory(input: unknown): string | undefined {
  const url = typeof input === 'string' && input.length <= 2048 ? URL.parse(input) : null
  if (url === null || url.username !== '' || url.password !== '' || url.hash !== '') return undefined
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname)) ? url.href : undefined
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|\[::1\]|localhost)$/
