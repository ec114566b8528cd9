import { AsyncLocalStorage } from 'node:async_hooks'
import { axios } from 'acme-client'
import { AcmeRefused } from './acme-refused.ts'

/** Of one request. Milliseconds. */
const TIMEOUT = 30_000
/** Bytes. */
const MAX_ANSWER = 1024 * 1024
const BAD_NONCE = 'urn:ietf:params:acme:error:badNonce'

const running = new AsyncLocalStorage<AbortSignal>()

/** Runs what talks to a directory; the signal ends its requests. */
export function talking<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  return running.run(signal, work)
}

/**
 * How acme-client sends its requests. Its own way waits in an unknown state for as long as any Retry-After says, follows
 * redirects and forgets the type of a problem. Here a request ends in time, goes where the directory said and nowhere
 * else, verifies TLS as Node does (NODE_EXTRA_CA_CERTS adds an authority), and throws AcmeRefused.
 */
axios.defaults.adapter = async (config) => {
  const stops = [AbortSignal.timeout(TIMEOUT), running.getStore()].filter((signal) => signal !== undefined)
  const response = await fetch(config.url!, {
    method: (config.method ?? 'get').toUpperCase(),
    headers: Object.entries(config.headers.toJSON()).map(([name, value]) => [name, String(value)]),
    ...(config.data === undefined ? {} : { body: String(config.data) }),
    redirect: 'error',
    signal: AbortSignal.any(stops),
  })
  const data = await readText(response)
  const { status, statusText } = response
  if (status >= 400 && !data.includes(BAD_NONCE)) {
    throw new AcmeRefused(status, parse(data), parseRetryAfter(response.headers.get('retry-after'), Date.now()))
  }
  return { data, status, statusText, headers: Object.fromEntries(response.headers), config }
}
axios.defaults.headers.common['User-Agent'] = 'polycdn'

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > MAX_ANSWER) throw new AcmeRefused(response.status, { detail: 'the answer is too large' }, null)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** RFC 9110 section 10.2.3: seconds or a date. Milliseconds; null for anything else. */
export function parseRetryAfter(text: string | null, now: number): number | null {
  if (text === null) return null
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}
