import t from 'tap'
import { descriptorShortage, readProcessLimits } from '../../src/gateway/descriptors.ts'
import { snapshot } from '../http/support/services.ts'

const limitsFile = (soft: string) =>
  `Limit                     Soft Limit           Hard Limit           Units\nMax open files            ${soft}             524288               files\n`

t.test('whether descriptors are enough for the connections that are allowed', async (t) => {
  const table: [soft: string, connections: number, processes: number, expected: object | null][] = [
    ['1024', 20_000, 1, { limit: 1024, needed: 40_128, enough_for: 448 }],
    ['1024', 448, 1, null],
    ['1024', 449, 1, { limit: 1024, needed: 1026, enough_for: 448 }],
    ['1024', 1792, 4, null],
    ['64', 1, 1, { limit: 64, needed: 130, enough_for: 0 }],
    ['unlimited', 10_000_000, 1, null],
  ]
  for (const [soft, connections, processes, expected] of table) {
    const { limits } = snapshot({ sites: [], limits: { connections } })
    t.same(descriptorShortage(limitsFile(soft), limits, processes), expected, `${soft} for ${connections}`)
  }
  t.equal(descriptorShortage('', snapshot({ sites: [] }).limits, 1), null, 'a system that does not say')
})

t.test('the file of this process is read where there is one', { skip: process.platform !== 'linux' }, async (t) => {
  t.match(readProcessLimits(), /^Max open files/m)
})
