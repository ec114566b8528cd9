import t from 'tap'
import { answer } from '../helpers/misbehaviour.ts'
import { rawClient, rawExchange } from '../helpers/raw-client.ts'
import { field, parseResponses } from '../helpers/raw-response.ts'
import { type DoorWithUpstream, doorTo } from './support/door.ts'

const LIMITS = { headers: 4096, uri: 1024, headerCount: 20, body: 1000 }

interface Refused {
  readonly what: string
  readonly bytes: string
  readonly status: number
}

const HOST = 'Host: a\r\n'

/** What Node's parser lets through and we do not, and what it does not. */
const REFUSED: readonly Refused[] = [
  { what: 'HTTP/0.9', bytes: `GET / HTTP/0.9\r\n${HOST}\r\n`, status: 505 },
  { what: 'HTTP/2.0', bytes: `GET / HTTP/2.0\r\n${HOST}\r\n`, status: 505 },
  { what: 'HTTP/1.2', bytes: `GET / HTTP/1.2\r\n${HOST}\r\n`, status: 505 },
  { what: 'HTTP/3.7', bytes: `GET / HTTP/3.7\r\n${HOST}\r\n`, status: 505 },
  { what: 'no version', bytes: 'GET /\r\n\r\n', status: 505 },
  { what: 'rubbish for a version', bytes: `GET / HTTP/x\r\n${HOST}\r\n`, status: 400 },
  { what: 'lower-case protocol', bytes: `GET / http/1.1\r\n${HOST}\r\n`, status: 400 },
  { what: 'no Host', bytes: 'GET / HTTP/1.1\r\n\r\n', status: 400 },
  { what: 'two Hosts', bytes: `GET / HTTP/1.1\r\n${HOST}host: b\r\n\r\n`, status: 400 },
  { what: 'two equal Hosts', bytes: `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, status: 400 },
  { what: 'two Hosts in HTTP/1.0', bytes: `GET / HTTP/1.0\r\n${HOST}Host: b\r\n\r\n`, status: 400 },
  { what: 'an empty Host', bytes: 'GET / HTTP/1.1\r\nHost:\r\n\r\n', status: 400 },
  { what: 'a list of Hosts', bytes: 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', status: 400 },
  { what: 'a path in the Host', bytes: 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', status: 400 },
  { what: 'a user in the Host', bytes: 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n', status: 400 },
  { what: 'odd bytes in the Host', bytes: 'GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n', status: 400 },
  { what: 'a fragment', bytes: `GET /a#b HTTP/1.1\r\n${HOST}\r\n`, status: 400 },
  { what: 'raw bytes in the target', bytes: `GET /\xff\xfe HTTP/1.1\r\n${HOST}\r\n`, status: 400 },
  { what: 'a relative target', bytes: `GET a HTTP/1.1\r\n${HOST}\r\n`, status: 400 },
  { what: 'GET *', bytes: `GET * HTTP/1.1\r\n${HOST}\r\n`, status: 400 },
  { what: 'a space in the target', bytes: `GET /a b HTTP/1.1\r\n${HOST}\r\n`, status: 400 },
  { what: 'another scheme', bytes: `GET ftp://a/ HTTP/1.1\r\n${HOST}\r\n`, status: 400 },
  { what: 'absolute form with another Host', bytes: `GET http://b/ HTTP/1.1\r\n${HOST}\r\n`, status: 400 },
  { what: 'absolute form with another port', bytes: `GET http://a:81/ HTTP/1.1\r\n${HOST}\r\n`, status: 400 },
  { what: 'absolute form with a user', bytes: 'GET http://u:p@a/ HTTP/1.1\r\nHost: u:p@a\r\n\r\n', status: 400 },
  { what: 'absolute form without Host', bytes: 'GET http://a/ HTTP/1.1\r\n\r\n', status: 400 },
  {
    what: 'another transfer coding',
    bytes: `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  {
    what: 'chunked twice',
    bytes: `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  {
    what: 'Transfer-Encoding twice',
    bytes: `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  { what: 'identity', bytes: `GET / HTTP/1.1\r\n${HOST}Transfer-Encoding: identity\r\n\r\n`, status: 400 },
  {
    what: 'Transfer-Encoding in HTTP/1.0',
    bytes: `GET / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  {
    what: 'a length and chunks',
    bytes: `GET / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
  },
  {
    what: 'two lengths',
    bytes: `GET / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
    status: 400,
  },
  { what: 'a negative length', bytes: `GET / HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`, status: 400 },
  { what: 'a list of lengths', bytes: `GET / HTTP/1.1\r\n${HOST}Content-Length: 1, 1\r\n\r\na`, status: 400 },
  { what: 'a signed length', bytes: `GET / HTTP/1.1\r\n${HOST}Content-Length: +1\r\n\r\na`, status: 400 },
  { what: 'too much content', bytes: `GET / HTTP/1.1\r\n${HOST}Content-Length: 1001\r\n\r\n`, status: 413 },
  { what: 'a space before the colon', bytes: 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', status: 400 },
  { what: 'bare LF', bytes: 'GET / HTTP/1.1\nHost: a\n\n', status: 400 },
  { what: 'bare CR in a value', bytes: `GET / HTTP/1.1\r\n${HOST}X: a\rb\r\n\r\n`, status: 400 },
  { what: 'NUL in a value', bytes: `GET / HTTP/1.1\r\n${HOST}X: a\0b\r\n\r\n`, status: 400 },
  { what: 'an unknown method', bytes: `FOO / HTTP/1.1\r\n${HOST}\r\n`, status: 501 },
  { what: 'the preface of HTTP/2', bytes: 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', status: 400 },
  { what: 'TLS', bytes: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', status: 400 },
  { what: 'another expectation', bytes: `GET / HTTP/1.1\r\n${HOST}Expect: 200-ok\r\n\r\n`, status: 417 },
  { what: 'TRACE', bytes: `TRACE / HTTP/1.1\r\n${HOST}\r\n`, status: 405 },
  { what: 'CONNECT', bytes: 'CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n', status: 405 },
  { what: 'CONNECT of a path', bytes: `CONNECT / HTTP/1.1\r\n${HOST}\r\n`, status: 405 },
  { what: 'a long target', bytes: `GET /${'a'.repeat(1024)} HTTP/1.1\r\n${HOST}\r\n`, status: 414 },
  { what: 'a target beyond the header limit', bytes: `GET /${'a'.repeat(5000)} HTTP/1.1\r\n${HOST}\r\n`, status: 414 },
  { what: 'a target without an end', bytes: `GET /${'a'.repeat(5000)}`, status: 414 },
  { what: 'a large field', bytes: `GET / HTTP/1.1\r\n${HOST}X: ${'a'.repeat(5000)}\r\n\r\n`, status: 431 },
  { what: 'a field without an end', bytes: `GET / HTTP/1.1\r\n${HOST}X: ${'a'.repeat(5000)}`, status: 431 },
  { what: 'too many fields', bytes: `GET / HTTP/1.1\r\n${HOST}${'X: a\r\n'.repeat(20)}\r\n`, status: 431 },
  { what: 'far too many fields', bytes: `GET / HTTP/1.1\r\n${HOST}${'X:\r\n'.repeat(1000)}\r\n`, status: 431 },
]

t.test('refused, with the right status, and nothing reaches the upstream', async (t) => {
  const door = await doorTo(t, answer(), { limits: LIMITS })
  for (const { what, bytes, status } of REFUSED) {
    const client = await rawClient(t, door)
    client.send(bytes)
    const [got] = await client.responses(1)
    t.equal(got?.status, status, what)
    t.notMatch(client.text, /undefined|\.ts|node:/)
    client.close()
  }
  t.equal(door.upstream.connections, 0)
})

t.test('a request that is refused with its content unread ends its connection', async (t) => {
  const door = await doorTo(t, answer(), { limits: LIMITS })
  for (const fields of ['Content-Length: 1001\r\n', 'Transfer-Encoding: gzip, chunked\r\n']) {
    const client = await rawExchange(t, door, `GET / HTTP/1.1\r\n${HOST}${fields}\r\nGET /b HTTP/1.1\r\n${HOST}\r\n`)
    t.equal(parseResponses(client.bytes).length, 1)
  }
  t.equal(door.upstream.requests.length, 0)
})

async function one(t: Tap, door: DoorWithUpstream, bytes: string) {
  const client = await rawClient(t, door)
  client.send(bytes)
  const [got] = await client.responses(1)
  client.close()
  return got!
}

t.test('fine, though unusual', async (t) => {
  const door = await doorTo(t, answer(), { limits: LIMITS })
  const fine: readonly (readonly [bytes: string, target: string, host: string])[] = [
    ['GET http://www.test/a?b HTTP/1.1\r\nHost: WWW.test\r\n\r\n', '/a?b', 'www.test'],
    ['GET HTTP://www.test:80 HTTP/1.1\r\nHost: www.test:80\r\n\r\n', '/', 'www.test:80'],
    ['GET http://www.test/a HTTP/1.0\r\n\r\n', '/a', 'www.test'],
    ['GET /a/../%2e%2e/b HTTP/1.1\r\nHost: a.\r\n\r\n', '/b', 'a.'],
    ['GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n', '/', '[::1]:8080'],
    ['\r\n\r\nGET / HTTP/1.1\r\nhOST:\t a \t\r\n\r\n', '/', 'a'],
    ['GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\n\r\n', '/', 'a'],
    ['GET / HTTP/1.0\r\nHost: a\r\nExpect: whatever\r\n\r\n', '/', 'a'],
    ['GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', '/', 'a'],
    [`GET /${'a'.repeat(1023)} HTTP/1.1\r\nHost: a\r\n\r\n`, `/${'a'.repeat(1023)}`, 'a'],
    [`GET / HTTP/1.1\r\nHost: a\r\n${'X: a\r\n'.repeat(19)}\r\n`, '/', 'a'],
  ]
  for (const [bytes, target, host] of fine) {
    t.match(await one(t, door, bytes), { status: 200, interim: [] }, bytes.slice(0, 60))
    t.equal(door.upstream.requests.at(-1)!.target, target)
    t.equal(door.upstream.requests.at(-1)!.header('host'), host)
  }
  t.equal((await one(t, door, 'GET / HTTP/1.0\r\n\r\n')).status, 200)
  t.equal(door.upstream.requests.at(-1)!.header('host'), `127.0.0.1:${door.upstream.port}`)
})

t.test('OPTIONS * and methods without an origin', async (t) => {
  const door = await doorTo(t, answer())
  for (const line of ['OPTIONS *', 'OPTIONS /', 'POST /', 'PURGE /', 'PROPFIND /', 'QUERY /']) {
    const got = await one(t, door, `${line} HTTP/1.1\r\n${HOST}\r\n`)
    t.equal(got.status, 405, line)
    t.match(field(got, 'allow'), /GET, HEAD/)
  }
  t.equal(door.upstream.connections, 0)
})

type Tap = Parameters<typeof rawClient>[0]
