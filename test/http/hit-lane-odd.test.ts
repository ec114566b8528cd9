import t from 'tap'
import { rawClient } from '../helpers/raw-client.ts'
import { arrived, get, storedDoor } from './support/lane.ts'

const body = 'x'.repeat(100)

t.test('what comes behind what is no HTTP is not answered in its place', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const door = await storedDoor(t, body, { late: promise })
  const client = await rawClient(t, door)
  client.send(`${get('/slow')}BAD\r\n\r\n`)
  await door.upstream.received(2)
  // Behind the turns in which the upstream writes, so that one poll finds both.
  const send = promise
    .then(() => {})
    .then(() => {})
    .then(() => client.send(get()))
  resolve()
  await send
  await client.ended()
  const answers = await client.responses(2)
  t.strictSame(
    answers.map(({ status }) => status),
    [200, 400],
  )
  t.equal(client.text.split('HTTP/1.1 ').length, 3, 'and nothing else')
})

t.test('what comes behind a refusal is not answered', async (t) => {
  const door = await storedDoor(t, body)
  const client = await rawClient(t, door)
  client.send(get('/a'))
  await client.responses(1)
  const before = door.services.accessLines.all.length
  // As much as one read takes, so that what follows is a read of its own, in the same turn.
  const bad = `\0${'x'.repeat(65_536 - 5)}\r\n\r\n`
  client.send(bad + get())
  await client.ended()
  t.equal((await client.responses(2))[1]!.status, 400)
  t.equal(door.services.accessLines.all.length, before)
})

t.test('empty lines are no request, and whoever sends one behind them is not late', async (t) => {
  const door = await storedDoor(t, body, { of: { limits: { headerTimeout: 300 } } })
  const client = await rawClient(t, door)
  client.send('\r\n\r\n')
  await arrived(t, door, client)
  for (let nth = 1; nth < 4; nth++) {
    client.send(get())
    await client.responses(nth)
  }
  const silent = await rawClient(t, door)
  silent.send('\r\n\r\n')
  t.equal((await silent.responses(1))[0]!.status, 408)
  client.send(get())
  t.strictSame(
    (await client.responses(4)).map(({ status }) => status),
    [200, 200, 200, 200],
  )
  t.equal(client.end, 'open')
})

t.test('who takes an answer slowly is not idle', async (t) => {
  const large = 'y'.repeat(8_000_000)
  const door = await storedDoor(t, large, { of: { limits: { idleTimeout: 100 } } })
  const client = await rawClient(t, door)
  client.send(get('/a'))
  await client.responses(1)
  const before = door.parsed
  client.socket.pause()
  client.send(get())
  for (let nth = 0; nth < 3; nth++) {
    const other = await rawClient(t, door)
    other.send(get('/a'))
    t.equal(await other.ended(), 'fin', 'who is idle is let go')
  }
  t.equal(door.parsed, before + 3, 'the lane has answered')
  client.socket.resume()
  t.equal((await client.responses(2))[1]!.body.length, large.length)
})

t.test('requests before content that breaks its framing get their answers', async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>()
  const door = await storedDoor(t, body, { late: promise })
  const client = await rawClient(t, door)
  const broken = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'
  client.send(`${get('/a')}${get()}${broken}`)
  await door.upstream.received(2)
  resolve()
  await client.ended()
  const answers = await client.responses(3)
  t.strictSame(
    answers.map(({ status }) => status),
    [200, 200, 405],
  )
})

t.test('what nobody foresaw when an answer is written down costs nobody the gateway', async (t) => {
  const door = await storedDoor(t, body)
  Object.assign(door.services.accessLog, {
    write: () => {
      throw new Error('nobody foresaw it')
    },
  })
  const client = await rawClient(t, door)
  for (let nth = 1; nth < 3; nth++) {
    client.send(get())
    t.equal((await client.responses(nth)).at(-1)!.status, 200)
  }
  t.match(door.services.logLines.records.at(-1), { event: 'internal-error' })
})
