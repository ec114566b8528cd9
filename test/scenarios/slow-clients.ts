/** Which of the gateway's listeners a client comes to. */
export type Entrance = 'plain' | 'tls' | 'h2c'

/** A client that means to stay: what it says at once, and now and then from there on. */
export interface SlowKind {
  readonly entrance: Entrance
  readonly opening: Buffer
  /** null: silent from then on. */
  readonly drip: Buffer | null
  /** It takes nothing of the answer. */
  readonly deaf?: boolean
  /** Only the least rate ends it, which is looked at after 30 s. */
  readonly patient?: boolean
  /** How what it is told begins, or null: nothing in particular. */
  readonly told: RegExp | null
}

const text = (value: string) => Buffer.from(value, 'latin1')
const POST = 'POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n'
const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const TIMED_OUT = /^HTTP\/1\.1 408 /
const NOTHING = /^$/

/** RFC 9113 section 4.1. */
function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const END_STREAM = 1
const END_HEADERS = 4
const HTTP2 = Buffer.concat([text(PREFACE), frame(4, 0, 0, Buffer.alloc(0))])
/** HPACK (RFC 7541): `:method POST`, `:scheme http`, `:path /`, `:authority a`. */
const POST_FIELDS = Buffer.from([0x83, 0x86, 0x84, 0x01, 0x01, 0x61])
const DATA = frame(0, 0, 1, text('x'))
/** A ClientHello of 508 bytes as far as its version. */
const HELLO = Buffer.from('16030102000100 01fc0303'.replace(' ', ''), 'hex')

/** Every way to hold a connection for nothing that RFC 9112, 8446 and 9113 leave to a client. */
export const SLOW_KINDS: Readonly<Record<string, SlowKind>> = {
  silent: { entrance: 'plain', opening: Buffer.alloc(0), drip: null, told: null },
  'slow header': {
    entrance: 'plain',
    opening: text('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: '),
    drip: text('x'),
    told: TIMED_OUT,
  },
  'slow target': { entrance: 'plain', opening: text('GET /'), drip: text('x'), told: TIMED_OUT },
  'silent body': { entrance: 'plain', opening: text(`${POST}x`), drip: null, told: TIMED_OUT },
  'slow body': { entrance: 'plain', opening: text(POST), drip: text('x'), patient: true, told: TIMED_OUT },
  'slow reader': {
    entrance: 'plain',
    opening: text('GET /huge HTTP/1.1\r\nHost: a\r\n\r\n'),
    drip: null,
    deaf: true,
    told: null,
  },
  'silent handshake': { entrance: 'tls', opening: Buffer.alloc(0), drip: null, told: NOTHING },
  'slow handshake': { entrance: 'tls', opening: HELLO, drip: text('x'), told: NOTHING },
  'silent before HTTP/2': { entrance: 'h2c', opening: text(PREFACE.slice(0, 9)), drip: null, told: NOTHING },
  'pings of HTTP/2': { entrance: 'h2c', opening: HTTP2, drip: frame(6, 0, 0, Buffer.alloc(8)), told: null },
  'half a header section of HTTP/2': {
    entrance: 'h2c',
    opening: Buffer.concat([HTTP2, frame(1, END_STREAM, 1, POST_FIELDS)]),
    drip: null,
    told: null,
  },
  'goodbye of HTTP/2': {
    entrance: 'h2c',
    opening: Buffer.concat([HTTP2, frame(7, 0, 0, Buffer.alloc(8))]),
    drip: null,
    told: null,
  },
  'silent body of HTTP/2': {
    entrance: 'h2c',
    opening: Buffer.concat([HTTP2, frame(1, END_HEADERS, 1, POST_FIELDS), DATA]),
    drip: null,
    told: null,
  },
  'slow body of HTTP/2': {
    entrance: 'h2c',
    opening: Buffer.concat([HTTP2, frame(1, END_HEADERS, 1, POST_FIELDS)]),
    drip: DATA,
    patient: true,
    told: null,
  },
}
