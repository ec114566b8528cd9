import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import t from 'tap'
import type { Timers } from '../../src/delivery/timers.ts'
import { RequestBody } from '../../src/http/request-body.ts'
import { SteppedTimers } from '../health/support/stepped-timers.ts'

const IDLE = 30_000

/** Content of which so many bytes come each `every` milliseconds, for an hour; why it ended, and after how long. */
async function drip(bytes: number, every: number, minRate: number) {
  const source = new PassThrough()
  const timers = new SteppedTimers()
  let code: string | null = null
  const body = new RequestBody(source as unknown as IncomingMessage, timers as unknown as Timers, {
    limit: 1024 ** 3,
    minRate,
    idle: IDLE,
    answer: IDLE,
    onBegin: () => {},
    onFailure: (failure) => {
      code ??= failure
    },
  })
  body.resume()
  while (code === null && timers.now() < 3_600_000) {
    await new Promise((resolve) => setImmediate(resolve))
    timers.advance(every)
    source.write(Buffer.alloc(bytes))
    await new Promise((resolve) => setImmediate(resolve))
  }
  body.unwatch()
  return { code, seconds: timers.now() / 1000 }
}

t.test('content that only drips is cut in time, and a slow line is not', async (t) => {
  const table: [bytes: number, every: number, minRate: number, code: string | null, seconds: number][] = [
    [1, 29_000, 240, 'request_timeout', 58],
    [1, 100, 240, 'request_timeout', 31.3],
    [1, 29_000, 0, null, 3_625],
    [2_400, 10_000, 240, null, 3_600],
    [2_000, 10_000, 240, 'request_timeout', 190],
  ]
  for (const [bytes, every, minRate, code, seconds] of table) {
    const got = await drip(bytes, every, minRate)
    t.equal(got.code, code, `${bytes} bytes each ${every} ms, at least ${minRate} a second`)
    t.ok(Math.abs(got.seconds - seconds) <= every / 1000, `after ${got.seconds} s`)
  }
})
