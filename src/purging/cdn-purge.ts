import { parseRetryAfter } from '../delivery/head.ts'
import type { ApiAnswer, ApiCall, Meaning, NotPurged, PurgeApi, PurgeCall, PurgePlan } from './apis/purge-api.ts'
import type { Unanswered } from './ask-api.ts'
import type { Tokens } from './tokens.ts'

/** What asks, waits and draws for a purge. */
export interface PurgeMeans {
  ask(call: ApiCall, proof: Readonly<Record<string, string>>, stop: AbortSignal): Promise<ApiAnswer | Unanswered>
  /** Calls `expire` after so many milliseconds. */
  readonly timers: { after(ms: number, expire: () => void): { cancel(): void } }
  /** Milliseconds since the epoch. */
  now(): number
  /** Uniform in [0, 1). */
  random(): number
  readonly tokens: Tokens
}

export type CdnPurgeStatus = 'purged' | 'pending' | 'failed' | 'unsupported'

/** As the admin shows it. */
export interface CdnPurgeReport {
  readonly status: CdnPurgeStatus
  readonly calls: number
  readonly done: number
  /** The first of what is not purged, and why not; of what is pending, what the last try met. */
  readonly not_purged: readonly NotPurged[]
  readonly not_purged_count: number
  readonly widened: readonly string[]
}

/** Calls under way at a time. */
const LANES = 4
/** From the first call on, until what is not done has failed. Milliseconds. */
export const GIVE_UP = 900_000
/** Pauses between tries: the first at most so long, later ones twice as long each, up to the second. Milliseconds. */
const PAUSES = [1_000, 60_000] as const
/** The same between looks at something that has begun. */
const LOOKS = [1_000, 15_000] as const
/** Of what is not purged, how much is told, and how many characters of a URL. */
const MOST_TOLD = 50
const LONGEST_TOLD = 300

/** The purge of one Cdn: its calls, tried until each is done, has failed, or there is no time left. */
export class CdnPurge {
  readonly #api: PurgeApi
  readonly #plan: PurgePlan
  readonly #means: PurgeMeans
  readonly #stop = new AbortController()
  readonly #waiting: PurgeCall[]
  /** Calls that are not done: what their last try met; '' before it. */
  readonly #open: Map<PurgeCall, string>
  readonly #failed: NotPurged[] = []
  #done = 0
  #until = 0
  /** What one call was told of waiting counts for all of them. */
  #pausedUntil = 0

  constructor(api: PurgeApi, plan: PurgePlan, means: PurgeMeans) {
    this.#api = api
    this.#plan = plan
    this.#means = means
    this.#waiting = [...plan.calls]
    this.#open = new Map(plan.calls.map((call) => [call, '']))
  }

  /** Resolves when nothing is pending any more. Never throws. */
  async run(): Promise<void> {
    this.#until = this.#means.now() + GIVE_UP
    await Promise.all(Array.from({ length: LANES }, () => this.#lane()))
  }

  /** What is not done yet has failed. */
  stop(): void {
    this.#stop.abort()
  }

  get status(): CdnPurgeStatus {
    if (this.#failed.length > 0) return 'failed'
    if (this.#open.size > 0) return 'pending'
    return this.#plan.unsupported.length > 0 ? 'unsupported' : 'purged'
  }

  /** Calls that are done. */
  get done(): number {
    return this.#done
  }

  report(): CdnPurgeReport {
    const open = [...this.#open].flatMap(([{ asked }, met]) =>
      asked.map((each) => ({ asked: each, reason: met === '' ? 'not done yet' : `not done yet: ${met}` })),
    )
    const notPurged = [...this.#failed, ...open, ...this.#plan.unsupported]
    return {
      status: this.status,
      calls: this.#plan.calls.length,
      done: this.#done,
      not_purged: notPurged.slice(0, MOST_TOLD).map(({ asked, reason }) => ({ asked: shortened(asked), reason })),
      not_purged_count: notPurged.length,
      widened: this.#plan.widened.slice(0, MOST_TOLD).map(shortened),
    }
  }

  async #lane(): Promise<void> {
    for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift()) {
      // An answer that nobody thought of must not leave the others undone.
      const failure = await this.#perform(call).catch(() => 'internal error')
      this.#open.delete(call)
      if (failure === null) this.#done++
      else for (const asked of call.asked) this.#failed.push({ asked, reason: failure })
    }
  }

  /** null: it is done; else why not. */
  async #perform(call: PurgeCall): Promise<string | null> {
    let next: ApiCall = call
    for (let tries = 0, looks = 0; ; ) {
      const [meaning, wait] = await this.#try(next)
      if (meaning.kind === 'done') return null
      if (meaning.kind === 'failed') return meaning.reason
      const reason = meaning.kind === 'retry' ? meaning.reason : 'it has begun and not ended'
      this.#open.set(call, reason)
      if (meaning.kind === 'accepted') next = meaning.progress
      const pause = meaning.kind === 'accepted' ? this.#pause(LOOKS, looks++) : this.#pause(PAUSES, tries++)
      await this.#sleep(Math.max(pause, wait))
      if (this.#stop.signal.aborted) return `given up: ${reason}`
      if (this.#means.now() >= this.#until) return `given up after ${GIVE_UP / 60_000} minutes: ${reason}`
    }
  }

  /** One try, after what others were told to wait; and how long the answer says to wait, in ms. */
  async #try(call: ApiCall, isAgain = false): Promise<readonly [Meaning, number]> {
    const { now, tokens } = this.#means
    if (this.#pausedUntil > now()) await this.#sleep(this.#pausedUntil - now())
    const { login } = this.#api
    const token = login === null ? '' : await tokens.get(login, (asked) => this.#ask(asked, {}))
    if (typeof token !== 'string') return [token, 0]
    const answer = await this.#ask(call, this.#api.authorise(call, { now: now(), token }))
    if ('kind' in answer) return [answer, 0]
    if (answer.status === 401 && login !== null && !isAgain) {
      // A token may end before its time. A new one that is refused as well is no use.
      tokens.forget(login, token)
      return this.#try(call, true)
    }
    const meaning = this.#api.classify(answer, call)
    const wait = parseRetryAfter(answer.header('retry-after'), now())
    if (meaning.kind === 'retry') this.#pausedUntil = Math.max(this.#pausedUntil, now() + wait)
    return [meaning, wait]
  }

  async #ask(call: ApiCall, proof: Readonly<Record<string, string>>): Promise<ApiAnswer | Meaning> {
    const { signal } = this.#stop
    if (signal.aborted) return { kind: 'failed', reason: 'given up' }
    const answer = await this.#means.ask(call, proof, signal)
    return 'unanswered' in answer ? { kind: 'retry', reason: answer.unanswered } : answer
  }

  /** Full jitter, so that what failed together is not tried again together. */
  #pause([first, most]: readonly [number, number], tries: number): number {
    return this.#means.random() * Math.min(most, first * 2 ** Math.min(tries, 20))
  }

  #sleep(ms: number): Promise<void> {
    const { signal } = this.#stop
    if (signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const deadline = this.#means.timers.after(Math.min(ms, this.#until - this.#means.now()), wake)
      function wake() {
        signal.removeEventListener('abort', wake)
        deadline.cancel()
        resolve()
      }
      signal.addEventListener('abort', wake)
    })
  }
}

function shortened(text: string): string {
  return text.length > LONGEST_TOLD ? `${text.slice(0, LONGEST_TOLD - 1)}…` : text
}
