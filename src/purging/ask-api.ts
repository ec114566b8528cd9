import type { ApiAnswer, ApiCall } from './apis/purge-api.ts'

/** For all of an answer. Milliseconds. */
const TIMEOUT = 15_000
/** Bytes of an answer that are read: what APIs say of one call has a few hundred. */
const MOST = 64 * 1024

/** Why nobody answered, for people. */
export interface Unanswered {
  readonly unanswered: string
}

export interface AskOptions {
  /** Ends the request. */
  readonly stop: AbortSignal
  /** Milliseconds; default 15,000. */
  readonly timeout?: number
}

/**
 * Sends a call. TLS is verified as Node does (NODE_EXTRA_CA_CERTS adds an authority), redirects are not followed: they
 * would take the credentials elsewhere. Nothing that is said of a failure comes from what was sent.
 *
 * @param proof header fields that prove who asks
 */
export async function askApi(
  { method, url, headers, body }: ApiCall,
  proof: Readonly<Record<string, string>>,
  { stop, timeout = TIMEOUT }: AskOptions,
): Promise<ApiAnswer | Unanswered> {
  const local = new AbortController()
  const signal = AbortSignal.any([local.signal, stop, AbortSignal.timeout(timeout)])
  const fields = { 'user-agent': 'polycdn', accept: '*/*', ...headers, ...proof }
  try {
    const response = await fetch(url, { method, headers: fields, body, redirect: 'manual', signal })
    const text = await beginningOf(response)
    return { status: response.status, header: (name) => response.headers.get(name), body: text }
  } catch (error) {
    return { unanswered: reasonOf(error, timeout) }
  } finally {
    local.abort()
  }
}

async function beginningOf({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    chunks.push(chunk)
    size += chunk.length
    if (size >= MOST) break
  }
  return Buffer.concat(chunks).subarray(0, MOST).toString('utf8')
}

/** What Node throws names addresses and says `fetch failed`: the code behind it says more. */
function reasonOf(error: unknown, timeout: number): string {
  if (!(error instanceof Error)) return 'it failed'
  if (error.name === 'TimeoutError') return `no answer in ${timeout / 1000} s`
  if (error.name === 'AbortError') return 'it was given up'
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? `it cannot be asked (${cause.code})` : 'it cannot be asked'
}
