import { akamai } from './akamai.ts'
import { azure } from './azure.ts'
import { bunny } from './bunny.ts'
import { cloudflare } from './cloudflare.ts'
import { cloudfront } from './cloudfront.ts'
import { fastly } from './fastly.ts'
import { google } from './google.ts'
import type { Preset } from './preset.ts'

/** Every list of PoPs by its name in the configuration. */
export const PRESETS = {
  cloudfront,
  cloudflare,
  fastly,
  google,
  azure,
  bunny,
  akamai,
} as const satisfies Record<string, Preset>

export type PresetName = keyof typeof PRESETS

export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[]

/** The metros of a preset. */
export function presetMetros(name: PresetName): readonly string[] {
  return PRESETS[name].metros.trim().split(/\s+/)
}
