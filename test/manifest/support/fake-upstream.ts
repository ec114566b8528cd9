import type { Ask, AskedEndpoint, Reply } from '../../../src/providers/proof.ts'

export interface FakeAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer
  /** Bytes of a chunk. */
  readonly chunk?: number
  /** Thrown where the body ends. */
  readonly error?: Error
}

export interface FakeUpstream extends AskedEndpoint {
  readonly asks: readonly Ask[]
  /** Bodies that were begun, or not, and not read to their end. */
  readonly cancelled: number
}

/** An endpoint that answers what a test says, and remembers what it was asked. */
export function fakeUpstream(answer: (ask: Ask) => FakeAnswer): FakeUpstream {
  const asks: Ask[] = []
  let cancelled = 0
  return {
    key: 'fake',
    asks,
    get cancelled() {
      return cancelled
    },
    async ask(ask): Promise<Reply> {
      asks.push(ask)
      const { status = 200, headers = {}, ...rest } = answer(ask)
      return { status, header: (name) => headers[name] ?? null, body: bodyOf(rest, () => cancelled++) }
    },
  }
}

/** What an honest endpoint answers, ranges included. */
export function honest(bytes: Buffer, more: FakeAnswer = {}): (ask: Ask) => FakeAnswer {
  return ({ range }) => {
    const found = /^bytes=(\d+)-(\d+)$/.exec(range ?? '')
    if (found === null) return { headers: { 'content-length': String(bytes.length) }, body: bytes, ...more }
    const [first, last] = [Number(found[1]), Math.min(Number(found[2]), bytes.length - 1)]
    if (first > last) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` }, ...more }
    const headers = { 'content-range': `bytes ${first}-${last}/${bytes.length}` }
    return { status: 206, headers, body: bytes.subarray(first, last + 1), ...more }
  }
}

function bodyOf({ body = Buffer.alloc(0), chunk = 65_536, error }: FakeAnswer, onCancel: () => void) {
  let at = 0
  const iterator: AsyncIterableIterator<Uint8Array> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      if (at >= body.length && error !== undefined) throw error
      if (at >= body.length) return { done: true, value: undefined }
      at += chunk
      return { done: false, value: body.subarray(at - chunk, at) }
    },
    async return() {
      onCancel()
      return { done: true, value: undefined }
    },
  }
  return iterator
}

/** All that was yielded, and what it ended with. */
export async function drain(chunks: AsyncIterable<Uint8Array>): Promise<{ bytes: Buffer; error: unknown }> {
  const parts: Uint8Array[] = []
  try {
    for await (const part of chunks) parts.push(part)
    return { bytes: Buffer.concat(parts), error: null }
  } catch (error) {
    return { bytes: Buffer.concat(parts), error }
  }
}
