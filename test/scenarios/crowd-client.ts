import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What came of one request. */
export interface Fetched {
  readonly status: number
  /** `cut`: the connection ended before the body did. `wrong`: a byte is not what it should be. */
  readonly body: 'exact' | 'wrong' | 'cut'
  /** The members of Cache-Status. */
  readonly cacheStatus: string
}

/** All clients read into one buffer: each looks at its bytes at once and forgets them. */
const BUFFER = Buffer.allocUnsafeSlow(256 * 1024)
/** Bytes. */
const LONGEST_HEAD = 4096

interface Question {
  readonly expected: Buffer
  readonly onProgress: (received: number) => unknown
  readonly resolve: (fetched: Fetched) => void
  head: string
  /** Bytes of the body; -1: the head is not here yet. */
  received: number
  /** Of the body, as the head says. */
  length: number
  isExact: boolean
}

/** One of a crowd: a connection that costs little, and that compares a body byte by byte while it comes. */
export class CrowdClient {
  readonly #socket: Socket
  #question: Question | null = null

  private constructor(port: number) {
    const callback = (size: number) => {
      this.#take(BUFFER.subarray(0, size))
      return true
    }
    this.#socket = connect({ port, host: '127.0.0.1', onread: { buffer: BUFFER, callback } })
    this.#socket.on('error', () => {}).on('close', () => this.#answer('cut'))
  }

  static async open(port: number): Promise<CrowdClient> {
    const client = new CrowdClient(port)
    await once(client.#socket, 'connect')
    return client
  }

  /** @param onProgress told of how many bytes of the body have come */
  get(path: string, expected: Buffer, onProgress: (received: number) => unknown = () => {}): Promise<Fetched> {
    const { promise, resolve } = Promise.withResolvers<Fetched>()
    this.#question = { expected, onProgress, resolve, head: '', received: -1, length: expected.length, isExact: true }
    if (this.#socket.destroyed) this.#answer('cut')
    else this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: crowd\r\n\r\n`)
    return promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #take(bytes: Buffer): void {
    const question = this.#question
    if (question === null) return
    const content = question.received < 0 ? afterHead(question, bytes) : bytes
    if (content === null) return
    const end = question.received + content.length
    if (content.compare(question.expected, question.received, Math.min(end, question.expected.length)) !== 0) {
      question.isExact = false
    }
    question.received = end
    question.onProgress(end)
    // A refusal is shorter.
    if (end >= question.length) this.#answer(question.isExact ? 'exact' : 'wrong')
  }

  #answer(body: Fetched['body']): void {
    const question = this.#question
    if (question === null) return
    this.#question = null
    const { head } = question
    const cacheStatus = /^cache-status: (.*)\r$/im.exec(head)?.[1] ?? ''
    question.resolve({ status: Number(head.slice(9, 12)), body, cacheStatus })
  }
}

/** What of the bytes is content; null: none yet. A length that is not the expected one is no exact body. */
function afterHead(question: Question, bytes: Buffer): Buffer | null {
  const before = question.head.length
  // A head is short: what stands behind it is not worth a string.
  const text = question.head + bytes.toString('latin1', 0, LONGEST_HEAD)
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) {
    question.head = text
    return null
  }
  question.head = text.slice(0, end + 2)
  question.received = 0
  question.length = Number(/^content-length: (\d+)\r$/im.exec(question.head)?.[1])
  question.isExact = question.length === question.expected.length
  return bytes.subarray(end + 4 - before)
}
