import { writeFile } from 'node:fs/promises'
import { buildDashboard } from './dashboard.ts'

await writeFile(new URL('polycdn.json', import.meta.url), `${JSON.stringify(buildDashboard(), null, 2)}\n`)
