import type { Preset } from '../provider.ts'

/** Walrus by an aggregator: each file of a quilt has a patch id. Blobs by themselves are at `/v1/blobs/{ref}`. */
export const walrus: Preset = {
  pathTemplate: '/v1/blobs/by-quilt-patch-id/{ref}',
  probe: '/status',
}
