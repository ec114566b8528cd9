import type { Preset } from '../provider.ts'

/** Filecoin by a retrieval service that has pieces at its root, as FilBeam does: each file is a piece of its own. */
export const filecoin: Preset = {
  pathTemplate: '/{ref}',
  probe: null,
}
