import t from 'tap'
import { gateway, type ScriptedAnswer } from './support/gateways.ts'
import { refusal, setUp } from './support/service.ts'

const ID = 'A'.repeat(43)
const OTHER = 'E'.repeat(43)
const says = (txId: string, ttlSeconds = 300): ScriptedAnswer => ({ body: JSON.stringify({ txId, ttlSeconds }) })
const gates = (...answers: (ScriptedAnswer | Promise<ScriptedAnswer>)[]) =>
  answers.map((answer, at) => gateway(`gate${at}`, () => answer))
const fails: ScriptedAnswer = { status: 502 }
const absent: ScriptedAnswer = { status: 404 }

t.test('most of the gateways have to agree, and two at least', async (t) => {
  const ask = (...answers: ScriptedAnswer[]) => setUp().names.arns('site', gates(...answers))
  t.equal(await ask(says(ID), says(ID), says(OTHER)), ID)
  t.equal(await ask(fails, says(ID), says(ID)), ID)
  t.equal(await ask(says(ID), says(ID)), ID)
  await t.rejects(ask(says(ID), says(OTHER)), refusal('unproved'))
  await t.rejects(ask(says(ID), fails), refusal('unproved'))
  await t.rejects(ask(says(ID), says(ID), fails, fails), refusal('unproved'), 'half of them is not most')
  await t.rejects(ask(says(ID)), refusal('unproved', /two/))
  await t.rejects(ask(), refusal('unproved', /two/))
  await t.rejects(ask(absent, absent, says(ID)), refusal('not-found'))
  await t.rejects(ask(absent, fails, fails), refusal('unproved'), 'who fails does not say that there is none')
})

t.test('who does not answer is not waited for when the others agree', async (t) => {
  const asked = gates(new Promise<ScriptedAnswer>(() => {}), says(ID), says(ID))
  t.equal(await setUp().names.arns('site', asked), ID)
})

t.test('it is remembered for the least of the times, for these gateways and no others', async (t) => {
  const { names, clock } = setUp()
  const asked = gates(says(ID, 900), says(ID, 120))
  await names.arns('site', asked)
  clock.now += 119_999
  await names.arns('site', asked.toReversed())
  t.equal(asked[0]!.asked.length, 1)
  t.same(asked[0]!.asked, ['/ar-io/resolver/site'])
  await t.rejects(names.arns('site', [...asked, ...gates(fails, fails)].slice(0, 4)), refusal('unproved'))
  const many = Array.from({ length: 12 }, (_, at) => gateway(`many${at}`, () => says(ID)))
  await names.arns('site', many)
  t.equal(many.filter((one) => one.asked.length > 0).length, 9)
})
