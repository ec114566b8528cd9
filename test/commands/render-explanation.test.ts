import t from 'tap'
import { renderExplanation } from '../../src/commands/render-explanation.ts'

t.test('a place shows what is known of it', (t) => {
  const shown = (place: object) => {
    const known = { network: '81.2.69.0/24', source: 'database', location: null, ...place }
    return renderExplanation({ place: known }).split('\n')[1]
  }
  t.equal(shown({}), '├─ place: unknown')
  t.equal(shown({ country: 'GB', asn: 3320 }), '├─ place: unknown (81.2.69.0/24, database, GB, AS 3320)')
  const location = { latitude: 51.5, longitude: -0.1 }
  t.equal(shown({ location, country: null, asn: null }), '├─ place: 51.5, -0.1 (81.2.69.0/24, database)')
  t.equal(shown({ location, country: 'GB', asn: 1 }), '├─ place: 51.5, -0.1 (81.2.69.0/24, database, GB, AS 1)')
  t.end()
})
