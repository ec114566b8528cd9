import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import { answer, chunked, cut, cutChunked, head } from '../helpers/misbehaviour.ts'
import { type ScriptedUpstream, type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { until } from '../helpers/wait.ts'
import { Bench, dialling, givenUp, type Trial } from './support/parts.ts'

async function refused(bench: Bench, upstream: ScriptedUpstream, bodyIdle = 20_000): Promise<Trial> {
  const trial = bench.try(dialling('a', upstream.url), { bodyIdle })
  trial.recorder.onHeadDo = () => trial.attempt.discard()
  await until(() => trial.recorder.head)
  return trial
}

for (const [name, script] of Object.entries({
  'a short body': answer(503, 'x'.repeat(60_000)),
  'short chunks': chunked(['sorry', 'try later']),
  'no body': answer(503, ''),
})) {
  t.test(`${name} is read to its end, and its connection serves the next one`, async (t) => {
    const upstream = await scriptedUpstream(t, script)
    const bench = new Bench(t)
    const { recorder } = await refused(bench, upstream)
    upstream.play(answer())
    await until(async () => (await bench.try(dialling('a', upstream.url)).recorder.finished()) === 'end')
    t.equal(upstream.connections, 1)
    t.same([recorder.body, recorder.outcome, recorder.late], ['', null, 0])
  })
}

t.test('a long body is not: the connection is given up', async (t) => {
  const upstream = await scriptedUpstream(t, [...cut('x'.repeat(2_000_000), 200_000, 'stall!')])
  const { recorder } = await refused(new Bench(t), upstream)
  await givenUp(upstream)
  t.same([recorder.body, recorder.outcome, recorder.late], ['', null, 0])
})

for (const [name, script] of Object.entries<readonly Step[]>({
  stalls: cut('x'.repeat(1000), 10, 'stall!'),
  'is reset': cutChunked('abc', 'reset!'),
  'ends too early': cut('x'.repeat(1000), 10, 'end!'),
})) {
  t.test(`a body that ${name} is nobody's business any more`, async (t) => {
    const upstream = await scriptedUpstream(t, script)
    const { recorder } = await refused(new Bench(t), upstream, 100)
    await givenUp(upstream)
    t.same([recorder.body, recorder.outcome, recorder.late], ['', null, 0])
  })
}

t.test('a body that drips is not waited for longer than a body may be silent', async (t) => {
  let left = false
  const server = createServer((socket) => {
    socket.write(head(503, { 'content-length': '1000' }))
    const drip = setInterval(() => socket.write('x'), 20)
    socket
      .on('error', () => {})
      .on('close', () => {
        clearInterval(drip)
        left = true
      })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const { attempt, recorder } = new Bench(t).try(dialling('a', `http://127.0.0.1:${port}`), { bodyIdle: 200 })
  recorder.onHeadDo = () => attempt.discard()
  await until(() => left, { what: 'the connection to be given up' })
  t.same([recorder.head!.status, recorder.body, recorder.outcome], [503, '', null])
})
