import type { Preset } from '../provider.ts'

/** Meson accelerates an origin: its zones have the paths of the site. It redirects to hosts that have to be listed. */
export const meson: Preset = {
  pathTemplate: '{path}',
  probe: null,
}
