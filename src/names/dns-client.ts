import { randomInt } from 'node:crypto'
import { ProofError } from '../providers/proof.ts'
import { askByTcp, askByUdp, type NameServer } from './dns-exchange.ts'
import type { DnsReply, TxtAnswer } from './dns-message.ts'

export interface DnsClientOptions {
  /** As `node:dns` lists them: `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1`, `[2001:db8::1]:5353`. */
  servers(): readonly string[]
  /** How long a server has, in the first round and in later ones. Milliseconds. */
  readonly timeouts?: readonly number[]
}

/** The same as what resolvers of systems do: three servers, two rounds. */
const MAX_SERVERS = 3
const TIMEOUTS = [1000, 2500]

/** Looks TXT records up with their TTL, which the functions of Node do not tell. */
export class DnsClient {
  readonly #options: DnsClientOptions

  constructor(options: DnsClientOptions) {
    this.#options = options
  }

  /** Throws a ProofError where no server answers. */
  async txt(name: string): Promise<TxtAnswer> {
    const { servers, timeouts = TIMEOUTS } = this.#options
    const asked = servers().slice(0, MAX_SERVERS).map(nameServer)
    let why = 'there is none'
    for (const ms of timeouts) {
      for (const server of asked) {
        try {
          const reply = await ask(server, name, ms)
          if (reply.kind === 'answer') return reply
          why = reply.kind === 'refused' ? `code ${reply.rcode}` : 'an answer that is too long'
        } catch (error) {
          why = (error as Error).message
        }
      }
    }
    throw new ProofError('unproved', `no name server answers: ${why}`)
  }
}

async function ask(server: NameServer, name: string, ms: number): Promise<DnsReply> {
  const reply = await askByUdp(server, { id: randomInt(0x10000), name }, ms)
  return reply.kind === 'truncated' ? askByTcp(server, { id: randomInt(0x10000), name }, ms) : reply
}

function nameServer(text: string): NameServer {
  const match = /^\[(.+)\]:(\d+)$/.exec(text) ?? /^([^:]+):(\d+)$/.exec(text)
  return match === null ? { host: text, port: 53 } : { host: match[1]!, port: Number(match[2]) }
}
