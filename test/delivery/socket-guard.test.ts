import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import t from 'tap'
import type { Endpoint } from '../../src/config/snapshot.ts'
import { CA } from '../helpers/certificates.ts'
import { countedBody, head } from '../helpers/misbehaviour.ts'
import type { Scope } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'
import { Bench, dialling } from './support/parts.ts'
import { rawTls } from './support/tls.ts'

// Without the guard, which only what is no GET or HEAD passes, each of these ends the whole process: the assertion is thrown where nobody can catch it.

const FIRST = countedBody(20_000)
const REST = countedBody(9000)
const FRAMINGS: Readonly<Record<string, string>> = {
  'a length': head(200, { connection: 'close', 'content-length': String(FIRST.length + REST.length) }),
  'no length': head(200, { connection: 'close' }),
}

/** Sends a head and the first part at once, and the rest and the end when the test says so. */
interface Server {
  readonly endpoint: Endpoint
  finish(how: 'end' | 'reset' | 'cut'): void
}

async function serve(scope: Scope, framing: string, secure: boolean): Promise<Server> {
  let socket: Socket
  let raw: Socket
  const accept = (accepted: Socket, below: Socket) => {
    socket = accepted
    raw = below
    accepted.on('error', () => {}).once('data', () => accepted.write(framing + FIRST))
  }
  const url = secure ? await rawTls(scope, accept) : await plain(scope, accept)
  const endpoint = dialling('a', url)
  const finish = (how: 'end' | 'reset' | 'cut') => {
    if (how === 'reset') raw.resetAndDestroy()
    else if (how === 'end') socket.end(REST)
    else socket.end()
  }
  return {
    endpoint: { ...endpoint, tls: endpoint.tls && { ...endpoint.tls, ca: CA, serverName: 'edge.test' } },
    finish,
  }
}

async function plain(scope: Scope, accept: (socket: Socket, raw: Socket) => void): Promise<string> {
  const server = createServer((socket) => accept(socket, socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(() => server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

for (const [secure, method] of [
  [false, 'OPTIONS'],
  [true, 'OPTIONS'],
  [false, 'GET'],
  [true, 'GET'],
] as const) {
  for (const [framing, headText] of Object.entries(FRAMINGS)) {
    const name = `${method}, ${secure ? 'TLS' : 'plain'}, ${framing}`

    t.test(`${name}: the upstream is done before a slow client has read`, async (t) => {
      const server = await serve(t, headText, secure)
      const { attempt, recorder } = new Bench(t).try(server.endpoint, {}, { method })
      recorder.accept = () => false
      await until(() => recorder.chunks.length > 0)
      server.finish('end')
      // The client reads one piece at a time and wants none of the next.
      await until(() => {
        attempt.resume()
        return recorder.outcome
      })
      t.equal(recorder.outcome, 'end')
      t.equal(recorder.body, FIRST + REST)
    })

    t.test(`${name}: the upstream is reset while a slow client reads`, async (t) => {
      const server = await serve(t, headText, secure)
      const { attempt, recorder } = new Bench(t).try(server.endpoint, {}, { method })
      recorder.accept = () => false
      await until(() => recorder.chunks.length > 0)
      server.finish('reset')
      await until(() => {
        attempt.resume()
        return recorder.outcome
      })
      t.equal(recorder.outcome, 'http_response_incomplete')
    })
  }

  t.test(
    `${method}, ${secure ? 'TLS' : 'plain'}: a length that is not reached while a slow client reads`,
    async (t) => {
      const server = await serve(t, FRAMINGS['a length']!, secure)
      const { attempt, recorder } = new Bench(t).try(server.endpoint, {}, { method })
      recorder.accept = () => false
      await until(() => recorder.chunks.length > 0)
      server.finish('cut')
      await until(() => {
        attempt.resume()
        return recorder.outcome
      })
      t.equal(recorder.outcome, 'http_response_incomplete')
    },
  )
}

for (const method of ['OPTIONS', 'GET'])
  t.test(`${method}: an attempt that is cancelled opens no connection in its place`, async (t) => {
    let connections = 0
    const server = createServer((socket) => {
      connections++
      socket.on('error', () => {}).resume()
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const open = new Promise<void>((resolve) =>
      server.once('connection', (socket) => socket.once('close', () => resolve())),
    )
    const { port } = server.address() as AddressInfo
    const bench = new Bench(t)
    const { attempt } = bench.try(dialling('a', `http://127.0.0.1:${port}`), {}, { method })
    await until(() => connections === 1, { what: 'the connection' })
    attempt.cancel()
    await open
    // Nothing tells that nothing comes: a connection on loopback would be there by then.
    await bench.passes(50)
    t.equal(connections, 1)
    server.close()
  })
