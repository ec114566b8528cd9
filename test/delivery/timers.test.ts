import t from 'tap'
import { Timers } from '../../src/delivery/timers.ts'
import { until } from '../helpers/wait.ts'

function timeouts(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

t.test('fires, never early, and tells what a callback throws', async (t) => {
  const errors: unknown[] = []
  const timers = new Timers((error) => errors.push(error))
  const error = new Error('thrown on purpose')
  const start = timers.now()
  let fired = 0
  timers.after(50, () => {
    fired = timers.now()
    throw error
  })
  const cancelled = timers.after(30, () => t.fail('it was cancelled'))
  cancelled.cancel()
  await until(() => fired)
  t.ok(fired - start >= 50)
  await until(() => errors.length > 0)
  t.strictSame(errors, [error])
  timers.close()
})

t.test('again after an idle time, and after it was closed', async (t) => {
  const timers = new Timers(() => {})
  for (let round = 0; round < 3; round++) {
    let fired = false
    timers.after(10, () => {
      fired = true
    })
    await until(() => fired)
    if (round === 1) timers.close()
  }
  timers.close()
  t.pass('all rounds fired')
})

t.test('leaves no timer running when nothing is due, and keeps no process alive', (t) => {
  const before = timeouts()
  const timers = new Timers(() => {})
  timers.after(60_000, () => {})
  t.equal(timeouts(), before, 'unreferenced')
  timers.close()
  timers.close()
  t.end()
})
