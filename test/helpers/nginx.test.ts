import t from 'tap'
import { ONE_KIB, startNginx } from './nginx.ts'
import { skipUnless } from './programs.ts'
import { until } from './wait.ts'
import { startWrk } from './wrk.ts'

t.test('equal files have equal strong ETags; a kill refuses, a start brings the same port back', async (t) => {
  if (!skipUnless(t, 'nginx')) return
  const [one, two] = await Promise.all([startNginx(t, { name: 'one' }), startNginx(t, { name: 'two' })])
  const [a, b] = await Promise.all([fetch(`${one.url}/1k`), fetch(`${two.url}/1k`)])
  t.equal(await a.text(), ONE_KIB)
  t.equal(await b.text(), ONE_KIB)
  t.equal(a.headers.get('x-edge'), 'one')
  t.equal(b.headers.get('x-edge'), 'two')
  t.match(a.headers.get('etag'), /^"/)
  t.equal(a.headers.get('etag'), b.headers.get('etag'))
  await one.kill()
  await t.rejects(fetch(`${one.url}/1k`))
  await one.start()
  t.equal((await fetch(`${one.url}/none`)).status, 404)
  t.same(one.accessLog().at(-1)?.startsWith(`GET /none 404 host="127.0.0.1:${one.port}"`), true)
})

t.test('wrk counts answers by status and failures of sockets', async (t) => {
  if (!skipUnless(t, 'nginx', 'wrk')) return
  const server = await startNginx(t, { name: 'one', extra: 'location = /bad { return 503; }' })
  const good = await startWrk(t, { url: `${server.url}/1k`, duration: 1, connections: 4 }).result()
  t.ok(good.requests > 0)
  t.equal(good.failed, 0)
  t.equal(good.socketErrors, 0)
  const bad = await startWrk(t, { url: `${server.url}/bad`, duration: 1, connections: 4 }).result()
  t.ok(bad.failed > 0)
  t.equal(bad.failed, bad.statuses[503])
  const dying = startWrk(t, { url: `${server.url}/1k`, duration: 1, connections: 4 })
  await until(() => server.accessLog().some((line) => line.startsWith('GET /1k')))
  await server.kill()
  t.ok((await dying.result()).socketErrors > 0)
})
