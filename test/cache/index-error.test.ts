import t from 'tap'
import { IndexDamagedError, isBusy, isDamage } from '../../src/cache/index-error.ts'

const sqlite = (errcode: number) => Object.assign(new Error(), { code: 'ERR_SQLITE_ERROR', errcode })

t.test('what a new index would help against is told from what it would not', async (t) => {
  for (const [name, error, expected] of [
    ['SQLITE_CORRUPT', sqlite(11), true],
    ['SQLITE_CORRUPT_INDEX', sqlite(779), true],
    ['SQLITE_NOTADB', sqlite(26), true],
    ['no such table', sqlite(1), true],
    ['SQLITE_CONSTRAINT_UNIQUE', sqlite(2067), true],
    ['SQLITE_IOERR_READ', sqlite(266), true],
    ['SQLITE_IOERR_SHORT_READ', sqlite(522), true],
    ['SQLITE_IOERR_WRITE', sqlite(778), false],
    ['SQLITE_IOERR_SHMSIZE', sqlite(4874), false],
    ['SQLITE_FULL', sqlite(13), false],
    ['SQLITE_READONLY', sqlite(8), false],
    ['SQLITE_READONLY_DBMOVED', sqlite(1032), false],
    ['SQLITE_BUSY', sqlite(5), false],
    ['SQLITE_BUSY_SNAPSHOT', sqlite(517), false],
    ['SQLITE_CANTOPEN', sqlite(14), false],
    ['a number that no cache has', Object.assign(new Error(), { code: 'ERR_OUT_OF_RANGE' }), true],
    ['it says so', new IndexDamagedError('x'), true],
    ['no room for a file', Object.assign(new Error(), { code: 'ENOSPC' }), false],
    ['closed', Object.assign(new Error(), { code: 'ERR_INVALID_STATE' }), false],
    ['nothing', null, false],
  ] as const) {
    t.equal(isDamage(error), expected, name)
  }
  t.strictSame([sqlite(5), sqlite(517), sqlite(11), null].map(isBusy), [true, true, false, false])
})
