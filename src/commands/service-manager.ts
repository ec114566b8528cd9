import { execFile } from 'node:child_process'
import type { Shell } from './shell.ts'

/**
 * Tells systemd how we are (sd_notify), where it asks: `NOTIFY_SOCKET`. Node has no datagram sockets of the file system, so
 * systemd's own `systemd-notify` speaks for us (`NotifyAccess=all`), one message after the other.
 */
export class ServiceManager {
  readonly #env: Shell['env']
  readonly #asked: boolean
  #last: Promise<void> = Promise.resolve()
  #ending = false
  #watchdog: NodeJS.Timeout | null = null

  constructor(env: Shell['env']) {
    this.#env = env
    this.#asked = (env.NOTIFY_SOCKET ?? '') !== ''
  }

  /** READY=1, and from the first time on WATCHDOG=1 twice in each `WATCHDOG_USEC`: while this event loop turns. */
  ready(status: string): void {
    if (this.#ending) return
    this.#tell('--ready', `--status=${status}`)
    const every = Number(this.#env.WATCHDOG_USEC) / 2_000
    if (this.#asked && every >= 1) this.#watchdog ??= setInterval(() => this.#tell('WATCHDOG=1'), every).unref()
  }

  /** RELOADING=1 with MONOTONIC_USEC, as `Type=notify-reload` wants it. `ready` follows, whatever came of it. */
  reloading(): void {
    this.#tell('--reloading')
  }

  /** STOPPING=1. The watchdog goes on: the drain has to turn, too. */
  stopping(): void {
    this.#ending = true
    this.#tell('--stopping', '--status=draining')
  }

  #tell(...args: readonly string[]): void {
    if (!this.#asked) return
    this.#last = this.#last.then(
      () =>
        new Promise((resolve) => {
          // A message that is lost is not worth ending a gateway that serves.
          execFile('systemd-notify', args, { env: { ...this.#env }, timeout: 5_000 }, () => resolve())
        }),
    )
  }
}
