import { PolycdnError } from '../../errors.ts'
import { type Chunked, ChunkReader } from './chunks.ts'
import type { Exchange } from './exchange.ts'
import { type Framing, framingOf } from './framing.ts'
import { HeadParser } from './head-parser.ts'
import { keptAlive } from './keep-alive.ts'
import { ReadBuffers, spend } from './read-buffers.ts'

/** Bytes: a piece of content that is no smaller is handed over as it came. */
const SMALL = 1024

/** The answer to one exchange, as it is read: interim heads, the head, the content. */
export class Answer {
  /** It is complete. */
  complete = false
  /** After the last piece the handler wanted no more for now. */
  paused = false
  /** Milliseconds for which the connection may be used again; 0: not at all. */
  idle = 0
  readonly #exchange: Exchange
  readonly #parser = new HeadParser()
  /** null: the head has not come. */
  #framing: Framing | null = null
  #chunks: ChunkReader | null = null
  /** Bytes of content that have not come, as far as anybody knows. */
  #left = 0

  constructor(exchange: Exchange) {
    this.#exchange = exchange
  }

  /** Bytes of content that may come; null while the head has not. */
  get left(): number | null {
    return this.#framing === null ? null : this.#left
  }

  /**
   * Reads the next piece, and hands it over.
   *
   * @returns where the piece after that begins
   * @throws PolycdnError http_protocol_error
   */
  read(bytes: Buffer, at: number): number {
    this.paused = false
    if (this.#framing === null) return this.#readHead(bytes, at)
    if (this.#chunks !== null) return this.#readChunk(this.#chunks, bytes, at)
    const end = Math.min(bytes.length, at + this.#left)
    this.#left -= end - at
    if (this.#left === 0) this.complete = true
    this.#hand(bytes, at, end)
    return end
  }

  /** The connection has ended, and nothing more comes. What went wrong, or null. */
  end(): PolycdnError | null {
    if (this.#framing === 'until-end') return null
    if (this.#framing === null) return new PolycdnError('connection_terminated', 'the connection ended before the head')
    return new PolycdnError('http_response_incomplete', 'the connection ended within the content')
  }

  #readHead(bytes: Buffer, at: number): number {
    const head = this.#parser.feed(bytes, at)
    if (head === 'more') return bytes.length
    if (head === 'bad') return refuse('no head of HTTP/1.1')
    const framing = framingOf(this.#exchange.method, head)
    if (framing === null) return refuse('a head that contradicts itself')
    const goesOn = this.#exchange.head(head.status, head.rawHeaders)
    if (head.status < 200) return this.#parser.end
    this.paused = !goesOn
    this.#framing = framing
    this.idle = keptAlive(this.#exchange.method, head, framing)
    this.#left = typeof framing === 'number' ? framing : Number.POSITIVE_INFINITY
    if (framing === 'chunked') this.#chunks = new ChunkReader()
    if (framing === 0) this.complete = true
    return this.#parser.end
  }

  #readChunk(chunks: ChunkReader, bytes: Buffer, at: number): number {
    let found = nextOf(chunks, bytes, at)
    if (found === 'data') {
      const { from } = chunks
      let { to } = chunks
      // Each piece has its price, and an upstream may send one byte at a time: small ones are put together where they lie.
      while (to - from < SMALL && chunks.to < bytes.length) {
        found = nextOf(chunks, bytes, chunks.to)
        if (found !== 'data') break
        bytes.copyWithin(to, chunks.from, chunks.to)
        to += chunks.to - chunks.from
      }
      this.#hand(bytes, from, to)
    }
    if (found === 'done') this.complete = true
    return chunks.to
  }

  #hand(bytes: Buffer, from: number, to: number): void {
    this.paused = !this.#exchange.data(ReadBuffers.kept(bytes, from, to))
  }
}

/** Nobody gets what is between the pieces. */
function nextOf(chunks: ChunkReader, bytes: Buffer, at: number): Exclude<Chunked, 'bad'> {
  const found = chunks.next(bytes, at)
  if (found === 'bad') return refuse('no chunk')
  spend(bytes, (found === 'data' ? chunks.from : chunks.to) - at)
  return found
}

function refuse(what: string): never {
  throw new PolycdnError('http_protocol_error', `the upstream sends ${what}`)
}
