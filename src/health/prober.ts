import type { Endpoint } from '../config/snapshot.ts'
import { Probe, type ProbeOptions } from './probe.ts'

export interface ProberOptions extends Pick<ProbeOptions, 'timers' | 'random' | 'transport'> {
  /** `ms`: to the head of the answer, where the check passed. */
  onResult(endpoint: Endpoint, passed: boolean, ms: number | null): void
}

/** The probes of all endpoints that have a health check. A reload leaves those alone whose check stays the same. */
export class Prober {
  readonly #probes = new Map<string, Probe>()
  readonly #options: ProberOptions

  constructor(options: ProberOptions) {
    this.#options = options
  }

  watch(endpoints: readonly Endpoint[]): void {
    const wanted = new Map(endpoints.map((endpoint) => [endpoint.key, endpoint]))
    for (const [key, probe] of this.#probes) {
      if (sameCheck(probe, wanted.get(key))) continue
      probe.stop()
      this.#probes.delete(key)
    }
    for (const [key, endpoint] of wanted) {
      if (endpoint.cdn?.healthCheck == null || this.#probes.has(key)) continue
      this.#probes.set(key, this.#start(endpoint))
    }
  }

  close(): void {
    for (const probe of this.#probes.values()) probe.stop()
    this.#probes.clear()
  }

  #start(endpoint: Endpoint): Probe {
    const { onResult, ...options } = this.#options
    const check = endpoint.cdn!.healthCheck!
    return new Probe({ ...options, endpoint, check, onResult: (passed, ms) => onResult(endpoint, passed, ms) })
  }
}

function sameCheck(probe: Probe, endpoint: Endpoint | undefined): boolean {
  const check = endpoint?.cdn?.healthCheck
  return check != null && JSON.stringify(check) === JSON.stringify(probe.check)
}
