import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { ResponseWriter } from '../../src/delivery/writer.ts'
import { CA, certificate } from '../helpers/certificates.ts'
import { type RawClient, rawClient } from '../helpers/raw-client.ts'
import type { Scope } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

interface Talk {
  readonly client: RawClient
  readonly response: ServerResponse
  readonly writer: ResponseWriter
}

/** A client that has asked, and the writer of its answer. */
async function asked(scope: Scope, request = GET): Promise<Talk> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const client = await rawClient(scope, { port: (server.address() as AddressInfo).port })
  const arrived = once(server, 'request')
  client.send(request)
  const [, response] = (await arrived) as [unknown, ServerResponse]
  return { client, response, writer: new ResponseWriter(response) }
}

t.test('a head that goes ahead of its body has the bytes of its fields', async (t) => {
  for (const [request, fields] of [
    [GET, ['content-length', '2']],
    [GET, ['transfer-encoding', 'chunked']],
    [GET.replace('1.1', '1.0'), []],
  ] as const) {
    const { client, writer } = await asked(t, request)
    writer.head(200, ['x-name', '\xc3\xa9', ...fields])
    writer.flush()
    await until(() => client.text.endsWith('\r\n\r\n'), { what: 'the head alone' })
    writer.write(Buffer.from('ok'))
    writer.end()
    await client.responses(1)
    t.match(client.text, /x-name: \xc3\xa9\r\n/)
  }
})

t.test('a head, a body, an end, and the bytes of it', async (t) => {
  const { client, writer } = await asked(t)
  const calls: string[] = []
  writer.watch(
    () => calls.push('resume'),
    () => calls.push('gone'),
  )
  t.equal(writer.headSent, false)
  writer.head(203, ['X-Odd', '1', 'x-odd', '2', 'content-length', '7'])
  t.equal(writer.headSent, true)
  writer.write(Buffer.from('abc'))
  writer.end('d\u00e9f')
  t.equal(writer.bytes, 7)
  const [response] = await client.responses(1)
  t.match(response, { status: 203 })
  t.match(response!.fields, [
    ['X-Odd', '1'],
    ['x-odd', '2'],
  ])
  t.equal(response!.body.toString(), 'abcd\u00e9f')
  client.reset()
  await until(() => client.socket.destroyed)
  t.notOk(calls.includes('gone'), 'an answer that is complete is not left')
})

t.test('a client that leaves is told once, and what is written to it afterwards goes nowhere', async (t) => {
  const { client, writer } = await asked(t)
  let gone = 0
  writer.watch(
    () => {},
    () => gone++,
  )
  writer.head(200, [])
  client.reset()
  await until(() => gone)
  writer.write(Buffer.from('late'))
  writer.abort()
  t.equal(gone, 1)
})

t.test('full buffers say wait, and resume when the client has read', async (t) => {
  const { client, writer } = await asked(t)
  let resumed = 0
  writer.watch(
    () => resumed++,
    () => {},
  )
  client.socket.pause()
  writer.head(200, [])
  const chunk = Buffer.alloc(1024 * 1024)
  let room = true
  for (let i = 0; i < 100 && room; i++) room = writer.write(chunk)
  t.equal(room, false)
  t.equal(resumed, 0)
  client.socket.removeAllListeners('data').resume()
  await until(() => resumed)
})

for (const request of [GET, 'GET / HTTP/1.0\r\n\r\n']) {
  t.test(`an abort is seen: ${request.slice(6, 14)}`, async (t) => {
    const { client, writer } = await asked(t, request)
    let gone = 0
    writer.watch(
      () => {},
      () => gone++,
    )
    writer.head(200, [])
    writer.write(Buffer.from('abc'))
    await client.received('abc')
    writer.abort()
    t.equal(await client.ended(), 'reset')
    t.equal(gone, 0)
  })
}

t.test('an abort is seen below TLS: a reset, not the end that a body without a length would have', async (t) => {
  const server = createSecureServer(certificate('localhost'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const socket = connectTls({ port, host: '127.0.0.1', ca: CA, servername: 'localhost' })
  const arrived = once(server, 'request')
  socket.write('GET / HTTP/1.0\r\n\r\n')
  const [, response] = (await arrived) as [unknown, ServerResponse]
  const writer = new ResponseWriter(response)
  writer.head(200, [])
  writer.write(Buffer.from('half'))
  await once(socket, 'data')
  const failed = once(socket, 'error')
  writer.abort()
  t.match(await failed, [{ code: 'ECONNRESET' }])
})

t.test('an abort is seen over HTTP/2: a stream error, and the connection lives', async (t) => {
  const server = createHttp2Server()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connectHttp2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  t.teardown(() => {
    session.close()
    server.close()
  })
  const arrived = once(server, 'request')
  const stream = session.request({ ':path': '/' })
  const [, response] = (await arrived) as [unknown, ServerResponse]
  const writer = new ResponseWriter(response)
  response.writeHead(200)
  writer.write(Buffer.from('half'))
  await once(stream, 'data')
  const failed = once(stream, 'error')
  writer.abort()
  await failed
  t.equal(stream.rstCode, 2)
  t.equal(session.closed, false)
})
