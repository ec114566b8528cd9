import { checkAll } from './check/index.ts'
import { reportIssues } from './explain.ts'
import { inherit } from './inherit.ts'
import type { Locate, Parsed } from './parsed.ts'
import type { ProblemList } from './problem-list.ts'
import { configSchema } from './schema/index.ts'
import { descend, type Located, toPlain } from './tree.ts'

/** Checks the shape with the schema and the meaning with the checks: both look at everything, whatever is wrong. */
export function validateTree(root: Located, problems: ProblemList): Parsed {
  const whole = inherit(root, problems)
  const result = configSchema.safeParse(toPlain(whole))
  if (!result.success) reportIssues(result.error.issues, whole, problems)
  checkAll(whole, problems)
  if (problems.hasErrors || !result.success) return { problems: problems.list() }
  const locate: Locate = (path) => {
    const { node } = descend(whole, path.match(/[^.[\]]+/g) ?? [])
    return { file: problems.file, ...problems.place(node.offset) }
  }
  return { config: result.data, warnings: problems.list(), locate }
}
