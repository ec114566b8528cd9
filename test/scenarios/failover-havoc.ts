import type { Nginx } from '../helpers/nginx.ts'

type Deed = 'kill' | 'stop' | 'start' | 'continue' | 'restart'

/** How long another edge has to be up before the last one may fall: a client must find one of them. Milliseconds. */
const OVERLAP = 1500
/** Milliseconds between two deeds. */
const PACE = 400

/** Kills, stops, continues and restarts edges, one every 400 ms, and leaves one alive always. */
export class Havoc {
  readonly deeds: Record<Deed, number> = { kill: 0, stop: 0, start: 0, continue: 0, restart: 0 }
  readonly #edges: readonly Edge[]
  readonly #random: () => number
  #timer: NodeJS.Timeout | null = null
  #pending: Promise<unknown>[] = []

  constructor(edges: readonly Nginx[], random: () => number) {
    this.#edges = edges.map((nginx) => ({ nginx, state: 'up', since: Number.NEGATIVE_INFINITY }))
    this.#random = random
  }

  start(): void {
    this.#timer = setInterval(() => this.#strike(performance.now()), PACE)
  }

  /** No more deeds; what stands still goes on, so that it can be ended. Rejects if an edge could not start. */
  async end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    for (const { nginx, state } of this.#edges) if (state === 'stopped') nginx.resume()
    await Promise.all(this.#pending)
  }

  #strike(now: number): void {
    const possible = this.#edges.flatMap((edge) => this.#deedsFor(edge, now).map((deed) => ({ edge, deed })))
    const chosen = possible[Math.floor(this.#random() * possible.length)]
    if (chosen === undefined) return
    this.deeds[chosen.deed]++
    const done = this.#do(chosen.deed, chosen.edge)
    // Its failure is told by end(); until then it must not end the process.
    done.catch(() => {})
    this.#pending.push(done)
  }

  #deedsFor(edge: Edge, now: number): Deed[] {
    if (edge.state === 'killed') return ['start']
    if (edge.state === 'stopped') return ['continue']
    if (edge.state === 'busy') return []
    const others = this.#edges.some((other) => other !== edge && other.state === 'up' && now - other.since >= OVERLAP)
    return others ? ['kill', 'stop', 'restart'] : []
  }

  async #do(deed: Deed, edge: Edge): Promise<void> {
    const { nginx } = edge
    if (deed === 'stop') {
      nginx.pause()
      edge.state = 'stopped'
    } else if (deed === 'continue') {
      nginx.resume()
      rise(edge)
    } else {
      edge.state = 'busy'
      if (deed !== 'start') await nginx.kill()
      if (deed !== 'kill') await nginx.start()
      if (deed === 'kill') edge.state = 'killed'
      else rise(edge)
    }
  }
}

interface Edge {
  readonly nginx: Nginx
  state: 'up' | 'killed' | 'stopped' | 'busy'
  /** Since when it is up. */
  since: number
}

function rise(edge: Edge): void {
  edge.state = 'up'
  edge.since = performance.now()
}
