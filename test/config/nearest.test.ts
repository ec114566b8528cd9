import t from 'tap'
import { didYouMean, nearest } from '../../src/config/nearest.ts'

const NAMES = ['sites', 'listen', 'health_check', 'FRA', 'FRU', 'BRE', 'a']

t.test('the nearest name', async (t) => {
  const rows: [string, string | undefined][] = [
    ['site', 'sites'],
    ['sties', 'sites'],
    ['LISTEN', 'listen'],
    ['lsiten', 'listen'],
    ['healthcheck', 'health_check'],
    ['helth_chek', 'health_check'],
    ['FRE', 'FRA'],
    ['fra', 'FRA'],
    ['b', undefined],
    ['', undefined],
    ['unlike', undefined],
    ['x'.repeat(10_000), undefined],
  ]
  for (const [wanted, expected] of rows) t.equal(nearest(wanted, NAMES), expected, wanted.slice(0, 20))
})

t.test('as a question', async (t) => {
  t.equal(didYouMean('site', NAMES), '; did you mean "sites"?')
  t.equal(didYouMean('unlike', NAMES), '')
})
