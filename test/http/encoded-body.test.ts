import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import type { ClientWriter } from '../../src/delivery/client-writer.ts'
import { Timers } from '../../src/delivery/timers.ts'
import { EncodedBody } from '../../src/http/encoded-body.ts'
import { Encoders } from '../../src/http/encoders.ts'
import { Metrics } from '../../src/observe/metrics.ts'
import type { Scope } from '../helpers/scope.ts'
import { within } from '../helpers/wait.ts'

const PIECES = Array.from({ length: 16 }, () => randomBytes(64 * 1024))

/** A client that takes pieces only when told to, or all of them. */
class Client implements ClientWriter {
  readonly parts: Buffer[] = []
  readonly waiting = false
  readonly patient: boolean
  ended = false

  constructor(patient: boolean) {
    this.patient = patient
  }

  get bytes(): number {
    return this.parts.reduce((sum, { length }) => sum + length, 0)
  }

  write(chunk: Buffer): boolean {
    this.parts.push(chunk)
    return !this.patient
  }

  end(): void {
    this.ended = true
  }

  watch(): void {}
  head(): void {}
  flush(): void {}
  abort(): void {}
  whenHandedOver(): void {}
}

function encodedBody(t: Scope, patient: boolean) {
  const encoders = new Encoders(new Metrics({ version: 'test', node: 'test' }, { processMetrics: false }))
  const timers = new Timers((error) => {
    throw error
  })
  t.teardown(() => timers.close())
  const client = new Client(patient)
  const over = Promise.withResolvers<boolean>()
  let drained = Promise.withResolvers<void>()
  const body = new EncodedBody({
    lease: encoders.lease('gzip')!,
    client,
    timers,
    onDrain: () => drained.resolve(),
    onOver: over.resolve,
  })
  const feed = async () => {
    for (const piece of PIECES) {
      drained = Promise.withResolvers()
      if (!body.write(piece)) await drained.promise
    }
    body.end()
  }
  return { encoders, client, body, over: over.promise, feed }
}

t.test('a client that is full stops the encoder, which stops who writes', async (t) => {
  const slow = encodedBody(t, true)
  const quick = encodedBody(t, false)
  let fed = false
  const feeding = slow.feed().then(() => {
    fed = true
  })
  await quick.feed()
  t.equal(await within(quick.over, 'the end of the quick one'), false)
  t.same(gunzipSync(Buffer.concat(quick.client.parts)), Buffer.concat(PIECES))
  // The quick one got all of it meanwhile.
  t.equal(fed, false)
  t.ok(slow.client.bytes < 128 * 1024, `${slow.client.bytes} bytes were handed to a client that is full`)
  t.equal(slow.body.waiting, true)
  const turn = setInterval(() => slow.body.resume(), 1)
  await within(Promise.all([feeding, slow.over]), 'the end of the slow one')
  clearInterval(turn)
  t.equal(slow.client.ended, true)
  t.same(gunzipSync(Buffer.concat(slow.client.parts)), Buffer.concat(PIECES))
  t.equal(slow.encoders.busy, 0)
})

t.test('what is dropped ends nothing and hands over nothing more', async (t) => {
  const { client, body, over, encoders } = encodedBody(t, false)
  body.write(PIECES[0]!)
  body.drop()
  t.equal(await over, false)
  t.equal(encoders.busy, 0)
  const next = encodedBody(t, false)
  await next.feed()
  await next.over
  t.match(client, { ended: false, bytes: 0 })
})

t.test('no more encoders than there may be, and each place once', async (t) => {
  const metrics = new Metrics({ version: 'test', node: 'test' }, { processMetrics: false })
  const encoders = new Encoders(metrics, 1)
  const first = encoders.lease('br')
  t.equal(encoders.lease('gzip'), null)
  t.equal(metrics.compressionSkipped.child().value, 1)
  first!.release(10, 0)
  t.equal(metrics.compressedResponses.child('br').value, 0, 'nothing came out')
  encoders.lease('zstd')!.release(10, 5)
  t.equal(metrics.compressedResponses.child('zstd').value, 1)
  t.equal(encoders.busy, 0)
})
