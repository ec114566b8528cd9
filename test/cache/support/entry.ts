import { Body } from '../../../src/cache/body.ts'
import type { EntryHead } from '../../../src/cache/entry.ts'
import { freshnessOf } from '../../../src/cache/rules/freshness.ts'
import { secondaryKey, varyNames } from '../../../src/cache/rules/vary.ts'
import { fields, NOW, RULES } from './table.ts'

/** @param request what the answer was chosen by, as `fields` takes it */
export function makeHead(more: Partial<EntryHead> = {}, answer = 'Cache-Control: max-age=60', request = ''): EntryHead {
  const list = fields(answer)
  const names = varyNames(list)
  return {
    key: 's\nhttps://h/a',
    site: 's',
    url: 'https://h/a',
    status: 200,
    fields: list,
    freshness: freshnessOf(200, list, { requestTime: NOW, responseTime: NOW }, RULES),
    storedAt: NOW,
    confirmedAt: NOW,
    cdn: 'a',
    proof: 'none',
    tags: [],
    size: 5,
    parts: null,
    varyNames: names,
    secondaryKey: secondaryKey(names, fields(request)),
    ...more,
  }
}

export function bodyOf(text: string): Body {
  const body = new Body()
  body.append(Buffer.from(text))
  body.end()
  return body
}

export async function textOf(source: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks).toString('latin1')
}
