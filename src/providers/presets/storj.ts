import type { Preset } from '../provider.ts'

/** Storj by a link-sharing service, which says by itself whether it runs. */
export const storj: Preset = {
  pathTemplate: null,
  probe: '/health/process',
  needs: 'path_template: /raw/ACCESS/BUCKET{path}, where ACCESS may read BUCKET',
}
