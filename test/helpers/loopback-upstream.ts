import { once } from 'node:events'
import { Agent, type IncomingMessage, request } from 'node:http'
import type { Ask, AskedEndpoint, Reply } from '../../src/providers/proof.ts'
import type { Scope } from './scope.ts'

/** An endpoint over plain HTTP, without limits of its own: what stalls is ended by whoever knows that it does. */
export class LoopbackUpstream implements AskedEndpoint {
  readonly key: string
  readonly #agent = new Agent({ keepAlive: true })
  readonly #open = new Set<IncomingMessage>()
  #ended = false

  constructor(scope: Scope, url: string) {
    this.key = url
    scope.teardown(() => this.end())
  }

  async ask({ path, accept, range }: Ask): Promise<Reply> {
    if (this.#ended) throw new Error('the endpoint has been left')
    const headers = { ...(accept === undefined ? {} : { accept }), ...(range === undefined ? {} : { range }) }
    const sent = request(`${this.key}${path}`, { agent: this.#agent, headers }).end()
    // Of a connection that breaks once its answer has begun: the body says so.
    sent.on('error', () => {})
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    this.#open.add(response)
    response.on('close', () => this.#open.delete(response)).on('error', () => {})
    return {
      status: response.statusCode!,
      header: (name) => {
        const values = response.headersDistinct[name]
        return values?.length === 1 ? values[0]! : null
      },
      body: pulled(response),
    }
  }

  /** Answers that are neither read nor let go of. */
  get open(): number {
    return this.#open.size
  }

  /** Ends everything that is under way. */
  end(): void {
    this.#ended = true
    for (const response of this.#open) response.destroy(new Error('a pause that is too long'))
    this.#agent.destroy()
  }
}

/** Unlike the iterator of a stream, one that lets go of it even where nothing was read. */
function pulled(response: IncomingMessage): AsyncIterable<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = response[Symbol.asyncIterator]()
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => chunks.next(),
      return: async () => {
        response.destroy()
        return { done: true, value: undefined }
      },
    }),
  }
}
