import type { Preset } from '../provider.ts'

/**
 * Theta EdgeStore: each file has a key, or a folder that was uploaded at once: `/api/v2/data/KEY{path}`. A node of one's
 * own has `/api/v1/file?key=`, which no template can say.
 */
export const theta: Preset = {
  pathTemplate: '/api/v2/data/{ref}',
  probe: null,
}
