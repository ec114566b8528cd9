import type { Deadline } from '../delivery/deadlines.ts'
import type { Timers } from '../delivery/timers.ts'
import type { Log } from '../observe/log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { AcmeRefused } from './acme-refused.ts'
import type { Authority } from './authority.ts'
import type { IssuedCertificate } from './certificate.ts'
import { LEASE, Lock } from './lock.ts'
import { dueNames, dueTime, type Setback, setback } from './renewal.ts'
import type { AcmeSettings } from './settings.ts'
import { CertificateStore } from './store.ts'

export interface CampaignOptions {
  readonly timers: Pick<Timers, 'now' | 'after'>
  /** Milliseconds since the epoch. */
  now(): number
  /** 0…1 */
  random(): number
  /** Distinguishes this gateway from others that share the folder. */
  readonly owner: string
  readonly log: Log
  readonly metrics: Metrics
  onCertificates(): Promise<void>
  /** Resolves when every process can answer. */
  onChallenges(): Promise<void>
}

/** Orders that run at the same time. */
const AT_ONCE = 2
/** How often certificates are read that another gateway may have renewed; while another one orders; after a failure of our
 * own folder. Milliseconds. */
const REREAD = 300_000
const REREAD_SOON = 5_000
const AFTER_TROUBLE = 60_000
/** So many refusals for going too fast, one after the other, and the names behind them wait as well. */
const PATIENCE = 3

/** Keeps the certificates of one directory: reads what there is, and orders what is missing or soon to expire. */
export class Campaign {
  readonly settings: AcmeSettings
  readonly certificates = new Map<string, IssuedCertificate>()
  readonly challenges = new Map<string, string>()
  readonly #options: CampaignOptions
  readonly #store: CertificateStore
  readonly #lock: Lock
  readonly #setbacks = new Map<string, Setback>()
  readonly #stop = new AbortController()
  #next: Deadline | null = null
  #holds = false
  #running: Promise<void> = Promise.resolve()

  constructor(settings: AcmeSettings, options: CampaignOptions) {
    this.settings = settings
    this.#options = options
    const { owner, timers, log } = options
    const { folder } = settings
    const onDamaged = (path: string, error: unknown) =>
      log.throttle(`acme-damaged ${path}`, REREAD)?.error('acme-file-damaged', { path, error })
    this.#store = new CertificateStore({ folder, owner, onDamaged })
    this.#lock = new Lock({ path: `${folder}/lock`, owner, now: () => timers.now() })
  }

  /** Reads the certificates that there are. True: some are new. */
  async read(): Promise<boolean> {
    let changed = false
    for (const name of this.settings.names) {
      const found = await this.#store.certificate(name)
      // One that cannot be read any more goes on serving.
      if (found === null || found.cert === this.certificates.get(name)?.cert) continue
      this.#keep(name, found)
      changed = true
    }
    return changed
  }

  /** Once; further calls change nothing. */
  start(): void {
    if (this.#next === null) this.#wakeIn(0)
  }

  /** Ends the orders that are under way, and gives the lock back. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#next?.cancel()
    await this.#running
  }

  #wakeIn(ms: number): void {
    if (this.#stop.signal.aborted) return
    this.#next = this.#options.timers.after(ms, () => {
      this.#running = this.#wake().then(
        (pause) => this.#wakeIn(pause),
        (error) => {
          this.#options.log.error('acme-failed', { error })
          this.#wakeIn(AFTER_TROUBLE)
        },
      )
    })
  }

  /** Resolves to the pause until it is to be called again. */
  async #wake(): Promise<number> {
    if (await this.read()) await this.#options.onCertificates()
    if (this.#due().length > 0) {
      await this.#store.prepare()
      if (!(await this.#lock.acquire())) return REREAD_SOON
      await this.#holding(() => this.#orderAll())
    }
    const { now } = this.#options
    const next = Math.min(...this.settings.names.map((name) => dueTime(name, this.#progress())))
    return Math.max(1_000, Math.min(next - now(), REREAD))
  }

  /** Does what needs the lock, which is renewed meanwhile. */
  async #holding(work: () => Promise<void>): Promise<void> {
    const { timers, log } = this.#options
    let renewal: Deadline
    const renew = () => {
      renewal = timers.after(LEASE / 4, renew)
      this.#lock.renew().then(
        (held) => {
          this.#holds = held
        },
        (error) => log.warn('acme-lock-unwritable', { error }),
      )
    }
    renewal = timers.after(LEASE / 4, renew)
    this.#holds = true
    try {
      await work()
    } finally {
      renewal.cancel()
      await this.#lock.release()
    }
  }

  async #orderAll(): Promise<void> {
    await this.#store.withdrawAll()
    // Whoever had the lock before may have got what we were about to order.
    if (await this.read()) await this.#options.onCertificates()
    const names = [...this.#due()]
    if (names.length === 0) return
    const { directory, email } = this.settings
    const accountKey = await this.#store.accountKey()
    // Its packages are large, and most processes never order anything.
    const { Authority } = await import('./authority.ts')
    const registration = Authority.register({ directory, email, accountKey, signal: this.#stop.signal })
    registration.catch(() => {})
    let hurried = 0
    const work = async () => {
      while (names.length > 0 && this.#holds && !this.#stop.signal.aborted) {
        const name = names.shift()!
        const refusal = await this.#orderOne(registration, name)
        hurried = refusal?.answered === 429 ? hurried + 1 : 0
        if (hurried >= PATIENCE) this.#putOff(names.splice(0), refusal!)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }

  /** Resolves to why there is no certificate, where the directory said so. */
  async #orderOne(registration: Promise<Authority>, name: string): Promise<AcmeRefused | null> {
    const { log, metrics, now, random } = this.#options
    try {
      const authority = await registration
      const issued = await authority.order(name, this)
      await this.#store.save(name, issued)
      this.#keep(name, issued)
      this.#setbacks.delete(name)
      metrics.tlsRenewals.child('success').inc()
      log.info('certificate-issued', { name, expires: new Date(issued.notAfter).toISOString() })
      await this.#options.onCertificates()
      return null
    } catch (error) {
      if (this.#stop.signal.aborted) return null
      const refusal = error instanceof AcmeRefused ? error : null
      const next = setback(this.#setbacks.get(name), now(), refusal?.retryAfter ?? null, random())
      this.#setbacks.set(name, next)
      metrics.tlsRenewals.child('failure').inc()
      log.error('certificate-failed', { name, error, again_in_ms: Math.round(next.until - now()) })
      return refusal
    }
  }

  /** ChallengeBoard: first the folder, for other gateways, then the processes of this one. */
  async publish(token: string, keyAuthorization: string): Promise<void> {
    await this.#store.publish(token, keyAuthorization)
    this.challenges.set(token, keyAuthorization)
    await this.#options.onChallenges()
  }

  async withdraw(token: string): Promise<void> {
    this.challenges.delete(token)
    await this.#store.withdraw(token)
    await this.#options.onChallenges()
  }

  #putOff(names: readonly string[], { retryAfter }: AcmeRefused): void {
    const { now, random } = this.#options
    for (const name of names) {
      const { until } = setback(undefined, now(), retryAfter, random())
      this.#setbacks.set(name, { failures: this.#setbacks.get(name)?.failures ?? 0, until })
    }
  }

  #keep(name: string, certificate: IssuedCertificate): void {
    this.certificates.set(name, certificate)
    this.#options.metrics.tlsCertificateExpiry.child(name).set(certificate.notAfter / 1000)
  }

  #due(): readonly string[] {
    return dueNames(this.settings.names, this.#progress(), this.#options.now())
  }

  #progress() {
    return { certificates: this.certificates, setbacks: this.#setbacks }
  }
}
