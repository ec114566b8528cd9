import type { Preset } from '../provider.ts'

/** Storj by a link-sharing service. */
export const storj: Preset = {
  pathTemplate: null,
  probe: null,
  needs: 'path_template: /raw/ACCESS/BUCKET{path}, where ACCESS may read BUCKET',
}
