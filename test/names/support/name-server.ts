import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import {
  type Answer,
  decode,
  encode,
  type Packet,
  type Question,
  RECURSION_AVAILABLE,
  TRUNCATED_RESPONSE,
} from 'dns-packet'

export interface DnsAsked {
  readonly id: number
  readonly question: Question
  readonly transport: 'udp' | 'tcp'
}

/** What the server sends: packets or bytes, in their order; nothing is silence. */
export type DnsScript = (asked: DnsAsked) => readonly (Packet | Buffer)[]

export interface NameServer {
  /** `127.0.0.1:port`, for UDP and TCP. */
  readonly address: string
  readonly asked: readonly DnsAsked[]
  close(): Promise<void>
}

/** A name server on loopback that says what a test wants. */
export async function nameServer(script: DnsScript): Promise<NameServer> {
  const asked: DnsAsked[] = []
  const sockets = new Set<Socket>()
  const answers = (bytes: Buffer, transport: 'udp' | 'tcp') => {
    const { id = 0, questions } = decode(bytes)
    asked.push({ id, question: questions![0]!, transport })
    return script(asked.at(-1)!).map((packet) => (Buffer.isBuffer(packet) ? packet : encode(packet)))
  }
  const tcp = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', (bytes: Buffer) => {
      for (const answer of answers(bytes.subarray(2), 'tcp')) {
        socket.write(Buffer.from([answer.length >> 8, answer.length & 0xff]))
        socket.write(answer)
      }
    })
  })
  tcp.listen(0, '127.0.0.1')
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4')
  udp.on('message', (bytes, { port, address }) => {
    for (const answer of answers(bytes, 'udp')) udp.send(answer, port, address)
  })
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
  return {
    address: `127.0.0.1:${port}`,
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      tcp.close()
      udp.close()
    },
  }
}

export function reply({ id, question }: DnsAsked, answers: readonly Answer[], more: Packet = {}): Packet {
  return { type: 'response', id, flags: RECURSION_AVAILABLE, questions: [question], answers: [...answers], ...more }
}

export function truncated(asked: DnsAsked): Packet {
  return reply(asked, [], { flags: RECURSION_AVAILABLE | TRUNCATED_RESPONSE })
}

export function txt(name: string, data: string | string[], ttl = 300): Answer {
  return { type: 'TXT', name, ttl, data }
}
