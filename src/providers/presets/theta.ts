import type { Preset } from '../provider.ts'

/** Theta EdgeStore: each file has a key. A node of one's own has `/api/v1/file?key=`, which no template can say. */
export const theta: Preset = {
  pathTemplate: '/api/v2/data/{ref}',
  probe: null,
}
