import { nextPause } from './back-off.ts'
import { type Death, Member, type MemberEvents } from './member.ts'

/** How long a process may take until its program runs. Milliseconds. */
const BOOT = 30_000

export interface SlotEvents extends Pick<MemberEvents, 'onLine' | 'onMessage' | 'patience'> {
  /** Its program runs: it waits to be told what to serve. */
  onHello(slot: Slot, member: Member): void
  /** `pause`: milliseconds until it is replaced; null when it is not, or was already. */
  onGone(member: Member, death: Death, pause: number | null): void
  onLaunch(member: Member, again: boolean): void
  /** Milliseconds, monotonic. */
  now(): number
}

/** A place for one process. It is filled again, after a growing pause, whenever its process ends. */
export class Slot {
  readonly #events: SlotEvents
  #member: Member | null = null
  #launchedAt = 0
  #pause = 0
  #timer: NodeJS.Timeout | null = null
  #closed = false
  /** Its process serves. */
  ready = false

  constructor(events: SlotEvents) {
    this.#events = events
  }

  get member(): Member | null {
    return this.#member
  }

  launch(again = false): void {
    const { onMessage, onLaunch, now } = this.#events
    this.#launchedAt = now()
    const member = new Member({
      ...this.#events,
      onMessage: (from, message) => {
        if (message.type === 'leaving') return void this.#vacate(from)
        if (message.type !== 'hello') return onMessage(from, message)
        clearTimeout(boot)
        if (this.#member === from) this.#events.onHello(this, from)
      },
      onGone: (gone, death) => {
        clearTimeout(boot)
        this.#events.onGone(gone, death, this.#vacate(gone))
      },
    })
    const boot = setTimeout(() => member.kill(), BOOT)
    this.#member = member
    onLaunch(member, again)
  }

  /** Its process is not replaced any more. One that serves is told to end, any other is killed. */
  close(): void {
    this.#closed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.ready) this.#member?.tell({ type: 'drain' })
    else this.#member?.kill()
  }

  /** Returns the pause until there is another. */
  #vacate(member: Member): number | null {
    if (this.#member !== member) return null
    this.#member = null
    this.ready = false
    if (this.#closed) return null
    this.#pause = nextPause(this.#pause, this.#events.now() - this.#launchedAt)
    this.#timer = setTimeout(() => this.launch(true), this.#pause)
    return this.#pause
  }
}
