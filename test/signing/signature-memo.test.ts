import t from 'tap'
import { SignatureMemo } from '../../src/signing/signature-memo.ts'

t.test('each text is signed once, and not everything is remembered', async (t) => {
  const signed: string[] = []
  const memo = new SignatureMemo((text) => {
    signed.push(text)
    return `${text}!`
  })
  for (let round = 0; round < 3; round++) t.equal(memo.of('a'), 'a!')
  t.same(signed, ['a'])
  for (let index = 0; index < 4096; index++) memo.of(`${index}`)
  memo.of('4095')
  t.equal(signed.length, 4097)
  t.equal(memo.of('a'), 'a!')
  t.equal(signed.length, 4098, 'the oldest was forgotten')
})
