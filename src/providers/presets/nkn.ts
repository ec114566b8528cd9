import type { Preset } from '../provider.ts'

/** NKN by the local port of a tunnel: on the other side stands an HTTP server of the site. */
export const nkn: Preset = {
  pathTemplate: '{path}',
  probe: null,
}
