import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import t from 'tap'
import { IdleSockets } from '../../src/http/idle-sockets.ts'

const PATIENCE = { first: 10_000, next: 5_000 }
const AGES_AGO = -100_000

/** A connection that got its last answer long ago, of which bytes may wait. */
function answered(idle: IdleSockets, writableLength: number) {
  const socket = Object.assign(new EventEmitter(), {
    bytesRead: 0,
    writableLength,
    destroyed: false,
    destroy() {
      this.destroyed = true
    },
  })
  idle.add(socket as unknown as Socket)
  idle.answered(socket as unknown as Socket, performance.now() + AGES_AGO)
  return socket
}

t.test('who has taken all of an answer only now begins to be idle', async (t) => {
  const idle = new IdleSockets(() => 0)
  const look = () => idle.closeOlder(PATIENCE, () => t.fail('it has asked'))
  const [quick, slow] = [answered(idle, 0), answered(idle, 7)]
  look()
  t.equal(quick.destroyed, true)
  t.equal(slow.destroyed, false)
  slow.writableLength = 0
  look()
  t.equal(slow.destroyed, false)
  idle.answered(slow as unknown as Socket, performance.now() + AGES_AGO)
  look()
  t.equal(slow.destroyed, true)
})

t.test('whom Node has is let go as soon, unless more has come', async (t) => {
  const idle = new IdleSockets(() => 0)
  const [silent, asking] = [answered(idle, 0), answered(idle, 0)]
  const justNow = performance.now() - PATIENCE.next - PATIENCE.first / 2
  for (const socket of [silent, asking] as unknown as Socket[]) {
    idle.joined(socket)
    idle.answered(socket, justNow)
  }
  asking.bytesRead++
  idle.closeOlder(PATIENCE, () => t.fail('it has asked'))
  t.equal(silent.destroyed, true)
  t.equal(asking.destroyed, false)
})
