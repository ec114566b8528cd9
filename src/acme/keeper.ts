import { randomUUID } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { Campaign, type CampaignOptions } from './campaign.ts'
import type { IssuedCertificate } from './certificate.ts'
import type { AcmeSettings } from './settings.ts'
import { type AcmeState, NO_ACME } from './state.ts'

export interface AcmeKeeperOptions extends Pick<CampaignOptions, 'timers' | 'now' | 'random' | 'log' | 'metrics'> {
  /** Resolves when every process that serves knows. */
  onChange(change: Partial<AcmeState>): Promise<void>
}

/**
 * The controlling process's part in certificates that are ordered (RFC 8555). It never holds up a start or a reload: what
 * there is serves at once, and what is missing comes when it comes.
 */
export class AcmeKeeper {
  readonly #options: CampaignOptions
  #campaign: Campaign | null = null
  #stopping: Promise<unknown> = Promise.resolve()
  /** What served before a change of settings and does until there is something better. */
  #stopgap: readonly IssuedCertificate[] = []

  constructor({ onChange, ...rest }: AcmeKeeperOptions) {
    // The answer to a challenge is in the folder as well.
    const tell = (change: Partial<AcmeState>) =>
      onChange(change).catch((error) => rest.log.error('acme-untold', { error }))
    this.#options = {
      ...rest,
      owner: randomUUID(),
      onCertificates: () => tell({ certificates: this.state.certificates }),
      onChallenges: () => tell({ challenges: this.state.challenges }),
    }
  }

  /** What a process has to know that begins to serve now. */
  get state(): AcmeState {
    if (this.#campaign === null) return NO_ACME
    const certificates = this.#serving.map(({ cert, key }) => ({ cert, key }))
    return { certificates, challenges: new Map(this.#campaign.challenges) }
  }

  /** Reads the certificates that an earlier process left, so that the first client is served with them. Orders nothing. */
  async recall(settings: AcmeSettings | null): Promise<void> {
    if (settings === null) return
    this.#campaign = new Campaign(settings, this.#options)
    await this.#campaign.read()
  }

  /** Keeps the certificates of these settings, and no others. Call it when listeners answer. */
  adopt(settings: AcmeSettings | null): void {
    const before = this.#campaign
    if (isDeepStrictEqual(before?.settings ?? null, settings)) return before?.start()
    const names = new Set(settings?.names)
    this.#stopgap = this.#serving.filter((certificate) => certificate.names.every((name) => names.has(name)))
    if (before !== null) this.#stopping = Promise.all([this.#stopping, before.stop()])
    this.#campaign = settings === null ? null : new Campaign(settings, this.#options)
    void this.#options.onCertificates()
    this.#campaign?.start()
  }

  async close(): Promise<void> {
    await Promise.all([this.#stopping, this.#campaign?.stop()])
  }

  get #serving(): readonly IssuedCertificate[] {
    const certificates = this.#campaign?.certificates ?? new Map<string, IssuedCertificate>()
    return [...certificates.values(), ...this.#stopgap.filter(({ names }) => !certificates.has(names[0]!))]
  }
}
