import t from 'tap'
import { Attempt } from '../../src/delivery/attempt.ts'
import { PulledBody } from '../../src/delivery/pulled-body.ts'
import { PulledUpstream } from '../../src/delivery/pulled-upstream.ts'
import { head } from '../helpers/misbehaviour.ts'
import type { Scope } from '../helpers/scope.ts'
import { type Step, scriptedUpstream } from '../helpers/scripted-upstream.ts'
import { dialling, makeRequest, makeTimers, makeTransport, PATIENT, Recorder } from './support/parts.ts'

async function pulled(scope: Scope, script: readonly Step[]) {
  const upstream = await scriptedUpstream(scope, script)
  const endpoint = dialling('a', upstream.url)
  const transport = makeTransport(scope, [endpoint])
  const timers = makeTimers(scope)
  const request = ({ path }: { readonly path: string }) => makeRequest({ path })
  const asking = new PulledUpstream({
    transport,
    endpoint,
    timers,
    timeouts: PATIENT,
    request,
    onReceived: () => {},
  })
  return { upstream, asking }
}

t.test('who waits for an answer is told when it is given up: others may wait for the same', async (t) => {
  const { upstream, asking } = await pulled(t, ['stall!'])
  const asked = asking.ask({ path: '/' })
  await upstream.received(1)
  asking.cancel()
  await t.rejects(asked, { code: 'client_gone' })
  await t.rejects(asking.ask({ path: '/' }), { code: 'client_gone' }, 'and nothing more is asked')
})

t.test('so is who reads a body', async (t) => {
  const { asking } = await pulled(t, [head(200), 'stall!'])
  const { body } = await asking.ask({ path: '/' })
  const read = body[Symbol.asyncIterator]().next()
  asking.cancel()
  await t.rejects(read, { code: 'client_gone' })
})

t.test('a body that comes byte by byte is paused when it costs too much', async (t) => {
  const { upstream } = await pulled(t, [])
  const timers = makeTimers(t)
  const attempt = new Attempt(dialling('a', upstream.url), PATIENT, timers, new Recorder())
  t.teardown(() => attempt.cancel())
  const body = new PulledBody(() => attempt)
  let count = 1
  while (body.push(Buffer.alloc(1))) count++
  t.ok(count < 4096, `${count} pieces`)
  for (let at = 0; at < count; at++) await body.next()
  t.equal(body.push(Buffer.alloc(400_000)), true, 'what was taken does not count')
})
