import { openChannel } from '../../src/workers/channel.ts'
import type { FromWorker, Shipment } from '../../src/workers/messages.ts'

/**
 * A worker that serves nothing and does what the text of its configuration says: `refuse`, `die`, `hang` (it answers
 * nothing any more), `slow` (it has started when it has heard of a purge), anything else is fine. It tells what happens to it as lines on its standard output.
 */
const channel = openChannel()
let current = ''
let prepared = ''
let hung = false
let slow: (() => void) | null = null

function take({ source: { text } }: Shipment): void {
  if (text === 'die') process.exit(7)
  if (text === 'refuse') throw new Error('refused')
  prepared = text
}

const say = (words: string) => process.stdout.write(`${process.pid} ${words}\n`)

channel.onMessage((message) => {
  if (message.type === 'drain') process.exit(0)
  if (
    message.type === 'board' ||
    message.type === 'probed' ||
    message.type === 'quotes' ||
    message.type === 'drained' ||
    message.type === 'manifest' ||
    message.type === 'invalidated'
  )
    return
  if (message.type === 'purges') {
    say(`purges ${message.purges.map(({ site }) => site)}`)
    return slow?.()
  }
  let refused: Extract<FromWorker, { type: 'answer' }>['refused'] = null
  try {
    if (message.type === 'start') for (const { site } of message.purges) say(`begins with ${site}`)
    if ('shipment' in message) take(message.shipment)
    if (message.type === 'start' || message.type === 'commit') current = prepared
    if (message.type !== 'ping') say(`${message.type} ${current}`)
  } catch {
    refused = { code: 'address_in_use', message: 'refused', problems: [] }
  }
  hung ||= current === 'hang'
  const answer = () => void channel.send({ type: 'answer', id: message.id, refused, addresses: [current] })
  if (message.type === 'start' && current === 'slow') {
    say('is slow')
    slow = answer
  } else if (!hung || message.type === 'commit') answer()
})
channel.onLost(() => process.exit(0))
void channel.send({ type: 'hello' })
