import { once } from 'node:events'
import { createServer } from 'node:net'
import t from 'tap'
import { Ports } from '../../src/workers/ports.ts'
import { freePort } from '../helpers/port.ts'

const any = { host: '127.0.0.1', port: 0 }

t.test('port 0 is the same port each time, and it is free', async (t) => {
  const ports = new Ports(false)
  const fixed = { host: '127.0.0.1', port: await freePort() }
  const [first, second] = await ports.resolve([any, fixed])
  t.ok(first!.port > 0)
  t.strictSame(second, fixed)
  t.strictSame(await ports.resolve([any]), [first])
  ports.own([first!])
  const server = createServer().listen(first)
  await once(server, 'listening')
  t.teardown(() => server.close())
  t.strictSame(await ports.resolve([any]), [first], 'also when we listen there')
})

t.test('an address that others would share with us counts as taken, until it is ours', async (t) => {
  const ports = new Ports(false)
  const other = createServer().listen({ ...any, reusePort: true })
  await once(other, 'listening')
  t.teardown(() => other.close())
  const address = { host: '127.0.0.1', port: (other.address() as { port: number }).port }
  const message = `127.0.0.1:${address.port} is in use by another program`
  await t.rejects(ports.resolve([address]), { code: 'address_in_use', message })
  ports.own([address])
  t.strictSame(await ports.resolve([address]), [address])
  ports.own([])
  await t.rejects(ports.resolve([address]), { code: 'address_in_use' })
})

t.test('an address of another machine is told as what it is', async (t) => {
  await t.rejects(new Ports(false).resolve([{ host: '192.0.2.1', port: 0 }]), {
    code: 'address_unavailable',
    message: 'cannot listen on 192.0.2.1:0: EADDRNOTAVAIL',
  })
})
