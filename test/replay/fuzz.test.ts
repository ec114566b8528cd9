import t from 'tap'
import { CombinedLines } from '../../src/replay/combined-line.ts'
import type { LogEntry, NoEntry } from '../../src/replay/log-entry.ts'
import { LogRequests } from '../../src/replay/log-request.ts'
import { readOwnLine } from '../../src/replay/own-line.ts'
import { seededRandom } from '../helpers/random.ts'

const SEED = 20_261_126
const ROUNDS = 20_000

const LINES = [
  'www.example.com:443 81.2.69.142 - jo [26/Nov/2026:23:09:06 +0000] "GET /a%20b?c HTTP/1.1" 200 1234 "https://a/" "x \\"y\\""',
  '2001:db8::1 - - [26/Nov/2026:23:09:06 -0430] "HEAD https://www.example.com/ HTTP/2.0" 304 - "-" "-" "www.example.com"',
  '{"time":1790000000123,"client":"81.2.69.0","method":"GET","host":"a.test","path":"/","bytes":7,"cdn":"a","attempts":[{"cdn":"b","outcome":"failed"}]}',
]
const ODD = [
  '"',
  '\\',
  '\\x',
  '\\xff',
  '[',
  ']',
  '] "',
  ' [',
  ' ',
  '-',
  '{',
  '}',
  ':',
  ',',
  '\0',
  '\ufffd',
  '\ud800',
  '%',
  '..',
  '9'.repeat(20),
  'null',
]

t.test('whatever is done to a line, it is a right request or has a reason', async (t) => {
  const random = seededRandom(SEED)
  const below = (limit: number) => Math.floor(random() * limit)
  const combined = new CombinedLines(null)
  const requests = new LogRequests()
  const counts = { right: 0, wrong: 0 }
  for (let round = 0; round < ROUNDS; round++) {
    let line = LINES[below(LINES.length)]!
    for (let edits = below(4); edits > 0; edits--) {
      const at = below(line.length + 1)
      line = line.slice(0, at) + (random() < 0.6 ? ODD[below(ODD.length)] : '') + line.slice(at + below(8))
    }
    const entry = line.startsWith('{') ? readOwnLine(line) : combined.read(line)
    const request = isEntry(entry) ? requests.read(entry) : entry
    if (request === null || 'why' in request) counts.wrong++
    else counts.right++
    const sound = !isEntry(entry) || (entry.time >= 0 && entry.bytes >= 0 && Number.isSafeInteger(entry.bytes))
    if (!sound) t.fail(`round ${round}: ${line}`, { entry })
  }
  t.ok(counts.right > ROUNDS / 10 && counts.wrong > ROUNDS / 10, JSON.stringify(counts))
})

function isEntry(entry: LogEntry | NoEntry): entry is LogEntry {
  return entry !== null && !('why' in entry)
}
