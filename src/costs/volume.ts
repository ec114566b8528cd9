import { SAMPLE_MS } from './month.ts'

/** Bytes of a GB, as CDNs bill it. */
export const GB = 1e9

/** Bytes of one sample at an average of 1 Mbit/s. */
export const SAMPLE_BYTES_PER_MBPS = (1e6 / 8) * (SAMPLE_MS / 1000)

/** Bytes of a sample as Mbit/s. */
export function toMbps(bytes: number): number {
  return bytes / SAMPLE_BYTES_PER_MBPS
}
