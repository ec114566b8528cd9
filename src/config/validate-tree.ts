import { checkAll } from './check/index.ts'
import { reportIssues } from './explain.ts'
import { inherit } from './inherit.ts'
import type { Locate, Parsed } from './parsed.ts'
import type { ProblemList } from './problem-list.ts'
import { type Config, configSchema } from './schema/index.ts'
import { descend, type Located, toPlain } from './tree.ts'

/** Checks the shape with the schema and the meaning with the checks: both look at everything, whatever is wrong. */
export function validateTree(root: Located, problems: ProblemList): Parsed {
  const whole = inherit(root, problems)
  const config = applySchema(whole, problems)
  checkAll(whole, problems)
  if (problems.hasErrors || config === null) return { problems: problems.list() }
  const locate: Locate = (path) => {
    const { node } = descend(whole, path.match(/[^.[\]]+/g) ?? [])
    return { file: problems.file, ...problems.place(node.offset) }
  }
  return { config, warnings: problems.list(), locate }
}

function applySchema(whole: Located, problems: ProblemList): Config | null {
  try {
    const result = configSchema.safeParse(toPlain(whole))
    if (result.success) return result.data
    reportIssues(result.error.issues, whole, problems)
  } catch (thrown) {
    // The package hands issues on as arguments, and a stack holds some hundred thousand of those.
    if (!(thrown instanceof RangeError)) throw thrown
    problems.error(whole, 'more is wrong with this file than can be told')
  }
  return null
}
