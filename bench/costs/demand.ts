import type { Region } from './market.ts'

/** Mbit/s of each 5 minutes, by where the clients are. */
export type Demand = Readonly<Record<Region, Float64Array>>

/** Averages, and when the evening is, in hours of UTC. */
const TIDES: Readonly<Record<Region, { readonly mean: number; readonly peak: number }>> = {
  EU: { mean: 450, peak: 19.5 },
  NA: { mean: 380, peak: 1.5 },
  AS: { mean: 170, peak: 12 },
}

const DAY = 288
const FLASH_CROWDS_A_MONTH = 6

/** Tides of the day and the week, days that differ, noise, slow growth or decline, and flash crowds. */
export function drawDemand(random: () => number, samples: number): Demand {
  const size = 0.85 + 0.3 * random()
  const growth = -0.1 + 0.25 * random()
  const demand = Object.fromEntries(
    Object.entries(TIDES).map(([region, tide]) => {
      const values = new Float64Array(samples)
      let noise = 0
      let day = 1
      for (let at = 0; at < samples; at++) {
        if (at % DAY === 0) day = 1 + 0.05 * gaussian(random)
        noise = 0.97 * noise + 0.012 * gaussian(random)
        const trend = 1 + (growth * at) / samples
        values[at] = Math.max(0, tide.mean * size * trend * day * tideAt(at, tide.peak) * (1 + noise))
      }
      return [region, values]
    }),
  ) as Record<Region, Float64Array>
  for (let crowds = poisson(random, (FLASH_CROWDS_A_MONTH * samples) / (30 * DAY)); crowds > 0; crowds--) {
    addFlashCrowd(random, demand, size)
  }
  return demand
}

function tideAt(at: number, peak: number): number {
  const angle = (2 * Math.PI * ((at % DAY) / 12 - peak)) / 24
  const weekend = Math.floor(at / DAY) % 7 >= 5 ? 1.12 : 1
  return weekend * (1 + 0.55 * Math.cos(angle) + 0.12 * Math.cos(2 * angle))
}

/** Up within a quarter of an hour to as much as three times the average, and down in hours. */
function addFlashCrowd(random: () => number, demand: Demand, size: number): void {
  const region = (['EU', 'NA', 'AS'] as const)[Math.floor(random() * 3)]!
  const values = demand[region]
  const height = TIDES[region].mean * size * (0.6 + 2.4 * random())
  const halfLife = 4 + 16 * random()
  const start = Math.floor(random() * values.length)
  for (let at = start; at < Math.min(values.length, start + 12 * halfLife); at++) {
    const age = at - start
    values[at]! += height * Math.min(1, (age + 1) / 3) * 0.5 ** (age / halfLife)
  }
}

function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}

function poisson(random: () => number, mean: number): number {
  let count = 0
  for (let left = Math.exp(-mean), product = random(); product > left; product *= random()) count++
  return count
}
