import { filecoin } from './filecoin.ts'
import { meson } from './meson.ts'
import { nkn } from './nkn.ts'
import { storj } from './storj.ts'
import { swarm } from './swarm.ts'
import { theta } from './theta.ts'
import { walrus } from './walrus.ts'

/** Every preset of the provider http, by its name in the configuration. */
export const PRESETS = { swarm, walrus, filecoin, theta, meson, storj, nkn } as const
