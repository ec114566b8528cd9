import type { Preset } from '../provider.ts'

/** Swarm by the HTTP interface of a Bee node: each file has a reference of its own. 400 from its probe: not ready yet. */
export const swarm: Preset = {
  pathTemplate: '/bzz/{ref}/',
  probe: '/readiness',
}
