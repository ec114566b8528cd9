import { createSocket } from 'node:dgram'
import { createConnection, isIPv6 } from 'node:net'
import { type DnsReply, encodeQuestion, readReply, type TxtQuestion } from './dns-message.ts'

/** One name server: an address and a port. */
export interface NameServer {
  readonly host: string
  readonly port: number
}

/** Datagrams that answer another question: after so many somebody is guessing. */
const MAX_STRANGERS = 64

/** Asks from a port of its own, which the system draws: one more thing to guess. Rejects after `ms` milliseconds. */
export function askByUdp(server: NameServer, question: TxtQuestion, ms: number): Promise<DnsReply> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(server.host) ? 'udp6' : 'udp4')
    const end = (settle: () => void) => {
      clearTimeout(timer)
      socket.removeAllListeners('message')
      socket.close()
      settle()
    }
    const fail = (error: Error) => end(() => reject(error))
    const timer = setTimeout(() => fail(new Error('timed out')), ms)
    let strangers = 0
    socket.once('error', (error) => {
      socket.on('error', () => {})
      fail(error)
    })
    socket.on('message', (bytes) => {
      const reply = readReply(bytes, question)
      if (reply !== null) return end(() => resolve(reply))
      if (++strangers === MAX_STRANGERS) fail(new Error('answers to other questions'))
    })
    // A connected socket takes datagrams of this server only, and hears that nobody listens.
    socket.once('connect', () => socket.send(encodeQuestion(question)))
    socket.connect(server.port, server.host)
  })
}

/** Rejects after `ms` milliseconds, and where the answer is to another question. */
export function askByTcp(server: NameServer, question: TxtQuestion, ms: number): Promise<DnsReply> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(server)
    const timer = setTimeout(() => socket.destroy(new Error('timed out')), ms)
    let received = Buffer.alloc(0)
    socket.once('connect', () => {
      const bytes = encodeQuestion(question)
      const length = Buffer.alloc(2)
      length.writeUInt16BE(bytes.length)
      socket.write(Buffer.concat([length, bytes]))
    })
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      const message = wholeMessage(received)
      if (message === null) return
      const reply = readReply(message, question)
      if (reply !== null) resolve(reply)
      socket.destroy(reply === null ? new Error('an answer to another question') : undefined)
    })
    socket.once('error', reject)
    socket.once('close', () => {
      clearTimeout(timer)
      reject(new Error('no answer'))
    })
  })
}

/** Its length comes first, in 16 bits (RFC 1035 section 4.2.2). */
function wholeMessage(received: Buffer): Buffer | null {
  if (received.length < 2) return null
  const length = received.readUInt16BE(0)
  return received.length < 2 + length ? null : received.subarray(2, 2 + length)
}
