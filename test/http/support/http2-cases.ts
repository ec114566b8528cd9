import { block, type Field, FLAG, frame, headers, PREFACE, settings, TYPE, uint32 } from './http2-frames.ts'

/** What a client sends, and what the gateway must make of it. */
export interface Http2Case {
  /** The section of RFC 9113, or `7541 …`, and what it asks for. */
  readonly name: string
  /** After the preface and SETTINGS, unless `raw`. */
  readonly send: readonly Uint8Array[]
  readonly raw?: true
  /** One of what a FrameClient sees. Whoever must end the connection may also just do so. */
  readonly expect: readonly string[]
  /** Requests that reach the upstream; `any` where it may have been asked before the mistake. */
  readonly upstream: number | 'any'
}

const NOTHING = Buffer.alloc(0)
const HEADERS_ONLY = FLAG.endHeaders
const PING = frame(TYPE.ping, 0, 0, Buffer.from('12345678'))
const PONG = `pong ${Buffer.from('12345678').toString('hex')}`

const base = (method = 'GET', path = '/'): Field[] => [
  [':method', method],
  [':scheme', 'http'],
  [':path', path],
  [':authority', 'a'],
]
const get = (stream = 1) => headers(stream, base())
const post = (stream = 1, ...fields: Field[]) => headers(stream, [...base('POST'), ...fields], HEADERS_ONLY)
const data = (stream: number, text: string, flags: number = FLAG.endStream) =>
  frame(TYPE.data, flags, stream, Buffer.from(text))

type Row = readonly [name: string, ...send: Uint8Array[]]

const CONNECTION_ERROR = (code: number) => [`goaway ${code}`]

/** The connection ends with this code. */
function connection(code: number, rows: readonly Row[]): Http2Case[] {
  return rows.map(([name, ...send]) => ({ name, send, expect: CONNECTION_ERROR(code), upstream: 0 }))
}

/** Stream 1 is reset with this code, or treated as worse (RFC 9113 section 5.4.2 leaves that to us). */
function stream(code: number, rows: readonly Row[]): Http2Case[] {
  const expect = [`reset ${code} on 1`, `goaway ${code}`]
  return rows.map(([name, ...send]) => ({ name, send, expect, upstream: 0 }))
}

function answered(status: number, rows: readonly Row[]): Http2Case[] {
  const expect = [`status ${status} on 1`]
  return rows.map(([name, ...send]) => ({ name, send, expect, upstream: status < 400 ? 1 : 0 }))
}

const PROTOCOL = 1
const FLOW = 3
const CLOSED = 5
const SIZE = 6
const COMPRESSION = 9

const FRAMES = [
  ...connection(PROTOCOL, [
    ['5.1: DATA on an idle stream', data(1, 'x')],
    ['5.1: RST_STREAM on an idle stream', frame(TYPE.reset, 0, 1, uint32(8))],
    ['5.1: WINDOW_UPDATE on an idle stream', frame(TYPE.window, 0, 1, uint32(1))],
    ['5.1.1: an even stream', get(2)],
    ['5.1.1: HEADERS on stream 0', get(0)],
    ['6.1: DATA on stream 0', data(0, 'x')],
    ['6.1: padding longer than the frame', post(), frame(TYPE.data, FLAG.padded, 1, Buffer.of(9, 1))],
    ['6.2: padding longer than the section', frame(TYPE.headers, FLAG.endHeaders | FLAG.padded, 1, Buffer.of(9, 1))],
    ['6.2: another frame within a field section', headers(1, base(), FLAG.endStream), PING],
    ['6.2: another stream within a field section', headers(1, base(), FLAG.endStream), get(3)],
    ['6.2: CONTINUATION of another stream', headers(1, base(), 1), frame(TYPE.continuation, FLAG.endHeaders, 3)],
    ['6.2: an unknown frame within a field section', headers(1, base(), FLAG.endStream), frame(0x42, 0, 1)],
    ['6.4: RST_STREAM on stream 0', frame(TYPE.reset, 0, 0, uint32(8))],
    ['6.5: SETTINGS on a stream', frame(TYPE.settings, 0, 1)],
    ['6.5.2: ENABLE_PUSH other than 0 or 1', settings([2, 2])],
    ['6.5.2: MAX_FRAME_SIZE too small', settings([5, 16_383])],
    ['6.5.2: MAX_FRAME_SIZE too large', settings([5, 2 ** 24])],
    ['6.7: PING on a stream', frame(TYPE.ping, 0, 1, Buffer.alloc(8))],
    ['6.8: GOAWAY on a stream', frame(TYPE.goaway, 0, 1, uint32(0, 0))],
    ['6.9: WINDOW_UPDATE of 0 for the connection', frame(TYPE.window, 0, 0, uint32(0))],
    ['6.10: CONTINUATION of nothing', frame(TYPE.continuation, FLAG.endHeaders, 1, block(base()))],
    ['6.10: CONTINUATION on stream 0', headers(1, base(), 1), frame(TYPE.continuation, FLAG.endHeaders, 0)],
    ['8.4: PUSH_PROMISE from a client', post(), frame(TYPE.push, FLAG.endHeaders, 1, uint32(2))],
  ]),
  ...connection(FLOW, [
    ['6.5.2: INITIAL_WINDOW_SIZE too large', settings([4, 2 ** 31])],
    ['6.9.1: the window of the connection overflows', frame(TYPE.window, 0, 0, uint32(2 ** 31 - 1))],
  ]),
  ...connection(SIZE, [
    ['4.2: a frame larger than MAX_FRAME_SIZE', post(), frame(TYPE.data, 0, 1, Buffer.alloc(16_385))],
    ['4.2: HEADERS larger than MAX_FRAME_SIZE', frame(TYPE.headers, FLAG.endHeaders, 1, Buffer.alloc(16_385))],
    ['6.4: RST_STREAM of 3 bytes', post(), frame(TYPE.reset, 0, 1, Buffer.alloc(3))],
    ['6.5: SETTINGS ACK with a payload', frame(TYPE.settings, FLAG.ack, 0, Buffer.alloc(6))],
    ['6.5: SETTINGS of 5 bytes', frame(TYPE.settings, 0, 0, Buffer.alloc(5))],
    ['6.7: PING of 7 bytes', frame(TYPE.ping, 0, 0, Buffer.alloc(7))],
    ['6.8: GOAWAY of 7 bytes', frame(TYPE.goaway, 0, 0, Buffer.alloc(7))],
    ['6.9: WINDOW_UPDATE of 3 bytes', frame(TYPE.window, 0, 0, Buffer.alloc(3))],
  ]),
  ...connection(COMPRESSION, [
    ['7541 2.3.3: an index beyond the tables', frame(TYPE.headers, 5, 1, Buffer.of(0xff, 0x7f))],
    ['7541 6.1: the index 0', frame(TYPE.headers, 5, 1, Buffer.of(0x80))],
    ['7541 4.2: a table size update after a field', frame(TYPE.headers, 5, 1, Buffer.of(0x82, 0x20))],
    ['7541 6.3: a table size above the limit', frame(TYPE.headers, 5, 1, Buffer.of(0x3f, 0xff, 0xff, 0x7f))],
    ['7541 5.2: Huffman padding of zeros', frame(TYPE.headers, 5, 1, Buffer.of(0, 0x81, 0x18, 1, 0x61))],
    ['7541 5.2: EOS in a string', frame(TYPE.headers, 5, 1, Buffer.of(0, 0x84, 0xff, 0xff, 0xff, 0xff, 1, 0x61))],
    ['7541 5.1: an integer that never ends', frame(TYPE.headers, 5, 1, Buffer.alloc(20, 0xff))],
    ['4.3: a field section that breaks off', frame(TYPE.headers, 5, 1, block(base()).subarray(0, -1))],
  ]),
]

const STREAMS = [
  ...stream(PROTOCOL, [
    ['5.3.1: a stream that depends on itself', priority(1)],
    ['6.9: WINDOW_UPDATE of 0 for a stream', post(), frame(TYPE.window, 0, 1, uint32(0))],
    ['8.1: a trailer section that does not end the stream', post(), headers(1, [['x', 'y']], HEADERS_ONLY)],
    ['8.1.1: less content than content-length', post(1, ['content-length', '5']), data(1, 'four')],
    ['8.1.1: content-length without content', headers(1, [...base('POST'), ['content-length', '3']])],
    ['8.1.1: two that differ', post(1, ['content-length', '4'], ['content-length', '3']), data(1, 'four')],
    ['8.2.1: a name in upper case', headers(1, [...base(), ['X-Up', '1']])],
    ['8.2.2: connection', headers(1, [...base(), ['connection', 'close']])],
    ['8.2.2: keep-alive', headers(1, [...base(), ['keep-alive', '1']])],
    ['8.2.2: proxy-connection', headers(1, [...base(), ['proxy-connection', 'close']])],
    ['8.2.2: transfer-encoding', post(1, ['transfer-encoding', 'chunked']), data(1, '0\r\n\r\n')],
    ['8.2.2: upgrade', headers(1, [...base(), ['upgrade', 'h2c']])],
    ['8.2.2: TE other than trailers', headers(1, [...base(), ['te', 'gzip']])],
    ['8.3: a pseudo-field after a field', headers(1, [...base().slice(0, 3), ['x', 'y'], [':authority', 'a']])],
    ['8.3: an unknown pseudo-field', headers(1, [...base(), [':proto', 'x']])],
    ['8.3: a pseudo-field of answers', headers(1, [...base(), [':status', '200']])],
    ['8.3: a pseudo-field in trailers', post(), data(1, 'x', 0), headers(1, [[':path', '/b']])],
    ['8.3.1: :method twice', headers(1, [...base(), [':method', 'GET']])],
    ['8.3.1: :path twice', headers(1, [...base(), [':path', '/b']])],
    ['8.3.1: :scheme twice', headers(1, [...base(), [':scheme', 'https']])],
    ['8.3.1: two authorities', headers(1, [...base(), [':authority', 'b']])],
    ['8.3.1: no :method', headers(1, base().slice(1))],
    ['8.3.1: no :scheme', headers(1, [base()[0]!, ...base().slice(2)])],
    ['8.3.1: no :path', headers(1, [...base().slice(0, 2), [':authority', 'a']])],
    ['8.3.1: an empty :path', headers(1, base('GET', ''))],
    ['8.3.1: :path * of a GET', headers(1, base('GET', '*'))],
    ['8.3.1: no authority at all', headers(1, base().slice(0, 3))],
    ['8.3.1: an absolute :path', headers(1, base('GET', 'http://b/'))],
    ['8.3.1: :path without a slash', headers(1, base('GET', 'a'))],
    ['8.5: CONNECT with a :path', headers(1, base('CONNECT'))],
    ['8.5: CONNECT without :authority', headers(1, [[':method', 'CONNECT']])],
  ]),
  ...stream(FLOW, [['6.9.1: the window of a stream overflows', post(), frame(TYPE.window, 0, 1, uint32(2 ** 31 - 1))]]),
  ...stream(SIZE, [['6.3: PRIORITY of 4 bytes', post(), frame(TYPE.priority, 0, 1, Buffer.alloc(4))]]),
]

const ANSWERED = [
  ...answered(400, [
    ['9110 7.4: a scheme that is not served', headers(1, base().with(1, [':scheme', 'ftp']))],
    ['8.3.1: host other than :authority', headers(1, [...base(), ['host', 'b']])],
    ['9110 9.3.1: a GET with content', headers(1, base(), HEADERS_ONLY), data(1, 'x')],
  ]),
  ...answered(405, [
    [
      '8.5: CONNECT',
      headers(1, [
        [':method', 'CONNECT'],
        [':authority', 'a:443'],
      ]),
    ],
    ['9110 9.3.8: TRACE', headers(1, base('TRACE'))],
  ]),
  ...answered(200, [
    ['3.4: a plain request', get()],
    ['4.1: unknown frames are ignored', frame(0x42, 0xff, 0, Buffer.alloc(9)), get(), frame(0x43, 0xff, 1)],
    ['4.1: unknown flags and the reserved bit', frame(TYPE.headers, 0x45 | 0x80, 0x80000001, block(base()))],
    ['5.3.2: PRIORITY of idle streams', frame(TYPE.priority, 0, 7, Buffer.alloc(5)), get()],
    ['6.1: padding', post(), frame(TYPE.data, 9, 1, Buffer.from('\x03bodyppp'.replaceAll('p', '\0')))],
    ['6.2: padding', frame(TYPE.headers, 13, 1, Buffer.concat([Buffer.of(2), block(base()), Buffer.alloc(2)]))],
    ['6.5.2: unknown settings', settings([0x7f, 1]), get()],
    ['6.8: GOAWAY of a client that goes on', get(), frame(TYPE.goaway, 0, 0, uint32(0, 0))],
    ['6.10: a section in three frames', ...inThree(block(base()))],
    ['7541 4.2: a table size update first', frame(TYPE.headers, 5, 1, Buffer.concat([Buffer.of(0x20), block(base())]))],
    ['8.1: trailers that end the stream', post(), data(1, 'x', 0), headers(1, [['x-sum', '1']])],
    ['8.1.1: content-length as it is', post(1, ['content-length', '4']), data(1, 'four')],
    // nghttp2 leaves such a field out, so that nobody sees it, where the RFC calls the request malformed.
    ['8.2.1: a space in a name: left out', headers(1, [...base(), ['x y', '1']])],
    ['8.2.1: CR LF in a value: left out', headers(1, [...base(), ['x', 'a\r\nb: c']])],
    ['8.2.1: NUL in a value: left out', headers(1, [...base(), ['x', 'a\0b']])],
    ['8.2.2: TE: trailers', headers(1, [...base(), ['te', 'trailers']])],
    ['8.3.1: host that is :authority', headers(1, [...base(), ['host', 'a']])],
    ['8.3.1: host alone', headers(1, [...base().slice(0, 3), ['host', 'a']])],
  ]),
  // Priorities mean nothing any more, and nghttp2 does not look at them.
  {
    name: '6.3: PRIORITY on stream 0',
    send: [frame(TYPE.priority, 0, 0, Buffer.alloc(5)), PING],
    expect: ['goaway 1', PONG],
    upstream: 0,
  },
  // nghttp2 ends the connection where a reset would do.
  {
    name: '8.1.1: more content than content-length',
    send: [post(1, ['content-length', '3']), data(1, 'four')],
    expect: ['reset 1 on 1', 'goaway 1', 'goaway 2'],
    upstream: 0,
  },
  { name: '6.7: PING is answered', send: [PING], expect: [PONG], upstream: 0 },
  { name: '6.5.3: SETTINGS are acknowledged', send: [NOTHING], expect: ['settings ack'], upstream: 0 },
]

const ODD: readonly Http2Case[] = [
  { name: '3.4: no preface', raw: true, send: [settings(), get()], expect: ['ended'], upstream: 0 },
  {
    name: '3.4: a broken preface',
    raw: true,
    send: [PREFACE.subarray(0, 20), Buffer.from('XXXX')],
    expect: ['ended'],
    upstream: 0,
  },
  { name: '3.4: no SETTINGS first', raw: true, send: [PREFACE, get()], expect: ['goaway 1', 'ended'], upstream: 0 },
  // The smaller one is closed in the eyes of nghttp2, which ignores it.
  { name: '5.1.1: a smaller stream id', send: [get(5), get(3)], expect: ['goaway 1', 'status 200 on 5'], upstream: 1 },
  {
    name: '5.1: HEADERS on a closed stream',
    send: [get(), get()],
    expect: [`goaway ${CLOSED}`, `reset ${CLOSED} on 1`],
    upstream: 'any',
  },
  {
    name: '5.1: DATA after END_STREAM',
    send: [get(), data(1, 'x')],
    expect: [`goaway ${CLOSED}`, `reset ${CLOSED} on 1`],
    upstream: 'any',
  },
]

export const CASES: readonly Http2Case[] = [...FRAMES, ...STREAMS, ...ANSWERED, ...ODD]

/** HEADERS with a dependency. */
function priority(on: number): Buffer {
  const flags = FLAG.priority | FLAG.endHeaders | FLAG.endStream
  return frame(TYPE.headers, flags, 1, Buffer.concat([uint32(on), Buffer.of(1), block(base())]))
}

function inThree(section: Buffer): Buffer[] {
  return [
    frame(TYPE.headers, FLAG.endStream, 1, section.subarray(0, 9)),
    frame(TYPE.continuation, 0, 1, section.subarray(9, 20)),
    frame(TYPE.continuation, FLAG.endHeaders, 1, section.subarray(20)),
  ]
}
