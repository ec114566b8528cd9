import { MAX_MANIFEST } from './envelope.ts'

/** What tells whether a manifest changed since (RFC 9110 section 8.8), as it was received; null: it was not told. */
export interface Validators {
  readonly etag: string | null
  readonly lastModified: string | null
}

export interface FetchedManifest {
  readonly bytes: Buffer
  readonly validators: Validators
}

export const NO_VALIDATORS: Validators = { etag: null, lastModified: null }

/** For all of it. Milliseconds. */
const TIMEOUT = 60_000

/**
 * Asks for a manifest; null: it is the one that these validators came with. TLS is verified as Node does, redirects are
 * not followed. Throws an Error that says why not, without the URL, which may hold a secret.
 */
export async function fetchManifest(
  url: string,
  { etag, lastModified }: Validators,
  stop?: AbortSignal,
): Promise<FetchedManifest | null> {
  const headers = new Headers({ 'user-agent': 'polycdn' })
  if (etag !== null) headers.set('if-none-match', etag)
  if (etag === null && lastModified !== null) headers.set('if-modified-since', lastModified)
  const local = new AbortController()
  const stops = [local.signal, AbortSignal.timeout(TIMEOUT), ...(stop === undefined ? [] : [stop])]
  try {
    const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.any(stops) })
    if (response.status === 304 && (etag ?? lastModified) !== null) return null
    if (response.status !== 200) throw new TypeError(`the server answers ${response.status}`)
    const bytes = await readBounded(response)
    const fields = response.headers
    return { bytes, validators: { etag: fields.get('etag'), lastModified: fields.get('last-modified') } }
  } catch (error) {
    throw new TypeError(reasonOf(error))
  } finally {
    local.abort()
  }
}

async function readBounded({ body }: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body ?? []) {
    size += chunk.length
    if (size > MAX_MANIFEST) throw new TypeError(`it is larger than ${MAX_MANIFEST / 2 ** 20} MiB`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** What Node throws names addresses and says `fetch failed`: the code behind it says more. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'it failed'
  if (error.name === 'TimeoutError') return `no answer in ${TIMEOUT / 1000} s`
  if (error.name === 'AbortError') return 'it was given up'
  if (error.cause === undefined) return error.message
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? `it cannot be fetched (${cause.code})` : 'it cannot be fetched'
}
