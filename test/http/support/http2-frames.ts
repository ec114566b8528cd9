import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Scope } from '../../helpers/scope.ts'

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const
/** ACK is END_STREAM's bit in SETTINGS and PING. */
export const FLAG = { ack: 1, endStream: 1, endHeaders: 4, padded: 8, priority: 32 } as const
const HEAD_BYTES = 9

/** A frame of any form: nothing in it needs to make sense. */
export function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(HEAD_BYTES)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i)
  return bytes
}

export type Field = readonly [name: string, value: string]

/** HPACK: each field as a literal that is not indexed (RFC 7541 section 6.2.2). */
export function block(fields: readonly Field[]): Buffer {
  const pieces = fields.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)])
  return Buffer.concat(pieces)
}

function text(value: string): Buffer {
  return Buffer.concat([prefixed(value.length, 7), Buffer.from(value, 'latin1')])
}

/** RFC 7541 section 5.1, with the bits above the prefix zero. */
export function prefixed(value: number, bits: number): Buffer {
  const most = 2 ** bits - 1
  if (value < most) return Buffer.of(value)
  const bytes = [most]
  let rest = value - most
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}

export function settings(...pairs: (readonly [id: number, value: number])[]): Buffer {
  const payload = pairs.map(([id, value]) => Buffer.concat([Buffer.of(0, id), uint32(value)]))
  return frame(TYPE.settings, 0, 0, Buffer.concat(payload))
}

/** Literals only, so that the first field of each answer tells its status. */
export const HELLO = Buffer.concat([PREFACE, settings([1, 0])])

export function headers(stream: number, fields: readonly Field[], flags = FLAG.endStream | FLAG.endHeaders): Buffer {
  return frame(TYPE.headers, flags, stream, block(fields))
}

/** What the gateway has sent, one line a frame: `status 200 on 1`, `reset 8 on 1`, `goaway 1`, `end 1`, `ping`… */
export class FrameClient {
  readonly socket: Socket
  readonly seen: string[] = []
  #bytes: Buffer = Buffer.alloc(0)

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('error', () => {})
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    socket.once('close', () => this.seen.push('ended'))
  }

  send(...bytes: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(bytes))
  }

  #read(chunk: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    for (;;) {
      if (this.#bytes.length < HEAD_BYTES) return
      const end = HEAD_BYTES + this.#bytes.readUIntBE(0, 3)
      if (this.#bytes.length < end) return
      this.#note(this.#bytes.subarray(0, end))
      this.#bytes = this.#bytes.subarray(end)
    }
  }

  #note(bytes: Buffer): void {
    const type = bytes[3]!
    const flags = bytes[4]!
    const stream = bytes.readUInt32BE(5)
    const payload = bytes.subarray(HEAD_BYTES)
    if (type === TYPE.headers) this.seen.push(`status ${statusOf(payload)} on ${stream}`)
    if (type === TYPE.reset) this.seen.push(`reset ${payload.readUInt32BE(0)} on ${stream}`)
    if (type === TYPE.goaway) this.seen.push(`goaway ${payload.readUInt32BE(4)}`)
    if (type === TYPE.ping) this.seen.push(flags & FLAG.ack ? `pong ${payload.toString('hex')}` : 'ping')
    if (type === TYPE.settings) this.seen.push(flags & FLAG.ack ? 'settings ack' : 'settings')
    if (type <= TYPE.headers && flags & FLAG.endStream) this.seen.push(`end ${stream}`)
  }
}

export async function frameClient(scope: Scope, port: number): Promise<FrameClient> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  scope.teardown(() => socket.destroy())
  const client = new FrameClient(socket)
  await once(socket, 'connect')
  return client
}

const FIRST_STATUS = 8
const STATUSES = [200, 204, 206, 304, 400, 404, 500]

function statusOf(payload: Buffer): number {
  let at = 0
  while ((payload[at]! & 0xe0) === 0x20) at++
  const first = payload[at]!
  if (first & 0x80) return STATUSES[(first & 0x7f) - FIRST_STATUS] ?? 0
  const length = payload[at + 1]!
  const value = payload.subarray(at + 2, at + 2 + (length & 0x7f))
  return length & 0x80 ? huffmanDigits(value) : Number(value.toString('latin1'))
}

/** RFC 7541 appendix B, as far as digits go: 0 to 2 have five bits, the others six from 011001 on. */
function huffmanDigits(bytes: Buffer): number {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  let digits = ''
  while (digits.length < 3) {
    const short = Number.parseInt(bits.slice(0, 5), 2)
    digits += short <= 2 ? short : Number.parseInt(bits.slice(0, 6), 2) - 0b011001 + 3
    bits = bits.slice(short <= 2 ? 5 : 6)
  }
  return Number(digits)
}
