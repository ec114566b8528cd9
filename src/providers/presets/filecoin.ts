import type { Preset } from '../provider.ts'

/** Filecoin by a retrieval service that has pieces at its root, as FilBeam does: each file is a piece. */
export const filecoin: Preset = {
  pathTemplate: '/{ref}',
  probe: null,
}
