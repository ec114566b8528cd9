import t from 'tap'
import { killing } from './cache-kill.ts'

t.test(
  'three times killed while the disk is filled, and files damaged: no wrong byte, and no more than fits',
  async (t) => {
    const report = await killing(t, { rounds: 3, seed: 7, workers: 1, objects: 120, flips: 0 })
    t.comment(JSON.stringify(report))
    t.strictSame(report.wrong, [])
    t.ok(report.kept > 20, `${report.kept} answers come from what a killed process had stored`)
    t.ok(report.cut <= report.damaged, 'cut, visibly, is only what was damaged behind its first piece')
    t.ok(report.fullest <= report.allowed, `${report.fullest} bytes`)
    t.strictSame([report.exitCode, report.stderr, report.problems], [0, '', []])
  },
)
